"""The shapes that go with the words: a tick, a cut link, a question; each told apart without its colour."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.shell.truth import Shape


class Sign(QWidget):
    """One shape, drawn to the size it gets. It says nothing of its own: the words stand beside it."""

    def __init__(self, size: int = 36) -> None:
        super().__init__()
        self._shape = Shape.ASKING
        self._colours = (QColor("#4b5563"), QColor("#ffffff"))
        self.setFixedSize(QSize(size, size))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_shape(self, shape: Shape, colour: str, inside: str) -> None:
        """Draw ``shape`` in ``colour``, with its mark in ``inside``."""
        self._shape = shape
        self._colours = (QColor(colour), QColor(inside))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw(painter, QRectF(self.rect()).adjusted(2, 2, -2, -2), self._shape, *self._colours)
        painter.end()


def draw(painter: QPainter, box: QRectF, shape: Shape, colour: QColor, inside: QColor) -> None:
    """Draw ``shape`` into ``box``: a disc with a tick, a triangle with a bar, or a ring with three dots."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    stroke = QPen(
        inside, box.width() * 0.12, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    )

    def at(x: float, y: float) -> QPointF:
        return QPointF(box.left() + x * box.width(), box.top() + y * box.height())

    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    match shape:
        case Shape.TICK:
            painter.drawEllipse(box)
            painter.setPen(stroke)
            painter.drawPolyline(QPolygonF([at(0.27, 0.53), at(0.44, 0.7), at(0.74, 0.33)]))
        case Shape.CUT:
            painter.drawPolygon(QPolygonF([at(0.5, 0.02), at(1, 0.95), at(0, 0.95)]))
            painter.setPen(stroke)
            painter.drawLine(at(0.5, 0.36), at(0.5, 0.62))
            painter.drawPoint(at(0.5, 0.79))
        case Shape.ASKING:
            ring = QPen(colour, box.width() * 0.1)
            painter.setPen(ring)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inset = box.width() * 0.06
            painter.drawEllipse(box.adjusted(inset, inset, -inset, -inset))
            painter.setPen(QPen(colour, box.width() * 0.13, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            for x in (0.3, 0.5, 0.7):
                painter.drawPoint(at(x, 0.5))
    painter.restore()
