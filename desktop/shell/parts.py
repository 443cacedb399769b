"""The few widgets every room is made of, dressed by `theme` through their ``role``."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QLabel, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

NARROWEST = 90


def label(role: str = "", *, wraps: bool = False) -> QLabel:
    """A label of plain text (never mark-up: what it shows may come from outside)."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setWordWrap(wraps)
    if wraps:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
    return made


class Fitting(QLabel):
    """One line that gives way: cut with an ellipsis where there is no room, whole in its tool tip and for screen readers."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)

    def minimumSizeHint(self) -> QSize:
        whole = super().minimumSizeHint()
        return QSize(min(whole.width(), NARROWEST), whole.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()
        self.setToolTip("" if shown == self.text() else self.text())


def button(role: str = "") -> QPushButton:
    """A button that Enter presses too, when it has the focus."""
    made = QPushButton()
    made.setProperty("role", role)
    made.setAutoDefault(True)
    return made


def frame(role: str, layout: QLayout | None = None, *, margin: int = 12) -> QFrame:
    """A frame around ``layout``."""
    made = QFrame()
    made.setProperty("role", role)
    inner = layout if layout is not None else QVBoxLayout()
    inner.setContentsMargins(margin, margin, margin, margin)
    made.setLayout(inner)
    return made


def centre(inside: QWidget, page: QWidget) -> None:
    """Put ``inside`` in the middle of an empty ``page``."""
    column = QVBoxLayout(page)
    column.addStretch(1)
    column.addWidget(inside, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(1)


def keyed(control: QPushButton, text: str, key: str) -> None:
    """Give a button its words and, beside them, the key that does the same."""
    name(control, f"{text}  {key}")


def name(control: QLabel | QPushButton, text: str) -> None:
    """Give ``control`` its words, for eyes and for screen readers alike."""
    control.setText(text)
    control.setAccessibleName(text)
