"""The note editor. What is typed is kept as a draft after a pause, and stays on the screen until it is saved.

It must never clear itself: only the word of the store that the note is saved (`saved`) takes it away, and nothing
that was typed meanwhile. *Draft kept* is said only after the store has it (`draft_stored`).
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
        # Handed to the store to keep as a draft, and what the store has said it keeps.
        self._handed = self._stored = ""
        # The note the store is about to save; what is typed behind it is the next one.
        self._saving: str | None = None
        self._save_next = False
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
        self._handed = self._stored = draft
        self._saving, self._save_next = None, False
        self.field.setPlainText(draft)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self._pause.stop()
        self._wrong.hide()
        self._retell()

    def keep_draft(self) -> None:
        """Have what is typed kept now, if it is not yet."""
        self._pause.stop()
        text = self.field.toPlainText()
        if text != self._handed:
            self._handed = text
            self.draft_kept.emit(text)

    def draft_stored(self, text: str) -> None:
        """The store keeps ``text`` as the draft."""
        self._stored = text
        self._retell()

    def saved(self) -> None:
        """The store has the note, and dropped its draft: only now may the text go, and only the text of the note."""
        saved, self._saving = self._saving or "", None
        if self._handed.strip() == saved:
            self._handed = self._stored = ""
        if self.field.toPlainText().lstrip().startswith(saved):
            # By a cursor, so that a composition of the input method that is under way survives.
            cursor = self.field.textCursor()
            cursor.setPosition(0)
            length = self.field.toPlainText().index(saved) + len(saved)
            cursor.setPosition(length, cursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        if not self.field.toPlainText().strip():
            self.field.clear()
            self.keep_draft()
        self._retell()
        if self._save_next:
            self._save_next = False
            self._on_save()

    def failed(self, sentence: str) -> None:
        """It could not be saved; the text stays."""
        self._saving, self._save_next = None, False
        self.say_wrong(sentence)

    def say_wrong(self, sentence: str) -> None:
        """Say what went wrong, until something is typed."""
        self._wrong.show()
        name(self._wrong, sentence)

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
        if self._saving is not None:
            self._save_next = text != self._saving
            return
        if not text or len(text) > TEXT_LIMIT:
            return
        self.keep_draft()
        self._saving = text
        self.note_wanted.emit(text)

    def _retell(self) -> None:
        tell, text = self._language, self.field.toPlainText()
        over = len(text) - TEXT_LIMIT
        if over > 0:
            name(self._state, tell.count("{n} letter too long", "{n} letters too long", over))
        elif len(text) > COUNT_FROM:
            name(self._state, tell.count("{n} letter left", "{n} letters left", -over))
        elif text and text == self._stored:
            name(self._state, tell.text("Draft kept"))
        else:
            name(self._state, "")
