"""Open or create Kota's database; reading and writing for everybody else.

The version gate stands before anything is touched: a database of a newer version is refused and left as it is. What
is particular to SQLite is said here and nowhere else.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from sync import sqlite
from sync.case.unit import Unit
from sync.central.store import directory, feeds, tables
from sync.central.store.writer import StoreFailedError, Writer
from sync.words import SpokenError, mark

__all__ = ["Connection", "DatabaseDamagedError", "NewerDatabaseError", "Store", "StoreFailedError", "create"]

T = TypeVar("T")

READERS = 4
EPOCH = "epoch"


class NewerDatabaseError(SpokenError):
    """A newer program has written this database."""

    sentence = mark(
        "The database was made by a newer version of this program; install that version. Nothing was changed."
    )


class DatabaseDamagedError(SpokenError):
    """It is not a database of ours, or no longer one."""

    sentence = mark(
        "{file} is not a readable Kota database; keep the file and restore a backup. Nothing was changed."
    )


def _engine(file: Path, *, read_only: bool, size: int) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite.connect(file, read_only=read_only),
        module=sqlite.dbapi,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        # Parameters are messages about people: they must not reach a log through an error.
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def create(file: Path, units: Iterable[Unit], epoch: str) -> None:
    """A new database with an empty feed for each of ``units``; whole, or not at all."""
    engine = _engine(file, read_only=False, size=1)
    try:
        with engine.begin() as connection:
            tables.metadata.create_all(connection)
            connection.execute(tables.meta.insert().values(name=EPOCH, value=epoch))
            directory.add_units(connection, units)
            feeds.open_feeds(connection, units)
            connection.exec_driver_sql(f"PRAGMA user_version = {tables.VERSION}")
    finally:
        engine.dispose()


def _check(file: Path) -> None:
    try:
        connection = sqlite.connect(file, read_only=True)
    except (sqlite.WrongKeyError, sqlite.DatabaseError) as error:
        raise DatabaseDamagedError(file=file) from error
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    finally:
        connection.close()
    if version > tables.VERSION:
        raise NewerDatabaseError
    if version < tables.VERSION:
        raise DatabaseDamagedError(file=file)


class Store:
    """An open database: one writer, a few readers. Close it, or use it as a context.

    Raises `NewerDatabaseError` or `DatabaseDamagedError`. Each ``read`` sees one moment of the database; each
    ``write`` is durable when it returns. The functions passed in must not keep the connection.
    """

    def __init__(self, file: Path) -> None:
        _check(file)
        self._committed: Callable[[], None] = lambda: None
        self._write_engine = _engine(file, read_only=False, size=1)
        self._read_engine = _engine(file, read_only=True, size=READERS)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="kota-reader")
        self._writer = Writer(self._write_engine, self._announce)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def on_commit(self, committed: Callable[[], None]) -> None:
        """Have ``committed`` called after each commit of this process, in the writer's thread; it must be quick."""
        self._committed = committed

    def _announce(self) -> None:
        self._committed()

    async def read(self, look: Callable[[Connection], T]) -> T:
        """What ``look`` finds, without holding up the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, look)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once it is on disk."""
        return await asyncio.wrap_future(self._writer.submit(work))

    def read_now(self, look: Callable[[Connection], T]) -> T:
        """`read` for callers without an event loop."""
        try:
            with self._read_engine.begin() as connection:
                return look(connection)
        except DBAPIError as error:
            raise StoreFailedError(type(error).__name__) from error

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """`write` for callers without an event loop."""
        return self._writer.submit(work).result()

    def epoch(self) -> str:
        """The name of this history."""
        rows: list[Any] = self.read_now(lambda c: list(c.execute(tables.meta.select())))
        return str({row.name: row.value for row in rows}[EPOCH])

    def close(self) -> None:
        """Finish what waits, then let go of the file."""
        self._writer.close()
        self._readers.shutdown()
        self._read_engine.dispose()
        self._write_engine.dispose()
