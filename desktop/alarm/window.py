"""The alarm window: on top of everything, red, until the last alert is acknowledged.

It shows numbers and priorities only, for it stands over the lock as well: no place, no person, no words of a post.
It must never take the keyboard from somebody who is typing, and never close at anybody's wish but `show_alarming`'s.
"""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.queue import phrases
from desktop.shell import theme
from desktop.shell.language import Language
from desktop.shell.parts import button, keyed, label, name
from desktop.shell.shortcuts import Key
from sync.desk.projection import QueueRow

PULSE_MS = 600
LISTED = 4
WIDTH = 412


class AlarmWindow(QWidget):
    """`answered` says that the officer pressed the one button."""

    answered = Signal()

    def __init__(self, language: Language) -> None:
        super().__init__(None, _flags())
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self._language = language
        self._rows: list[QueueRow] = []
        self._locked = True
        self._bright = True
        self._title, self._exercise = label(), label("exercise", wraps=True)
        self._lines = [label(wraps=True) for _ in range(LISTED)]
        self._more, self._until = label(), label(wraps=True)
        self._answer = button("alarm")
        # A space meant for a note must never acknowledge an alert: the key is F5, or a click.
        self._answer.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._answer.clicked.connect(self.answered)
        self._pulse = QTimer(self, interval=PULSE_MS)
        self._pulse.timeout.connect(self._beat)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(8)
        for part in (self._title, self._exercise, *self._lines, self._more, self._answer, self._until):
            column.addWidget(part)
        self.setStyleSheet(f"AlarmWindow > QLabel {{ color: {theme.PAPER}; }}")
        self._title.setFont(theme.font(26, bold=True))
        self._title.setStyleSheet("font-size: 26pt; font-weight: bold;")
        for line in self._lines:
            line.setStyleSheet("font-size: 13pt; font-weight: bold;")
        language.changed.connect(self.retranslate)
        self.retranslate()

    def show_alarming(self, rows: Sequence[QueueRow], *, locked: bool, beside: QRect) -> None:
        """These alerts wait, the most urgent first; none, and the window goes. ``beside`` is where it appears."""
        self._rows, self._locked = list(rows), locked
        if not self._rows:
            self._pulse.stop()
            self.hide()
            return
        self.retranslate()
        self.setFixedWidth(WIDTH)
        self.adjustSize()
        self._move_to(self.pos() if self.isVisible() else beside.topLeft())
        if not self.isVisible():
            self.show()
            self._pulse.start()
        self.raise_()

    def tick(self) -> None:
        """A second has passed: the waiting times go on."""
        tell = self._language
        for line, row in zip(self._lines, self._rows, strict=False):
            priority = row.judgement.priority
            said = f"P{priority} {tell.text(phrases.PRIORITY[priority])} · {row.number}"
            name(line, f"{said} · {tell.running(row.received_ms)}")
        for place, line in enumerate(self._lines):
            line.setVisible(place < len(self._rows))

    def retranslate(self) -> None:
        tell, more = self._language, len(self._rows) - LISTED
        self.setWindowTitle(tell.text("New alert"))
        name(self._title, tell.text("NEW ALERT"))
        name(self._exercise, tell.text("EXERCISE: not real"))
        self._exercise.setVisible(bool(self._rows) and all(row.exercise for row in self._rows))
        self._more.setVisible(more > 0)
        name(self._more, tell.count("and {n} more", "and {n} more", max(0, more)))
        action = tell.text("Sign in to answer") if self._locked else tell.text("Open and acknowledge")
        keyed(self._answer, action, Key.ACKNOWLEDGE.shown)
        name(self._until, tell.text("The sound stops only when every alert is acknowledged."))
        self.tick()

    def stop(self) -> None:
        """The program ends."""
        self._pulse.stop()
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Escape closes many windows; not this one.
        event.accept()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.ALARM if self._bright else theme.ALARM_DARK))
        painter.setPen(QPen(QColor(theme.PAPER if self._bright else theme.ALARM), 6))
        painter.drawRect(self.rect().adjusted(3, 3, -4, -4))
        painter.end()

    def _move_to(self, corner: QPoint) -> None:
        """There, but whole on the screen: more alerts make it taller, and the button is at its lower end."""
        area = self.screen().availableGeometry()
        whole = self.frameGeometry()
        last = area.bottomRight() - QPoint(whole.width(), whole.height())
        self.move(max(area.left(), min(corner.x(), last.x())), max(area.top(), min(corner.y(), last.y())))

    def _beat(self) -> None:
        self._bright = not self._bright
        self.update()


def _flags() -> Qt.WindowType:
    kind = Qt.WindowType
    frame = kind.Window | kind.CustomizeWindowHint | kind.WindowTitleHint
    return frame | kind.WindowStaysOnTopHint | kind.WindowDoesNotAcceptFocus
