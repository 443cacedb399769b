"""Kota's database, whichever it is: reading and writing for everybody else.

A `Place` is where it is: a file is an embedded SQLite, the address of a server a PostgreSQL. What is particular to
either is said in a module of its own, and nowhere else.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from sync.case.unit import Unit
from sync.central.store import directory, feeds, tables
from sync.central.store.failures import (
    DatabaseAddressError,
    DatabaseDamagedError,
    DriverMissingError,
    NewerDatabaseError,
    StoreFailedError,
)
from sync.central.store.sqlite import File

__all__ = [
    "Connection",
    "DatabaseDamagedError",
    "NewerDatabaseError",
    "Place",
    "Store",
    "StoreFailedError",
    "create",
    "server",
]

T = TypeVar("T")
Place = Path | URL

EPOCH = "epoch"


class _Writer(Protocol):
    """Whoever writes for this process."""

    def submit(self, work: Callable[[Connection], T]) -> Future[T]: ...

    def close(self) -> None: ...


class _Database(Protocol):
    """What each kind of database knows to do."""

    @property
    def readers(self) -> int: ...

    def create(self, fill: Callable[[Connection], None]) -> None: ...

    def prepare(self) -> None: ...

    def engine(self, *, read_only: bool) -> Engine: ...

    def writer(self, committed: Callable[[Mapping[str, int]], None]) -> _Writer: ...


def server(address: str, password: str | None) -> Place:
    """The PostgreSQL database at ``address``; without ``password`` the driver asks its own files and variables.

    Raises `DatabaseAddressError` if it is no such address, or holds a password.
    """
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise DatabaseAddressError from error
    if url.drivername != "postgresql" or not url.database or url.password or "password" in url.query:
        raise DatabaseAddressError
    return url.set(password=password)


def create(place: Place, units: Iterable[Unit], epoch: str) -> None:
    """A new database with an empty feed for each of ``units``; whole, or not at all.

    Raises what the kind of database raises.
    """

    def fill(connection: Connection) -> None:
        connection.execute(tables.meta.insert().values(name=EPOCH, value=epoch))
        directory.add_units(connection, units)
        feeds.open_feeds(connection, units)

    _at(place).create(fill)


def _at(place: Place) -> _Database:
    if isinstance(place, Path):
        return File(place)
    try:
        # Here, because its driver is an optional part and slow to load.
        from sync.central.store.postgresql import Server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise DriverMissingError from error
    return Server(place)


class Store:
    """An open database: writing, and several readers. Close it, or use it as a context.

    Raises what the kind of database raises when it cannot be used. Each ``read`` sees one moment of the database; each
    ``write`` is durable when it returns. The functions passed in must not keep the connection, and must have no other
    effect: they may be called again when something came between.
    """

    def __init__(self, place: Place) -> None:
        database = _at(place)
        database.prepare()
        self._committed: Callable[[Mapping[str, int]], None] = lambda _: None
        self._read_engine = database.engine(read_only=True)
        self._readers = ThreadPoolExecutor(database.readers, thread_name_prefix="kota-reader")
        self._writer = database.writer(self._announce)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def on_commit(self, committed: Callable[[Mapping[str, int]], None]) -> None:
        """Have ``committed`` called after each commit of this process, in a writer's thread; it must be quick.

        It gets the units whose feeds the commit has made grow, and how far each reaches now.
        """
        self._committed = committed

    def _announce(self, grown: Mapping[str, int]) -> None:
        self._committed(grown)

    async def read(self, look: Callable[[Connection], T]) -> T:
        """What ``look`` finds, without holding up the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, look)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once it is on disk."""
        return await asyncio.wrap_future(self._writer.submit(work))

    def read_now(self, look: Callable[[Connection], T]) -> T:
        """`read` for callers without an event loop."""
        for again in (True, False):
            try:
                with self._read_engine.begin() as connection:
                    return look(connection)
            except DBAPIError as error:
                # All idle connections are gone when one is; the next is new.
                if not (again and error.connection_invalidated):
                    raise StoreFailedError(type(error).__name__) from error
        raise AssertionError("the second time returns or raises")

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """`write` for callers without an event loop."""
        return self._writer.submit(work).result()

    def epoch(self) -> str:
        """The name of this history."""
        rows: list[Any] = self.read_now(lambda c: list(c.execute(tables.meta.select())))
        return str({row.name: row.value for row in rows}[EPOCH])

    def close(self) -> None:
        """Finish what waits, then let go of the database."""
        self._writer.close()
        self._readers.shutdown()
        self._read_engine.dispose()
