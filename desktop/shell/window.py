"""The main window: the truth strip, the question before closing, and one room at a time.

It knows rooms as widgets only; what they mean to each other is wired in `desktop.app`.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop.shell.help_sheet import HelpSheet
from desktop.shell.language import Language
from desktop.shell.parts import button, frame, label, name
from desktop.shell.shortcuts import Key
from desktop.shell.strip import TruthStrip
from sync import resources

SIZE = (1366, 768)


class MainWindow(QWidget):
    """`key_pressed` carries a `Key`; `shown` comes at each show; `closed` once, when the window has really closed."""

    key_pressed = Signal(object)
    shown = Signal()
    closed = Signal()

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._waiting = 0
        self._sure = False
        self.strip = TruthStrip(language)
        self.stack = QStackedWidget()
        self._help = HelpSheet(language)
        self._before_help: QWidget | None = None
        self._question = label("heading", wraps=True)
        self._leave, self._stay = button(), button("main")
        self._ask = self._asking()
        self._told, self._understood = label("heading", wraps=True), button("main")
        self._notice: Callable[[], str] | None = None
        self._seen: Callable[[], None] = lambda: None
        self._telling = self._notice_bar()
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        for part in (self.strip, self._ask, self._telling):
            page.addWidget(part)
        page.addWidget(self.stack, 1)
        self.stack.addWidget(self._help)
        self._help.closed.connect(lambda: self.key_pressed.emit(Key.HELP))
        self._leave.clicked.connect(self._on_leave)
        self._stay.clicked.connect(self._ask.hide)
        self._understood.clicked.connect(self._on_understood)
        self._listen()
        self.setWindowIcon(QIcon(str(resources.path("icons", "kota-desk.png"))))
        self.resize(*SIZE)
        language.changed.connect(self.retranslate)
        self.retranslate()

    def _asking(self) -> QWidget:
        row = QHBoxLayout()
        row.addWidget(self._question, 1)
        row.addWidget(self._leave)
        row.addWidget(self._stay)
        asking = frame("asks", row)
        asking.hide()
        return asking

    def _notice_bar(self) -> QWidget:
        row = QHBoxLayout()
        row.addWidget(self._told, 1)
        row.addWidget(self._understood)
        telling = frame("asks", row)
        telling.hide()
        return telling

    def _listen(self) -> None:
        for key in Key:
            # What saves depends on where the officer types; the field itself hears it.
            if key is not Key.SAVE:
                shortcut = QShortcut(QKeySequence(key.sequence), self)
                shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
                shortcut.setAutoRepeat(False)
                shortcut.activated.connect(lambda key=key: self.key_pressed.emit(key))
        self.strip.language_wanted.connect(lambda: self.key_pressed.emit(Key.LANGUAGE))
        self.strip.lock_wanted.connect(lambda: self.key_pressed.emit(Key.LOCK))
        self.strip.help_wanted.connect(lambda: self.key_pressed.emit(Key.HELP))

    def show_page(self, page: QWidget) -> None:
        """Show ``page`` and no other room."""
        if self.stack.indexOf(page) < 0:
            self.stack.addWidget(page)
        self.stack.setCurrentWidget(page)

    def toggle_help(self) -> None:
        """The sheet with the keys, or back from it to where the officer was."""
        if self.stack.currentWidget() is self._help:
            if self._before_help is not None:
                self.stack.setCurrentWidget(self._before_help)
            return
        self._before_help = self.stack.currentWidget()
        self.stack.setCurrentWidget(self._help)
        self._help.take_focus()

    def show_notice(self, notice: Callable[[], str], seen: Callable[[], None]) -> None:
        """Say ``notice`` above whatever is shown, without taking its place, until somebody has understood it."""
        self._notice, self._seen = notice, seen
        self._telling.show()
        self.retranslate()

    def show_waiting(self, count: int) -> None:
        """How many entries Kota does not have yet: a reason to ask before closing."""
        self._waiting = count
        self.retranslate()

    def retranslate(self) -> None:
        tell = self._language
        self.setWindowTitle(tell.text("Kota alert desk"))
        question = tell.count(
            "{n} entry is not yet at Kota. It is safe here, and is sent when this program runs again. While it is "
            "closed, no alert sounds.",
            "{n} entries are not yet at Kota. They are safe here, and are sent when this program runs again. While "
            "it is closed, no alert sounds.",
            self._waiting,
        )
        name(self._question, question)
        name(self._told, "" if self._notice is None else self._notice())
        name(self._understood, tell.text("Understood"))
        name(self._leave, tell.text("Close all the same"))
        name(self._stay, tell.text("Keep it open"))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._waiting and not self._sure:
            event.ignore()
            self._ask.show()
            self._stay.setFocus()
            return
        event.accept()
        self.closed.emit()

    def _on_understood(self) -> None:
        self._telling.hide()
        self._seen()

    def _on_leave(self) -> None:
        self._sure = True
        self.close()
