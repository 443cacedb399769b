"""The queue on the left of the window; or, when it is empty, what that emptiness is worth.

It must never jump under the hand: what is chosen stays chosen, and stays where it is on the screen.
"""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QListView, QStackedLayout, QVBoxLayout, QWidget

from desktop.queue.delegate import HEIGHT, QueueDelegate
from desktop.queue.model import ROW, QueueModel
from desktop.shell import theme
from desktop.shell.language import Language
from desktop.shell.parts import label, name
from desktop.shell.sign import Sign
from desktop.shell.truth import Shape
from sync.desk.projection import DeskStatus, Link, QueueRow

WIDTH = 430
WIDEST = 16_777_215


class QueueView(QWidget):
    """`chosen` carries the alert id when the officer goes to another alert, on the GUI thread."""

    chosen = Signal(str)

    def __init__(self, language: Language, model: QueueModel) -> None:
        super().__init__()
        self._language = language
        self._model = model
        self._status: DeskStatus | None = None
        self.list = QListView()
        self.list.setModel(model)
        self.list.setItemDelegate(QueueDelegate(language, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.verticalScrollBar().setSingleStep(HEIGHT // 2)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.selectionModel().currentChanged.connect(self._on_current)
        self._title = label("heading")
        self._sign, self._nothing, self._because = Sign(110), label("title", wraps=True), label(wraps=True)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.list)
        self._empty = self._emptiness()
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 4, 8)
        column.addWidget(self._title)
        column.addLayout(self._stack, 1)
        language.changed.connect(self.retranslate)
        self.retranslate()

    def _emptiness(self) -> QWidget:
        page = QWidget()
        page.setObjectName("emptiness")
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(14)
        column.addStretch(1)
        column.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignHCenter)
        for line in (self._nothing, self._because):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(line)
        column.addStretch(2)
        return page

    def refresh(self) -> None:
        """Something about the alerts changed: read them anew, and leave everything where it is on the screen."""
        current = self.list.currentIndex()
        scroll = self.list.verticalScrollBar()
        offset = current.row() * HEIGHT - scroll.value() if current.isValid() else None
        self._model.refresh()
        after = self.list.currentIndex()
        in_sight = offset is not None and -HEIGHT < offset < self.list.viewport().height()
        if after.isValid() and offset is not None and in_sight and scroll.value() > 0:
            scroll.setValue(after.row() * HEIGHT - offset)
        self.list.viewport().update()
        self._retell()

    @property
    def empty(self) -> bool:
        return self._model.rowCount() == 0

    def show_status(self, status: DeskStatus) -> None:
        """The facts of this second: ages in the list go on, and emptiness may mean something else."""
        self._status = status
        self.list.viewport().update()
        self._retell()

    def choose(self, number: int) -> bool:
        """Go to the alert of that row number; False if the queue does not have it (yet)."""
        index = self._model.place_of(number)
        if index.isValid() and index != self.list.currentIndex():
            self.list.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
            self.list.scrollTo(index)
        return index.isValid()

    def chosen_id(self) -> str | None:
        """The alert that is chosen."""
        row = self.list.currentIndex().data(ROW)
        return row.alert_id if isinstance(row, QueueRow) else None

    def retranslate(self) -> None:
        self.list.setAccessibleName(self._language.text("Incoming queue"))
        self.list.viewport().update()
        self._retell()

    def _on_current(self, current: QModelIndex, _before: QModelIndex) -> None:
        row = current.data(ROW)
        if isinstance(row, QueueRow):
            # Getting the keyboard makes a row current without choosing it; here the two are one.
            self.list.selectionModel().select(current, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.chosen.emit(row.alert_id)

    def _retell(self) -> None:
        tell, count = self._language, self._model.rowCount()
        title = tell.text("Incoming queue")
        name(self._title, f"{title}  ({count})" if count else title)
        self._stack.setCurrentIndex(0 if count else 1)
        # Emptiness has the whole room: what it is worth must be seen from across it.
        self.setMinimumWidth(WIDTH)
        self.setMaximumWidth(WIDTH if count else WIDEST)
        if count or self._status is None:
            return
        if self._status.link is Link.CONNECTED and self._status.in_step:
            shape, ink, ground = Shape.TICK, theme.SURE, theme.PAPER
            sentence = tell.text("No alerts now; the link is working")
            because = tell.text("A new alert appears and sounds by itself.")
        elif self._status.link is Link.NOT_CONNECTED:
            shape, ink, ground = Shape.CUT, theme.CUT, theme.CUT_PALE
            sentence = tell.text("NO CONTACT with Kota: there may be alerts that are not here")
            because = tell.text("Phone Kota and ask. What you record here is kept and sent later.")
        else:
            shape, ink, ground = Shape.ASKING, theme.UNSURE, theme.PANEL
            sentence = tell.text("Not yet known whether there are alerts")
            because = tell.text("This PC is asking Kota.")
        self._sign.show_shape(shape, ink, theme.PAPER)
        name(self._nothing, sentence)
        name(self._because, because)
        self._empty.setStyleSheet(
            f"#emptiness {{ background: {ground}; border: 1px solid {theme.LINE}; }} #emptiness QLabel {{ color: {ink}; }}"
        )
