"""Asks for the passphrase of this PC, where no key ring keeps the key to its alerts."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from desktop.shell.language import Language
from desktop.shell.parts import button, centre, frame, keyed, label, name
from sync.words import SpokenError


class UnlockPage(QWidget):
    """`unlock_wanted` carries the passphrase, on the GUI thread. It is not kept here."""

    unlock_wanted = Signal(str)

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._refused: SpokenError | None = None
        self._title, self._why, self._wrong = label("title"), label(wraps=True), label("wrong", wraps=True)
        self.secret, self._open = QLineEdit(), button("main")
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.secret.returnPressed.connect(self._on_open)
        self._open.clicked.connect(self._on_open)
        card = QVBoxLayout()
        card.setSpacing(10)
        for part in (self._title, self._why, self.secret, self._wrong, self._open):
            card.addWidget(part)
        inside = frame("card", card, margin=24)
        inside.setFixedWidth(520)
        centre(inside, self)
        language.changed.connect(self.retranslate)
        self.retranslate()

    def refuse(self, error: SpokenError) -> None:
        """It did not open, and why."""
        self._refused = error
        self.secret.clear()
        self.secret.setFocus()
        self.retranslate()

    def retranslate(self) -> None:
        tell = self._language
        name(self._title, tell.text("Passphrase of this PC"))
        name(
            self._why,
            tell.text("The alerts on this PC are encrypted. Until they are opened, nothing sounds here."),
        )
        keyed(self._open, tell.text("Open"), "Enter")
        self.secret.setAccessibleName(tell.text("Passphrase of this PC"))
        self._wrong.setVisible(self._refused is not None)
        name(self._wrong, self._refused.say(tell.words) if self._refused else "")

    def _on_open(self) -> None:
        if self.secret.text():
            self.unlock_wanted.emit(self.secret.text())
