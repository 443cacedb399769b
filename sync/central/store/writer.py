"""SQLite: every write of this process, by one thread, with one commit for everything that waits.

It promises that a result is handed out only after the commit it belongs to is on disk, and that a write that fails
takes nothing with it: each runs in a savepoint of its own. It must never let half a write be committed.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from sync.central.store import feeds
from sync.central.store.failures import DatabaseDamagedError, StoreFailedError

T = TypeVar("T")

# Enough to make a commit worth its fsync; small enough that nobody waits long for strangers.
BATCH = 256


class _Write(Generic[T]):
    """One write that waits: what to do, and the promise of its result."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.future: Future[T] = Future()
        self._work = work
        self._result: Callable[[], T] | None = None
        self._error: Exception | None = None
        self.grown: Mapping[str, int] = {}

    def run(self, connection: Connection, failure: Callable[[DBAPIError], StoreFailedError]) -> None:
        """Do it in a savepoint; keep the result, or the failure, for after the commit."""
        try:
            with connection.begin_nested():
                result = self._work(connection)
        except Exception as error:
            # Handed to whoever waits for this write, after the others are safe. No feed has grown by it.
            feeds.grown(connection)
            self._error = _said(error, failure)
            if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                # SQLite gave up the whole transaction, not only ours: a later statement would run outside of it.
                raise StoreFailedError from error
        else:
            self._result = lambda: result
            self.grown = feeds.grown(connection)

    def settle(self) -> None:
        """After the commit: tell whoever waits."""
        if self._result is not None:
            self.future.set_result(self._result())
        else:
            self.future.set_exception(self._error)


def _said(error: Exception, failure: Callable[[DBAPIError], StoreFailedError]) -> Exception:
    """``error``, unless it says something of the database and nothing of the work."""
    if not isinstance(error, DBAPIError):
        return error
    said = failure(error)
    return said if isinstance(error, OperationalError) or isinstance(said, DatabaseDamagedError) else error


class Writer:
    """The thread that writes.

    ``committed`` is called in it after each commit, before any result is handed out, with the feeds that grew.
    """

    def __init__(
        self,
        engine: Engine,
        committed: Callable[[Mapping[str, int]], None],
        failure: Callable[[DBAPIError], StoreFailedError],
    ) -> None:
        self._engine = engine
        self._committed = committed
        self._failure = failure
        self._waiting: SimpleQueue[_Write[object] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="kota-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Queue ``work``. The result comes after the commit; an exception of ``work`` comes unchanged.

        `StoreFailedError` comes when the database failed, in ``work`` or in the commit.
        """
        write = _Write(work)
        self._waiting.put(write)  # type: ignore[arg-type]  # its result goes back into the same write
        return write.future

    def close(self) -> None:
        """Finish what waits, then let go of the file."""
        self._waiting.put(None)
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        with self._engine.connect() as connection:
            more = True
            while more:
                batch, more = self._gather()
                if batch:
                    self._commit(connection, batch)

    def _gather(self) -> tuple[list[_Write[object]], bool]:
        batch: list[_Write[object]] = []
        try:
            write = self._waiting.get()
            while write is not None:
                if write.future.set_running_or_notify_cancel():
                    batch.append(write)
                if len(batch) == BATCH:
                    return batch, True
                write = self._waiting.get_nowait()
        except Empty:
            return batch, True
        return batch, False

    def _commit(self, connection: Connection, batch: list[_Write[object]]) -> None:
        try:
            with connection.begin():
                for write in batch:
                    write.run(connection, self._failure)
        except (DBAPIError, StoreFailedError) as error:
            for write in batch:
                write.future.set_exception(
                    self._failure(error) if isinstance(error, DBAPIError) else StoreFailedError()
                )
            return
        self._committed({unit: end for write in batch for unit, end in write.grown.items()})
        for write in batch:
            write.settle()
