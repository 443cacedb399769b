"""How a row of the queue looks: two lines, a badge for the priority, words for everything else. Never a name."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.queue import phrases
from desktop.queue.model import ROW, QueueModel
from desktop.shell import theme
from desktop.shell.language import Language
from sync.desk.projection import QueueRow

HEIGHT = 66
MARGIN = 12
GAP = 8

AnyIndex = QModelIndex | QPersistentModelIndex


class Pen:
    """Writes words from the left or the right of one line and remembers how much room is left."""

    def __init__(self, painter: QPainter, line: QRect) -> None:
        self._painter = painter
        self._line = QRect(line)

    def left(self, text: str, font: QFont, colour: str) -> None:
        """Words at the left end of what is free, cut with an ellipsis if they must be."""
        metrics = QFontMetrics(font)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self._line.width())
        self._write(self._line, shown, font, colour, Qt.AlignmentFlag.AlignLeft)
        self._line.setLeft(self._line.left() + metrics.horizontalAdvance(shown) + GAP)

    def right(self, text: str, font: QFont, colour: str) -> None:
        """Words at the right end."""
        self._write(self._line, text, font, colour, Qt.AlignmentFlag.AlignRight)
        self._line.setRight(self._line.right() - QFontMetrics(font).horizontalAdvance(text) - GAP)

    def badge(self, text: str, font: QFont, ground: str) -> None:
        """Words on a ground of their own, at the left end."""
        width = QFontMetrics(font).horizontalAdvance(text) + 14
        box = QRect(self._line.left(), self._line.top() + 2, width, self._line.height() - 4)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(QColor(ground))
        self._painter.drawRoundedRect(box, 4, 4)
        self._write(box, text, font, theme.PAPER, Qt.AlignmentFlag.AlignHCenter)
        self._line.setLeft(box.right() + GAP)

    def _write(self, box: QRect, text: str, font: QFont, colour: str, align: Qt.AlignmentFlag) -> None:
        self._painter.setFont(font)
        self._painter.setPen(QColor(colour))
        self._painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter, text)


class QueueDelegate(QStyledItemDelegate):
    """See the module."""

    def __init__(self, language: Language, parent: QWidget) -> None:
        super().__init__(parent)
        self._language = language

    def sizeHint(self, _option: QStyleOptionViewItem, _index: AnyIndex) -> QSize:
        return QSize(200, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, QueueRow):
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            box: QRect = option.rect
            _ground(painter, box, row, chosen=chosen)
            inside = box.adjusted(MARGIN + 4, 6, -MARGIN, -6)
            half = inside.height() // 2
            self._upper(Pen(painter, QRect(inside.left(), inside.top(), inside.width(), half)), row)
            model = index.model()
            waiting = model.waiting(row) if row.waiting and isinstance(model, QueueModel) else ""
            lower = QRect(inside.left(), inside.top() + half, inside.width(), half)
            self._lower(Pen(painter, lower), row, waiting)
            painter.restore()

    def _upper(self, pen: Pen, row: QueueRow) -> None:
        tell, bold, small = self._language, theme.font(bold=True), theme.font(theme.POINTS - 1)
        pen.right(tell.age(row.received_ms), small, theme.QUIET)
        colour = theme.PRIORITY[row.judgement.priority]
        pen.badge(f"P{row.judgement.priority}", bold, colour)
        if row.exercise:
            pen.badge(tell.text("EXERCISE"), theme.font(theme.POINTS - 1, bold=True), theme.EXERCISE)
        pen.left(tell.text(phrases.PRIORITY[row.judgement.priority]), bold, colour)

    def _lower(self, pen: Pen, row: QueueRow, waiting: str) -> None:
        tell, plain, small = self._language, theme.font(), theme.font(theme.POINTS - 1, bold=True)
        if waiting:
            pen.right(f"▲ {waiting}", small, theme.CUT)
        stage = tell.text(phrases.STAGE[row.state.stage])
        pen.right(f"● {stage}" if row.alarming else stage, small, theme.ALARM if row.alarming else theme.INK)
        pen.left(row.number, theme.font(theme.POINTS - 1), theme.QUIET)
        pen.left(row.place or tell.text("place not known"), plain, theme.INK)


def _ground(painter: QPainter, box: QRect, row: QueueRow, *, chosen: bool) -> None:
    pale = theme.ALARM_PALE if row.alarming else theme.PAPER
    painter.fillRect(box, QColor(theme.SELECTED if chosen else pale))
    if chosen or row.alarming:
        edge = QRect(box.left(), box.top(), 6, box.height())
        painter.fillRect(edge, QColor(theme.ALARM if row.alarming else theme.ACTION))
    painter.setPen(QPen(QColor(theme.LINE), 1))
    painter.drawLine(box.bottomLeft(), box.bottomRight())
    if chosen:
        painter.setPen(QPen(QColor(theme.ACTION), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(1, 1, -1, -2))
