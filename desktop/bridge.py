"""The one door between threads and Qt.

Inwards: the desk's link threads call `Bridge.notify`; the window hears `Bridge.changed` on the GUI thread, the first
change at once and then at most one every 100 ms, each the sum of what happened meanwhile. Outwards: every write runs
on the store lane, one at a time and in order, and its result comes back on the GUI thread. Only frozen values cross.
Nothing here may wait on the GUI thread, except `close`, which lets the lane finish what was promised.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from sync.desk.projection import Changed
from sync.words import SpokenError

QUIET_MS = 100

T = TypeVar("T")


class Bridge(QObject):
    """See the module. `changed` carries a `Changed`, on the GUI thread."""

    changed = Signal(object)
    _arrived = Signal(object)
    _finished = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._lane = ThreadPoolExecutor(1, "store-lane")
        self._pending = Changed()
        self._quiet = QTimer(self, interval=QUIET_MS, singleShot=True)
        self._quiet.timeout.connect(self._pass_on)
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        self._open = True

    def notify(self, change: Changed) -> None:
        """Something changed; may be called on any thread."""
        if self._open:
            self._arrived.emit(change)

    def submit(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[SpokenError], None] | None = None,
    ) -> None:
        """Run ``work`` on the store lane; then ``done`` with its result, or ``failed``, on the GUI thread.

        A `SpokenError` that nobody asked for, like every other exception, is raised on the GUI thread: a bug.
        """
        if not self._open:
            return

        def settle(future: Future[T]) -> None:
            error = future.exception()
            if isinstance(error, SpokenError) and failed is not None:
                failed(error)
            elif error is not None:
                raise error
            elif done is not None:
                done(future.result())

        def hand_over(future: Future[T]) -> None:
            self._finished.emit(lambda: settle(future))

        self._lane.submit(work).add_done_callback(hand_over)

    def close(self) -> None:
        """Finish what is on the lane, deliver nothing more."""
        self._lane.shutdown(wait=True)
        self._open = False
        self._quiet.stop()

    def _on_arrived(self, change: Changed) -> None:
        self._pending |= change
        if not self._quiet.isActive():
            self._pass_on()

    def _pass_on(self) -> None:
        if self._pending and self._open:
            change, self._pending = self._pending, Changed()
            self._quiet.start()
            self.changed.emit(change)

    def _on_finished(self, settle: Callable[[], None]) -> None:
        if self._open:
            settle()
