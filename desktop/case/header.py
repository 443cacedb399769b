"""The head of a case: its number, how urgent and why, whether it is an exercise, and the time since Kota had it."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.queue import phrases
from desktop.shell import theme
from desktop.shell.language import Language
from desktop.shell.parts import label, name
from sync.case.report import Status
from sync.desk.projection import CaseFile
from sync.words import Tongue


class CaseHeader(QWidget):
    """Shows a `CaseFile`; `tick` moves its clock on."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._case: CaseFile | None = None
        self._exercise = label("exercise")
        self._newer = label("wrong", wraps=True)
        self._badge, self._live, self._minor = label(), label(), label()
        self._number, self._why = label("title"), label()
        self._elapsed, self._since = label("title"), label("quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._exercise)
        upper = QHBoxLayout()
        upper.setSpacing(10)
        for shown in (self._badge, self._live, self._minor, self._number):
            upper.addWidget(shown)
        upper.addStretch(1)
        upper.addWidget(self._elapsed)
        lower = QHBoxLayout()
        lower.addWidget(self._why, 1)
        lower.addWidget(self._since)
        column.addLayout(upper)
        column.addLayout(lower)
        column.addWidget(self._newer)

    def show_case(self, case: CaseFile) -> None:
        """Show it, in the language of the moment."""
        self._case = case
        row, tell = case.row, self._language
        test = case.report.status is Status.TEST
        self._exercise.setVisible(row.exercise)
        name(self._exercise, tell.text("TEST ALERT: not real") if test else tell.text("EXERCISE: not real"))
        priority = row.judgement.priority
        self._paint(self._badge, f"P{priority}", theme.PRIORITY[priority])
        self._paint(self._live, tell.text("LIVE"), theme.ALARM if row.live else "")
        self._paint(self._minor, tell.text("Minor (under 18)"), theme.ALARM_DARK if row.minor else "")
        name(self._number, row.number)
        why = tell.text(phrases.WHY[row.judgement.why])
        name(self._why, f"{tell.text(phrases.PRIORITY[priority])}: {why}")
        self._show_newer(case)
        self.tick()

    def _show_newer(self, case: CaseFile) -> None:
        """What this version is too old to show in full, in the plain words Kota sent for it: never hidden."""
        tell = self._language
        told = [notice.hi if tell.tongue is Tongue.HINDI else notice.en for notice in case.notices]
        self._newer.setVisible(bool(told))
        lines = [
            tell.text("From Kota, in full only in a newer version: {words}", words=words) for words in told
        ]
        name(self._newer, "\n".join(lines))

    def tick(self) -> None:
        """A second has passed."""
        if self._case is not None:
            received, tell = self._case.row.received_ms, self._language
            self._elapsed.setText(tell.running(received))
            self._elapsed.setAccessibleName(tell.age(received))
            name(self._since, tell.text("reached Kota {at}", at=tell.moment(received)))

    @staticmethod
    def _paint(badge: QLabel, text: str, ground: str) -> None:
        badge.setVisible(bool(ground))
        name(badge, text)
        badge.setStyleSheet(
            f"background: {ground}; color: {theme.PAPER}; font-weight: bold; border-radius: 4px; padding: 2px 8px;"
        )
