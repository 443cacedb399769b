"""The card "what to do now": one instruction, one big button with its key, the rules; and the form for a team."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.case.steps import Step
from desktop.shell.language import Language
from desktop.shell.parts import button, frame, keyed, label, name
from desktop.shell.shortcuts import Key
from sync.case.entry import Dispatch

TEAM_LIMIT, PLACE_LIMIT = 200, 400


class DispatchForm(QWidget):
    """Which team, where to. `sent` carries a `Dispatch`; `left` means the officer went back (the words stay)."""

    sent = Signal(object)
    left = Signal()

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._team_name, self._place_name, self._missing = label("heading"), label("heading"), label("wrong")
        self.team, self._place = QLineEdit(), QLineEdit()
        self.team.setMaxLength(TEAM_LIMIT)
        self._place.setMaxLength(PLACE_LIMIT)
        self._send, self._back = button("main"), button()
        self._send.clicked.connect(self._on_send)
        self._back.clicked.connect(self.left)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for line, (words, field) in enumerate(
            ((self._team_name, self.team), (self._place_name, self._place))
        ):
            words.setBuddy(field)
            grid.addWidget(words, line, 0)
            grid.addWidget(field, line, 1)
            field.returnPressed.connect(self._on_send)
        grid.addWidget(self._send, 0, 2)
        grid.addWidget(self._back, 1, 2)
        grid.addWidget(self._missing, 2, 1)
        grid.setColumnStretch(1, 1)
        self._missing.hide()

    def retranslate(self) -> None:
        tell = self._language
        name(self._team_name, tell.text("Which team"))
        name(self._place_name, tell.text("Where to"))
        self.team.setAccessibleName(tell.text("Which team"))
        self._place.setAccessibleName(tell.text("Where to"))
        self.team.setPlaceholderText(tell.text("Station, vehicle or name of the team"))
        self._place.setPlaceholderText(tell.text("Address or landmark, as far as known"))
        keyed(self._send, tell.text("Team is on its way"), "Enter")
        keyed(self._back, tell.text("Back"), "Esc")
        name(self._missing, tell.text("Write which team goes."))

    def clear(self) -> None:
        """It is saved: the next team starts with empty fields."""
        self.team.clear()
        self._place.clear()
        self._missing.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _on_send(self) -> None:
        team = self.team.text().strip()
        self._missing.setVisible(not team)
        if team:
            self.sent.emit(Dispatch(team=team, place=self._place.text().strip()))
        else:
            self.team.setFocus()


class StepCard(QWidget):
    """`pressed` carries the `Key` of the big button; `dispatched` a `Dispatch`."""

    pressed = Signal(object)
    dispatched = Signal(object)

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._step: Step | None = None
        self._now, self._instruction = label("quiet"), label("step", wraps=True)
        self._rules, self._wrong = label(wraps=True), label("wrong", wraps=True)
        self.action, self._again = button("main"), button()
        self.form = DispatchForm(language)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._instructing())
        self._stack.addWidget(self.form)
        column = QVBoxLayout()
        column.setSpacing(4)
        for part in (self._stack, self._wrong):
            column.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame("now", column, margin=10))
        self.action.clicked.connect(self._on_action)
        self._again.clicked.connect(lambda: self.pressed.emit(Key.DISPATCH))
        self.form.left.connect(self.close_form)
        self.form.sent.connect(self.dispatched)
        self._wrong.hide()

    def _instructing(self) -> QWidget:
        words = QVBoxLayout()
        words.setSpacing(2)
        for part in (self._now, self._instruction, self._rules):
            words.addWidget(part)
        words.addStretch(1)
        keys = QVBoxLayout()
        keys.addWidget(self.action)
        keys.addWidget(self._again)
        keys.addStretch(1)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(words, 1)
        row.addLayout(keys)
        return page

    def show_step(self, step: Step, *, may_send_again: bool) -> None:
        """Show it, in the language of the moment."""
        self._step = step
        tell = self._language
        name(self._now, tell.text("What to do now"))
        name(self._instruction, tell.text(step.instruction))
        keyed(self.action, tell.text(step.action), step.key.shown)
        keyed(self._again, tell.text("Another team"), Key.DISPATCH.shown)
        self._again.setVisible(may_send_again)
        name(self._rules, "\n".join(f"•  {tell.text(rule)}" for rule in step.rules))
        self.form.retranslate()

    def open_form(self) -> None:
        """Ask which team."""
        self._stack.setCurrentWidget(self.form)
        self.form.team.setFocus()

    def close_form(self) -> None:
        """Back to the instruction; the keyboard comes along only if it was in the form."""
        typing = self.form.isAncestorOf(QApplication.focusWidget() or self)
        self._stack.setCurrentIndex(0)
        if typing:
            self.action.setFocus()

    @property
    def busy(self) -> bool:
        """Whether an entry is being saved just now."""
        return not self.action.isEnabled()

    def set_busy(self, *, busy: bool) -> None:
        """While an entry is being saved, it cannot be made twice."""
        for control in (self.action, self._again, self.form):
            control.setEnabled(not busy)

    def say_wrong(self, sentence: str) -> None:
        """Why the last entry could not be saved; empty when there is nothing to say."""
        self._wrong.setVisible(bool(sentence))
        name(self._wrong, sentence)

    def _on_action(self) -> None:
        if self._step is not None:
            self.pressed.emit(self._step.key)
