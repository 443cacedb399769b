"""The note editor. What is typed is kept as a draft after a pause, and stays on the screen until it is saved.

It must never clear itself: only the word of the store that the note is saved (`saved`) does.
"""

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.shell.language import Language
from desktop.shell.parts import button, keyed, label, name
from desktop.shell.shortcuts import Key
from sync.case.entry import TEXT_LIMIT

PAUSE_MS = 500
COUNT_FROM = TEXT_LIMIT - 400


class NoteField(QPlainTextEdit):
    """Plain text; Ctrl+Enter asks to save, Tab leaves the field as everywhere else."""

    save_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        entered = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if entered and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.save_wanted.emit()
        else:
            super().keyPressEvent(event)


class NoteEditor(QWidget):
    """`note_wanted` carries the text to save, `draft_kept` the text to keep as a draft; both on the GUI thread."""

    note_wanted = Signal(str)
    draft_kept = Signal(str)

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._title, self._state = label("heading"), label("quiet")
        self._wrong = label("wrong", wraps=True)
        self.field, self._save = NoteField(), button()
        self._kept = ""
        self._pause = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self.keep_draft)
        self.field.textChanged.connect(self._on_typed)
        self.field.save_wanted.connect(self._on_save)
        self._save.clicked.connect(self._on_save)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addWidget(self._state, 1, Qt.AlignmentFlag.AlignRight)
        head.addWidget(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.field, 1)
        column.addWidget(self._wrong)
        self._wrong.hide()

    def open(self, draft: str) -> None:
        """Start with what was left unsaved."""
        self._pause.stop()
        self._kept = draft
        self.set_busy(busy=False)
        self.field.setPlainText(draft)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self._pause.stop()
        self._wrong.hide()
        self._retell()

    def keep_draft(self) -> None:
        """Have what is typed kept now, if it is not yet."""
        self._pause.stop()
        text = self.field.toPlainText()
        if text != self._kept:
            self._kept = text
            self.draft_kept.emit(text)
            self._retell()

    def saved(self) -> None:
        """The store has the note: only now may the text go."""
        self._kept = ""
        self.field.clear()
        self._pause.stop()
        self.set_busy(busy=False)
        self._retell()

    def failed(self, sentence: str) -> None:
        """It could not be saved; the text stays."""
        self.set_busy(busy=False)
        self._wrong.show()
        name(self._wrong, sentence)

    def set_busy(self, *, busy: bool) -> None:
        """While the note is being saved it must neither change nor be saved twice."""
        self.field.setReadOnly(busy)
        self._save.setEnabled(not busy)

    def stop(self) -> None:
        """The window closes: keep what is typed."""
        self.keep_draft()
        self._pause.stop()

    def retranslate(self) -> None:
        tell = self._language
        name(self._title, tell.text("Case note"))
        keyed(self._save, tell.text(Key.SAVE.sentence), Key.SAVE.shown)
        self.field.setAccessibleName(tell.text("Case note"))
        self.field.setPlaceholderText(tell.text("What was done, what was found, who said what"))
        self._retell()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.EnabledChange and not self.isEnabled():
            self.keep_draft()
        super().changeEvent(event)

    def _on_typed(self) -> None:
        self._wrong.hide()
        self._pause.start()
        self._retell()

    def _on_save(self) -> None:
        text = self.field.toPlainText().strip()
        if not text or len(text) > TEXT_LIMIT or self.field.isReadOnly():
            return
        self.keep_draft()
        self.set_busy(busy=True)
        self.note_wanted.emit(text)

    def _retell(self) -> None:
        tell, text = self._language, self.field.toPlainText()
        over = len(text) - TEXT_LIMIT
        if over > 0:
            name(self._state, tell.count("{n} letter too long", "{n} letters too long", over))
        elif len(text) > COUNT_FROM:
            name(self._state, tell.count("{n} letter left", "{n} letters left", -over))
        elif text and text == self._kept:
            name(self._state, tell.text("Draft kept"))
        else:
            name(self._state, "")
