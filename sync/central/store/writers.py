"""PostgreSQL: the writes of this process, by several threads, each in a transaction of its own.

It promises that a result is handed out only after its commit, and that a write that lost a race against another node
is done again, from its beginning. Work must therefore have no effect but on its connection.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError

from sync.central.store import feeds
from sync.central.store.failures import StoreFailedError

log = logging.getLogger(__name__)

T = TypeVar("T")

WRITERS = 8
ATTEMPTS = 5

# What the server calls the failures that another attempt may not meet again.
SERIALIZATION = "40001"
DEADLOCK = "40P01"
UNIQUE = "23505"


class Writers:
    """Several threads that write.

    ``committed`` is called in them after each commit, before its result is handed out, with the feeds that grew.
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
        self._threads = ThreadPoolExecutor(WRITERS, thread_name_prefix="kota-writer")

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Begin ``work``, perhaps more than once. The result comes after the commit; an exception comes unchanged.

        `StoreFailedError` comes when the database failed.
        """
        return self._threads.submit(self._write, work)

    def close(self) -> None:
        """Finish what waits, then let go of the server."""
        self._threads.shutdown()
        self._engine.dispose()

    def _write(self, work: Callable[[Connection], T]) -> T:
        for left in reversed(range(ATTEMPTS)):
            try:
                with self._engine.connect() as connection:
                    # What an attempt that was given up left over.
                    feeds.grown(connection)
                    with connection.begin():
                        result = work(connection)
                    grown = feeds.grown(connection)
            except DBAPIError as error:
                if left and _worth_another(error):
                    log.info("a write is done again: %s", state_of(error) or "connection lost")
                    continue
                if isinstance(error, OperationalError | InternalError):
                    raise self._failure(error) from error
                raise
            self._committed(grown)
            return result
        raise AssertionError("the last attempt returns or raises")


def _worth_another(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if isinstance(error, IntegrityError):
        return state_of(error) == UNIQUE
    return state_of(error) in {SERIALIZATION, DEADLOCK}


def state_of(error: DBAPIError) -> str | None:
    """What the server calls the failure; None if it did not say anything."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state
