"""The queue as a Qt model: row numbers in order, and rows fetched by the page when somebody looks.

Rows keep their identity (the row number) through every refresh, so that selection and scroll position stay with the
alert when others arrive, move or go. It must never fetch more than is looked at.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from desktop.queue import phrases
from desktop.shell.language import Language
from sync.desk.projection import QueueRow

PAGE = 64
# More changes than this at once (the first fill, a snapshot) are a new list, not a changed one.
RESET_ABOVE = 200

ROW = Qt.ItemDataRole.UserRole

AnyIndex = QModelIndex | QPersistentModelIndex


class QueueModel(QAbstractListModel):
    """``numbers`` gives the order, ``fetch`` the rows for some of the numbers; both read at once, on the GUI thread."""

    def __init__(
        self,
        language: Language,
        numbers: Callable[[], Sequence[int]],
        fetch: Callable[[Sequence[int]], list[QueueRow]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._language = language
        self._numbers_now = numbers
        self._fetch = fetch
        self._numbers: list[int] = []
        self._pages: dict[int, dict[int, QueueRow]] = {}

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self._numbers)

    def columnCount(self, _parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        # Private in Qt's list model as the binding sees it; a screen reader may still ask.
        return 1

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if role == ROW:
            return self.row_at(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            row = self.row_at(index.row())
            return None if row is None else self.spoken(row)
        return None

    def row_at(self, place: int) -> QueueRow | None:
        """The row in that place; None if the store has lost it since the order was read."""
        page = place // PAGE
        if page not in self._pages:
            wanted = self._numbers[page * PAGE : (page + 1) * PAGE]
            self._pages[page] = {row.row: row for row in self._fetch(wanted)}
        return self._pages[page].get(self._numbers[place])

    def place_of(self, number: int) -> QModelIndex:
        """Where the alert of that row number stands; invalid if it is not in the queue."""
        return self.index(self._numbers.index(number)) if number in self._numbers else QModelIndex()

    def spoken(self, row: QueueRow) -> str:
        """The row as one sentence: what a screen reader says."""
        tell = self._language
        words = [
            f"P{row.judgement.priority}",
            tell.text(phrases.PRIORITY[row.judgement.priority]),
            row.number,
            row.place,
            tell.text(phrases.STAGE[row.state.stage]),
            tell.age(row.received_ms),
        ]
        if row.exercise:
            words.insert(0, tell.text("EXERCISE"))
        if row.waiting:
            words.append(
                tell.count(
                    "{n} entry saved here, not yet at Kota",
                    "{n} entries saved here, not yet at Kota",
                    row.waiting,
                )
            )
        return ", ".join(word for word in words if word)

    def waiting(self, row: QueueRow) -> str:
        """How many entries on it have not reached Kota, in few letters."""
        return self._language.count("{n} here", "{n} here", row.waiting)

    def refresh(self) -> None:
        """Read the order anew and become it, keeping the identity of every row that stays."""
        wanted = list(self._numbers_now())
        self._pages.clear()
        before, after = set(self._numbers), set(wanted)
        if len(before ^ after) > RESET_ABOVE:
            self.beginResetModel()
            self._numbers = wanted
            self.endResetModel()
            return
        self._remove(before - after)
        self._reorder([number for number in wanted if number in before])
        self._insert(wanted, after - before)
        if wanted:
            self.dataChanged.emit(self.index(0), self.index(len(wanted) - 1))

    def _remove(self, gone: set[int]) -> None:
        for place in range(len(self._numbers) - 1, -1, -1):
            if self._numbers[place] in gone:
                self.beginRemoveRows(QModelIndex(), place, place)
                del self._numbers[place]
                self._pages.clear()
                self.endRemoveRows()

    def _reorder(self, order: list[int]) -> None:
        if order == self._numbers:
            return
        self.layoutAboutToBeChanged.emit()
        kept = [(index, self._numbers[index.row()]) for index in self.persistentIndexList()]
        self._numbers = order
        self._pages.clear()
        places = {number: place for place, number in enumerate(order)}
        self.changePersistentIndexList(
            [index for index, _ in kept], [self.index(places[number]) for _, number in kept]
        )
        self.layoutChanged.emit()

    def _insert(self, wanted: list[int], new: set[int]) -> None:
        for place, number in enumerate(wanted):
            if number in new:
                self.beginInsertRows(QModelIndex(), place, place)
                self._numbers.insert(place, number)
                self._pages.clear()
                self.endInsertRows()
