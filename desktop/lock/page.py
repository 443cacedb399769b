"""Sign-in, with or without a link; also what the screen shows while the seat is left."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop.shell.language import Language
from desktop.shell.parts import button, centre, frame, keyed, label, name
from sync.case.unit import Officer
from sync.words import SpokenError

ID = Qt.ItemDataRole.UserRole


class LockPage(QWidget):
    """`sign_in_wanted` carries the officer's id and the password, on the GUI thread. The password is never kept."""

    sign_in_wanted = Signal(str, str)

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._refused: SpokenError | None = None
        self._title, self._who, self._nobody = label("title"), label("heading"), label(wraps=True)
        self._word, self._wrong = label("heading"), label("wrong", wraps=True)
        self._safe = label("quiet", wraps=True)
        self.officers, self.password, self._enter = QListWidget(), QLineEdit(), button("main")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self._word.setBuddy(self.password)
        self.password.returnPressed.connect(self._on_enter)
        self.officers.itemActivated.connect(lambda _: self.password.setFocus())
        self._enter.clicked.connect(self._on_enter)
        self._arrange()
        language.changed.connect(self.retranslate)
        self.retranslate()

    def _arrange(self) -> None:
        card = QVBoxLayout()
        card.setSpacing(8)
        parts: tuple[QWidget, ...] = (
            *(self._title, self._who, self._nobody, self.officers, self._word, self.password),
            *(self._wrong, self._enter, self._safe),
        )
        for part in parts:
            card.addWidget(part)
        self.officers.setFixedHeight(150)
        self._wrong.hide()
        inside = frame("card", card, margin=24)
        inside.setFixedWidth(520)
        centre(inside, self)

    def show_officers(self, officers: Sequence[Officer]) -> None:
        """Who may sign in here. The one who is chosen stays chosen."""
        chosen = self._chosen()
        self.officers.clear()
        for officer in officers:
            line = QListWidgetItem(officer.name)
            line.setData(ID, officer.id)
            self.officers.addItem(line)
            if officer.id == chosen:
                self.officers.setCurrentItem(line)
        if self.officers.currentRow() < 0 and officers:
            self.officers.setCurrentRow(0)
        self._nobody.setVisible(not officers)
        for part in (self._who, self.officers, self._word, self.password, self._enter):
            part.setVisible(bool(officers))

    def take_focus(self) -> None:
        """The keyboard goes where it is needed: to the password, for the list remembers who sat here last."""
        self.password.setFocus()

    def refuse(self, error: SpokenError) -> None:
        """Sign-in failed, and why."""
        self._refused = error
        self._set_busy(busy=False)
        self.password.clear()
        self.password.setFocus()
        self._retell()

    def reset(self) -> None:
        """Signed in, or locked again: nothing of the last attempt stays."""
        self._refused = None
        self.password.clear()
        self._set_busy(busy=False)
        self._retell()

    def retranslate(self) -> None:
        tell = self._language
        name(self._title, tell.text("Sign in"))
        name(self._who, tell.text("Who sits here"))
        name(self._nobody, tell.text("The list of officers comes from Kota as soon as there is contact."))
        name(self._word, tell.text("Password"))
        self.officers.setAccessibleName(tell.text("Who sits here"))
        self.password.setAccessibleName(tell.text("Password"))
        keyed(self._enter, tell.text("Log in"), "Enter")
        name(self._safe, tell.text("Works without a link too. The alarm sounds even while locked."))
        self._retell()

    def _retell(self) -> None:
        self._wrong.setVisible(self._refused is not None)
        name(self._wrong, self._refused.say(self._language.words) if self._refused else "")

    def _chosen(self) -> str:
        line = self.officers.currentItem()
        return str(line.data(ID)) if line is not None else ""

    def _set_busy(self, *, busy: bool) -> None:
        self._enter.setEnabled(not busy)
        self.password.setReadOnly(busy)

    def _on_enter(self) -> None:
        if self._chosen() and self.password.text() and self._enter.isEnabled():
            self._set_busy(busy=True)
            self.sign_in_wanted.emit(self._chosen(), self.password.text())
