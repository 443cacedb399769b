"""What happened, oldest first: who, of which unit, when, what, and how far it has got on its way to Kota."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QListView

from desktop.case.timeline_delegate import LINE, TimelineDelegate
from desktop.case.timeline_text import spoken
from desktop.shell.language import Language
from sync.desk.projection import TimelineLine

AnyIndex = QModelIndex | QPersistentModelIndex


class TimelineModel(QAbstractListModel):
    """The lines of one case. Lines at the end are added, known ones are updated; anything else is a new list."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._lines: tuple[TimelineLine, ...] = ()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, _parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        # Private in Qt's list model as the binding sees it; a screen reader may still ask.
        return 1

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        line = self._lines[index.row()]
        if role == LINE:
            return line
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return spoken(line, self._language)
        return None

    def show_lines(self, lines: Sequence[TimelineLine]) -> None:
        """These are the lines now."""
        new, known = tuple(lines), len(self._lines)
        if [line.entry_id for line in new[:known]] != [line.entry_id for line in self._lines]:
            self.beginResetModel()
            self._lines = new
            self.endResetModel()
            return
        if len(new) > known:
            self.beginInsertRows(QModelIndex(), known, len(new) - 1)
            self._lines = new
            self.endInsertRows()
        if known:
            self._lines = new
            self.dataChanged.emit(self.index(0), self.index(known - 1))


class TimelineView(QListView):
    """The lines, wrapped to the width there is; it stays at the newest if it stood there."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._model = TimelineModel(language)
        self.setModel(self._model)
        self.setItemDelegate(TimelineDelegate(language, self))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self._at_end = True
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().rangeChanged.connect(self._on_range)

    def show_lines(self, lines: Sequence[TimelineLine], *, from_end: bool = False) -> None:
        """These are the lines now; ``from_end`` goes to the newest whatever was looked at."""
        self._at_end = self._at_end or from_end
        self._model.show_lines(lines)
        self.setAccessibleName(self._language.text("Timeline"))
        self.scheduleDelayedItemsLayout()

    def _on_scrolled(self, value: int) -> None:
        self._at_end = value >= self.verticalScrollBar().maximum()

    def _on_range(self, _least: int, most: int) -> None:
        # Heights are known only after the layout; the end moves with them.
        if self._at_end:
            self.verticalScrollBar().setValue(most)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()
