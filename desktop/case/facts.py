"""Who, what and where: the facts of a case, masked and covered until the officer asks, for this visit only."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from desktop.case import facts_text
from desktop.case.facts_text import Fact
from desktop.shell.language import Language
from desktop.shell.parts import button, frame, label, name
from sync.case.report import MessageKind, Report
from sync.desk.projection import CaseFile


class FactGrid(QWidget):
    """Names and values in two columns; labels are used again, so that a refresh neither flickers nor moves."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(2)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[QLabel, QLabel]] = []

    def show_facts(self, facts: list[Fact]) -> None:
        """These and no others."""
        while len(self._rows) < len(facts):
            title, value = label("quiet"), label(wraps=True)
            title.setAlignment(Qt.AlignmentFlag.AlignTop)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(title, len(self._rows), 0)
            self._grid.addWidget(value, len(self._rows), 1)
            self._rows.append((title, value))
        for place, (title, value) in enumerate(self._rows):
            shown = place < len(facts)
            title.setVisible(shown)
            value.setVisible(shown)
            if shown:
                name(title, facts[place].title)
                name(value, facts[place].value)


class FactsPanel(QScrollArea):
    """Shows a `CaseFile`; another alert covers everything again."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._case: CaseFile | None = None
        self._revealed = self._uncovered = False
        self._notice = label("wrong", wraps=True)
        self._who, self._where, self._what = label("heading"), label("heading"), label("heading")
        self._reveal, self._uncover = button("quiet"), button("quiet")
        self._reveal.clicked.connect(self._on_reveal)
        self._uncover.clicked.connect(self._on_uncover)
        self._person, self._post, self._places = FactGrid(), FactGrid(), FactGrid()
        self._content = label(wraps=True)
        self._content.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(8)
        column.addWidget(self._notice)
        column.addWidget(_section(self._who, self._person, self._reveal))
        column.addWidget(_section(self._where, self._places))
        column.addWidget(_section(self._what, self._post, self._uncover, below=self._content))
        column.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_case(self, case: CaseFile) -> None:
        """Show it, in the language of the moment."""
        if self._case is None or self._case.row.alert_id != case.row.alert_id:
            self._revealed = self._uncovered = False
            self.verticalScrollBar().setValue(0)
        self._case = case
        tell, reports = self._language, (case.report, *case.updates)
        self.setAccessibleName(tell.text("Facts"))
        name(self._who, tell.text("Person in distress"))
        name(self._where, tell.text("Where the person may be"))
        name(self._what, tell.text("What was reported"))
        name(self._reveal, tell.text("Hide") if self._revealed else tell.text("Show"))
        name(self._uncover, tell.text("Hide content") if self._uncovered else tell.text("Show content"))
        self._person.show_facts(
            [
                *_all(reports, lambda one: facts_text.person(one.subject, tell, revealed=self._revealed)),
                *_all(reports, lambda one: facts_text.network(one, tell, revealed=self._revealed)),
            ]
        )
        self._post.show_facts(_all(reports, lambda one: facts_text.post(one, tell)))
        self._show_places(reports)
        words = list(dict.fromkeys(text for report in reports for text in facts_text.excerpts(report)))
        self._uncover.setVisible(bool(words))
        self._content.setVisible(bool(words))
        covered = tell.text("The words of the post are covered.")
        name(self._content, "\n\n".join(words) if self._uncovered else covered)
        self._show_notice(case)

    def _show_places(self, reports: tuple[Report, ...]) -> None:
        tell = self._language
        places = list(dict.fromkeys(place for report in reports for place in report.locations))
        cities = dict.fromkeys(
            report.subject.profile_city for report in reports if report.subject.profile_city
        )
        facts = [Fact(f"{n}.", facts_text.location(place, tell)) for n, place in enumerate(places, 1)]
        facts += [Fact("–", tell.text("Town in the profile: {town}", town=city)) for city in cities]
        self._places.show_facts(
            facts or [Fact("–", tell.text("No place was sent. Kota can ask the platform."))]
        )

    def _show_notice(self, case: CaseFile) -> None:
        tell, lines = self._language, []
        if any(update.message_kind is MessageKind.CANCEL for update in case.updates):
            lines.append(
                tell.text("The platform has withdrawn this alert. Make sure yourself before you stop.")
            )
        elif case.updates:
            lines.append(
                tell.count(
                    "The platform sent {n} more message; it is included here.",
                    "The platform sent {n} more messages; they are included here.",
                    len(case.updates),
                )
            )
        self._notice.setVisible(bool(lines))
        name(self._notice, "\n".join(lines))

    def _on_reveal(self) -> None:
        self._revealed = not self._revealed
        self._again()

    def _on_uncover(self) -> None:
        self._uncovered = not self._uncovered
        self._again()

    def _again(self) -> None:
        if self._case is not None:
            self.show_case(self._case)


def _all(reports: tuple[Report, ...], facts: Callable[[Report], Iterable[Fact]]) -> list[Fact]:
    return list(dict.fromkeys(fact for report in reports for fact in facts(report)))


def _section(
    title: QLabel, grid: FactGrid, control: QWidget | None = None, below: QWidget | None = None
) -> QWidget:
    head = QHBoxLayout()
    head.addWidget(title, 1)
    if control is not None:
        head.addWidget(control)
    column = QVBoxLayout()
    column.setSpacing(4)
    column.addLayout(head)
    column.addWidget(grid)
    if below is not None:
        column.addWidget(below)
    return frame("card", column, margin=10)
