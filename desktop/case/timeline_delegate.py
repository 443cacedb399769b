"""How a line of the timeline looks: a heading with its delivery mark, and the words wrapped below, however long."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from desktop.case import timeline_text
from desktop.shell import sign, theme
from desktop.shell.language import Language
from sync.desk.projection import Delivery, TimelineLine

LINE = Qt.ItemDataRole.UserRole

MARGIN = 10
SIGN = 16
COLOUR = {
    Delivery.AT_KOTA: theme.SURE,
    Delivery.SAVED_HERE: theme.CUT,
    Delivery.REFUSED: theme.ALARM,
}

AnyIndex = QModelIndex | QPersistentModelIndex


class TimelineDelegate(QStyledItemDelegate):
    """See the module. Heights follow the width of the view."""

    def __init__(self, language: Language, view: QListView) -> None:
        super().__init__(view)
        self._language = language
        self._view = view

    def sizeHint(self, _option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        line = index.data(LINE)
        width = self._view.viewport().width()
        if not isinstance(line, TimelineLine):
            return QSize(width, 0)
        words = self._words(line, width - 2 * MARGIN)
        return QSize(width, int(words.boundingRect().height()) + self._heading_height() + 2 * MARGIN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        line = index.data(LINE)
        if not isinstance(line, TimelineLine):
            return
        painter.save()
        box: QRect = option.rect
        inside = box.adjusted(MARGIN, MARGIN // 2, -MARGIN, -MARGIN // 2)
        heading = QRect(inside.left(), inside.top(), inside.width(), self._heading_height())
        if line.delivery is Delivery.REFUSED:
            painter.fillRect(box, QColor(theme.ALARM_PALE))
        self._paint_heading(painter, heading, line)
        words = self._words(line, inside.width())
        painter.setPen(QColor(theme.INK))
        words.draw(painter, QPointF(inside.left(), heading.bottom() + 1))
        painter.setPen(QColor(theme.LINE))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.restore()

    def _paint_heading(self, painter: QPainter, box: QRect, line: TimelineLine) -> None:
        colour = QColor(COLOUR[line.delivery])
        mark, small = timeline_text.mark_of(line, self._language), theme.font(theme.POINTS - 1, bold=True)
        painter.setFont(small)
        painter.setPen(colour)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, mark)
        width = QFontMetrics(small).horizontalAdvance(mark)
        shape = QRectF(box.right() - width - SIGN - 5, box.center().y() - SIGN / 2 + 1, SIGN, SIGN)
        sign.draw(painter, shape, timeline_text.SHAPE[line.delivery], colour, QColor(theme.PAPER))
        plain = theme.font(theme.POINTS - 1)
        room = int(shape.left()) - box.left() - 10
        heading = timeline_text.heading(line, self._language)
        shown = QFontMetrics(plain).elidedText(heading, Qt.TextElideMode.ElideRight, room)
        painter.setFont(plain)
        painter.setPen(QColor(theme.QUIET))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _words(self, line: TimelineLine, width: int) -> QTextLayout:
        parts = (timeline_text.body(line, self._language), timeline_text.refusal(line, self._language))
        return wrapped("\n".join(part for part in parts if part), theme.font(), width)

    @staticmethod
    def _heading_height() -> int:
        return QFontMetrics(theme.font(theme.POINTS - 1, bold=True)).height() + 2


def wrapped(text: str, font: QFont, width: int) -> QTextLayout:
    """``text`` laid out in lines of ``width`` pixels, broken between words, and inside one only if it must be."""
    layout = QTextLayout(text.replace("\n", "\u2028"), font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    height = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(20, width))
        line.setPosition(QPointF(0, height))
        height += line.height()
    layout.endLayout()
    return layout
