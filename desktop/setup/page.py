"""Enrolment: choose the file from Kota, name the PC, and be a desk of a unit. Nothing is changed when it fails.

The file is found on USB sticks by itself or its path is typed; Qt's own file dialog would speak another language.
"""

from pathlib import Path

from PySide6.QtCore import QSysInfo, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop.setup.found import invitations
from desktop.shell.language import Language
from desktop.shell.parts import button, centre, frame, keyed, label, name
from sync.desk.errors import PassphraseNeededError
from sync.words import SpokenError

FILE = Qt.ItemDataRole.UserRole


class SetupPage(QWidget):
    """`enrol_wanted` carries the file, the name of the PC and a passphrase (often empty), on the GUI thread."""

    enrol_wanted = Signal(object, str, str)

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._refused: SpokenError | None = None
        self._title, self._how = label("title"), label(wraps=True)
        self._found_name, self._path_name, self._pc_name = (
            label("heading"),
            label("heading"),
            label("heading"),
        )
        self._none, self._wrong, self._working = label("quiet"), label("wrong", wraps=True), label("quiet")
        self.found, self.path, self.pc = QListWidget(), QLineEdit(), QLineEdit(QSysInfo.machineHostName())
        self._secret_name, self._secret = label("heading", wraps=True), QLineEdit()
        self._secret.setEchoMode(QLineEdit.EchoMode.Password)
        self._secret.returnPressed.connect(self._on_enrol)
        self._look, self.enrol = button("quiet"), button("main")
        self._look.clicked.connect(self.look)
        self.found.currentItemChanged.connect(self._on_found)
        self.path.returnPressed.connect(self._on_enrol)
        self.pc.returnPressed.connect(self._on_enrol)
        self.enrol.clicked.connect(self._on_enrol)
        self._arrange()
        language.changed.connect(self.retranslate)
        self.retranslate()
        self.look()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._found_name, 1)
        head.addWidget(self._look)
        card = QVBoxLayout()
        card.setSpacing(8)
        card.addWidget(self._title)
        card.addWidget(self._how)
        card.addLayout(head)
        parts: tuple[QWidget, ...] = (
            *(self.found, self._none, self._path_name, self.path, self._pc_name, self.pc),
            *(self._secret_name, self._secret, self._wrong, self._working, self.enrol),
        )
        for part in parts:
            card.addWidget(part)
        # Asked for only where the system has no key ring to keep the key of the alerts.
        self._secret_name.hide()
        self._secret.hide()
        self._path_name.setBuddy(self.path)
        self._pc_name.setBuddy(self.pc)
        self.found.setMaximumHeight(110)
        self._wrong.hide()
        self._working.hide()
        inside = frame("card", card, margin=24)
        inside.setFixedWidth(640)
        centre(inside, self)

    def look(self) -> None:
        """Look for enrolment files again, as after a stick was put in."""
        self.found.clear()
        for file in invitations():
            line = QListWidgetItem(f"{file.name}  ({file.parent})")
            line.setData(FILE, str(file))
            self.found.addItem(line)
        some = self.found.count() > 0
        self.found.setVisible(some)
        self._none.setVisible(not some)
        if some:
            self.found.setCurrentRow(0)

    def refuse(self, error: SpokenError) -> None:
        """Enrolment failed, and why. The file stays chosen."""
        self._set_busy(busy=False)
        if isinstance(error, PassphraseNeededError) and self._secret.isHidden():
            self._secret_name.show()
            self._secret.show()
            self._secret.setFocus()
        else:
            self._refused = error
        self._retell()

    def retranslate(self) -> None:
        tell = self._language
        name(self._title, tell.text("Enrol this PC"))
        name(
            self._how,
            tell.text("Kota has given you a file for this PC, on a USB stick or otherwise. It works once."),
        )
        name(self._found_name, tell.text("Enrolment files found"))
        name(self._look, tell.text("Look again"))
        name(self._none, tell.text("None found. Put in the stick and look again, or type the path."))
        name(self._path_name, tell.text("Path of the file"))
        name(self._pc_name, tell.text("Name of this PC, as Kota will see it"))
        keyed(self.enrol, tell.text("Enrol"), "Enter")
        name(
            self._secret_name, tell.text("Passphrase for the alerts on this PC; it is needed at every start")
        )
        self._secret.setAccessibleName(tell.text("Passphrase of this PC"))
        name(self._working, tell.text("Asking Kota …"))
        self.found.setAccessibleName(tell.text("Enrolment files found"))
        self.path.setAccessibleName(tell.text("Path of the file"))
        self.pc.setAccessibleName(tell.text("Name of this PC, as Kota will see it"))
        self._retell()

    def _retell(self) -> None:
        self._wrong.setVisible(self._refused is not None)
        name(self._wrong, self._refused.say(self._language.words) if self._refused else "")

    def _set_busy(self, *, busy: bool) -> None:
        self._working.setVisible(busy)
        for control in (self.enrol, self.path, self.pc, self.found):
            control.setEnabled(not busy)

    def _on_found(self, line: QListWidgetItem | None) -> None:
        if line is not None:
            self.path.setText(str(line.data(FILE)))

    def _on_enrol(self) -> None:
        path, pc = self.path.text().strip(), self.pc.text().strip()
        if path and pc and self.enrol.isEnabled():
            self._refused = None
            self._set_busy(busy=True)
            self._retell()
            self.enrol_wanted.emit(Path(path), pc, self._secret.text())
