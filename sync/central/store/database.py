"""Kota's database, whichever it is: reading and writing for everybody else.

A `Place` is where it is: a file is an embedded SQLite, the address of a server a PostgreSQL. What is particular to
either is said in a module of its own, and nowhere else.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from sync.case.unit import Unit
from sync.central.store import directory, feeds, meta
from sync.central.store.failures import (
    DatabaseAddressError,
    DatabaseDamagedError,
    DatabaseReplacedError,
    DriverMissingError,
    NewerDatabaseError,
    StoreFailedError,
)
from sync.central.store.sqlite import AloneWithFile, File

__all__ = [
    "Connection",
    "DatabaseDamagedError",
    "DatabaseReplacedError",
    "NewerDatabaseError",
    "Place",
    "Store",
    "StoreFailedError",
    "create",
    "server",
]

T = TypeVar("T")
Place = Path | URL


class _Writer(Protocol):
    """Whoever writes for this process."""

    def submit(self, work: Callable[[Connection], T]) -> Future[T]: ...

    def close(self) -> None: ...


class Alone(Protocol):
    """What somebody may do who is alone with a database; see `alone`."""

    def look(self, work: Callable[[Connection], T]) -> T: ...

    def write(self, work: Callable[[Connection], T]) -> T: ...

    def replace(self, by: Path, name: str) -> str | None: ...


class _Database(Protocol):
    """What each kind of database knows to do."""

    @property
    def readers(self) -> int: ...

    def create(self, fill: Callable[[Connection], None]) -> None: ...

    def attend(self) -> AbstractContextManager[object]: ...

    def prepare(self) -> None: ...

    def copy_into(self, copy: Path) -> None: ...

    def alone(self) -> AbstractContextManager[Alone]: ...

    def failure(self, error: DBAPIError) -> StoreFailedError: ...

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
        meta.save(connection, meta.EPOCH, epoch)
        directory.add_units(connection, units)
        feeds.open_feeds(connection, units)

    _at(place).create(fill)


def copy(place: Place, into: Path) -> None:
    """Write all that is at ``place``, as it is at one moment, into the empty file ``into``, which becomes an SQLite database.

    Nobody waits for it. Raises `StoreFailedError`, and what the kind of database raises.
    """
    _at(place).copy_into(into)


def alone(place: Place) -> AbstractContextManager[Alone]:
    """Keep everybody else away from the database at ``place`` meanwhile. Raises `KotaRunningError` if somebody is there."""
    return _at(place).alone()


def own(file: Path) -> Alone:
    """The database in a ``file`` that nobody else knows of."""
    return AloneWithFile(File(file))


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
        with ExitStack() as undo:
            undo.enter_context(database.attend())
            database.prepare()
            self._attending = undo.pop_all()
        self._failure = database.failure
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
                    raise self._failure(error) from error
        raise AssertionError("the second time returns or raises")

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """`write` for callers without an event loop."""
        return self._writer.submit(work).result()

    def epoch(self) -> str:
        """The name of this history."""
        return str(self.read_now(lambda c: meta.find(c, meta.EPOCH)))

    def close(self) -> None:
        """Finish what waits, then let go of the database."""
        self._writer.close()
        self._readers.shutdown()
        self._read_engine.dispose()
        self._attending.close()
