"""The case page: one alert, from what to do now to what to write down.

It shows values and says what the officer wants. It must never say *saved* on its own: the window tells it (`saved`,
`failed`) once the store has answered.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.case.facts import FactsPanel
from desktop.case.header import CaseHeader
from desktop.case.note import NoteEditor
from desktop.case.step_card import StepCard
from desktop.case.steps import step_for
from desktop.case.timeline import TimelineView
from desktop.shell.language import Language
from desktop.shell.parts import label, name
from desktop.shell.shortcuts import Key
from sync.case.entry import Acknowledgement, EntryData, Note
from sync.case.lifecycle import Stage
from sync.case.unit import Unit
from sync.desk.projection import CaseFile


class CasePage(QWidget):
    """`entry_wanted` carries alert id and `EntryData`; `draft_kept` alert id and text; both on the GUI thread."""

    entry_wanted = Signal(str, object)
    draft_kept = Signal(str, str)

    def __init__(self, language: Language, unit: Unit) -> None:
        super().__init__()
        self._language = language
        self._unit = unit
        self._case: CaseFile | None = None
        self._header, self._card = CaseHeader(language), StepCard(language)
        self._facts, self._timeline = FactsPanel(language), TimelineView(language)
        self._history = label("heading")
        self.note = NoteEditor(language)
        self._nothing = label("quiet")
        self._body = QWidget()
        self._arrange()
        self._card.pressed.connect(self.press)
        self._card.dispatched.connect(self._want)
        self.note.note_wanted.connect(lambda text: self._want(Note(text=text)))
        self.note.draft_kept.connect(self._on_draft)
        language.changed.connect(self.retranslate)
        self.retranslate()
        self.clear()

    def _arrange(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self._history)
        right.addWidget(self._timeline, 3)
        right.addWidget(self.note, 2)
        sides = QHBoxLayout()
        sides.setSpacing(10)
        sides.addWidget(self._facts, 9)
        sides.addLayout(right, 11)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._header)
        column.addWidget(self._card)
        column.addLayout(sides, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(8, 8, 10, 8)
        outer.addWidget(self._nothing)
        outer.addWidget(self._body)

    @property
    def alert_id(self) -> str | None:
        """The alert on the page."""
        return self._case.row.alert_id if self._case else None

    def open(self, case: CaseFile, draft: str) -> None:
        """Go to another alert, with the draft the officer left there."""
        self.note.keep_draft()
        self._case = case
        self._card.close_form()
        self._card.form.clear()
        self._card.say_wrong("")
        self._card.set_busy(busy=False)
        self.note.open(draft)
        self._show(case, from_end=True)

    def update_case(self, case: CaseFile) -> None:
        """The same alert, with what has come since. What is typed stays."""
        if case.row.alert_id == self.alert_id:
            self._show(case, from_end=False)

    def clear(self) -> None:
        """No alert is open."""
        self._case = None
        self._body.hide()
        self._nothing.show()

    def press(self, key: Key) -> None:
        """What the key of that name does on this page; nothing if it does not fit the stage."""
        if self._case is None or not self._body.isEnabled():
            return
        state = self._case.row.state
        ours = state.unit == self._unit.code
        if key is Key.ACKNOWLEDGE and ours and state.acknowledged_by is None and not self._card.busy:
            self._want(Acknowledgement())
        elif key is Key.DISPATCH and ours:
            self._card.open_form()
        elif key is Key.NOTE:
            self.note.field.setFocus()

    def saved(self, alert_id: str, data: EntryData) -> None:
        """The store has the entry."""
        if alert_id != self.alert_id:
            return
        self._card.set_busy(busy=False)
        self._card.say_wrong("")
        if isinstance(data, Note):
            self.note.saved()
        elif not isinstance(data, Acknowledgement):
            self._card.form.clear()
            self._card.close_form()

    def failed(self, alert_id: str, data: EntryData, sentence: str) -> None:
        """The store could not take it; everything typed stays where it is."""
        if alert_id != self.alert_id:
            return
        self._card.set_busy(busy=False)
        if isinstance(data, Note):
            self.note.failed(sentence)
        else:
            self._card.say_wrong(sentence)

    def tick(self) -> None:
        """A second has passed."""
        self._header.tick()

    def retranslate(self) -> None:
        self.note.keep_draft()
        self.note.retranslate()
        name(self._history, self._language.text("Timeline"))
        name(self._nothing, self._language.text("Choose an alert on the left."))
        if self._case is not None:
            self._show(self._case, from_end=False)

    def _show(self, case: CaseFile, *, from_end: bool) -> None:
        self._case = case
        self._nothing.hide()
        self._header.show_case(case)
        ours = case.row.state.unit == self._unit.code
        sent = case.row.state.stage is Stage.DISPATCHED
        self._card.show_step(step_for(case, self._unit.code), may_send_again=ours and sent)
        self._facts.show_case(case)
        self._timeline.show_lines(case.timeline, from_end=from_end)
        self._body.show()

    def _want(self, data: EntryData) -> None:
        if self._case is not None:
            self._card.set_busy(busy=True)
            self.entry_wanted.emit(self._case.row.alert_id, data)

    def _on_draft(self, text: str) -> None:
        if self._case is not None:
            self.draft_kept.emit(self._case.row.alert_id, text)
