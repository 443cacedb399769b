"""The F1 sheet: every key, from the one table, and what goes with each of them."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from desktop.shell.language import Language
from desktop.shell.parts import button, frame, keyed, label, name
from desktop.shell.shortcuts import Key


class HelpSheet(QWidget):
    """One page over the others; `closed` when the officer has read it."""

    closed = Signal()

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._title, self._close = label("title"), button("main")
        self._rows = [(label("heading"), label(wraps=True), key) for key in Key]
        grid = QGridLayout()
        grid.setHorizontalSpacing(30)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        for place, (pressed, does, _) in enumerate(self._rows):
            grid.addWidget(pressed, place, 0)
            grid.addWidget(does, place, 1)
        page = QVBoxLayout(self)
        page.setContentsMargins(60, 30, 60, 30)
        page.setSpacing(16)
        page.addWidget(self._title)
        page.addWidget(frame("card", grid, margin=24))
        page.addWidget(self._close, 0, Qt.AlignmentFlag.AlignLeft)
        page.addStretch(1)
        self._close.clicked.connect(self.closed)
        language.changed.connect(self.retranslate)
        self.retranslate()

    def take_focus(self) -> None:
        self._close.setFocus()

    def retranslate(self) -> None:
        name(self._title, self._language.text("Keys and steps"))
        keyed(self._close, self._language.text("Back"), Key.HELP.shown)
        meanings = {
            Key.HELP: self._language.text("This page, and back"),
            Key.ACKNOWLEDGE: self._language.text("You take the alert up; the alarm stops"),
            Key.DISPATCH: self._language.text("Write down which team goes, and where to"),
            Key.NOTE: self._language.text("Write what was done and what was found"),
            Key.LANGUAGE: self._language.text("Hindi or English, at once"),
            Key.LOCK: self._language.text("Leave the seat; the alarm still sounds"),
            Key.SAVE: self._language.text("Keep the note or the sent team; it is safe from then on"),
        }
        for pressed, does, key in self._rows:
            name(pressed, key.shown)
            name(does, f"{self._language.text(key.sentence)}: {meanings[key]}")
