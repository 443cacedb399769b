"""The embedded database: one file, one writer for the whole machine, readers beside it.

The version gate stands before anything is touched: a database of a newer version is refused and left as it is. Every
process that has it open holds a lock beside it, so that nobody replaces it under somebody's feet.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from sync import durable, sqlite
from sync.central.store import migrations
from sync.central.store.failures import (
    DatabaseDamagedError,
    DatabaseMissingError,
    KotaRunningError,
    NewerDatabaseError,
    StoreFailedError,
)
from sync.central.store.writer import Writer
from sync.occupancy import Occupancy

T = TypeVar("T")

TYPES = {"bytes": "BLOB", "serial": "INTEGER"}
# The database, its write-ahead log, and the index of that. A log must never come to lie beside another database.
PARTS = ("", "-wal", "-shm")


class File:
    """A database in ``file``."""

    readers = 4

    def __init__(self, file: Path) -> None:
        self._file = file

    def create(self, fill: Callable[[Connection], None]) -> None:
        """Make the file with all tables and what ``fill`` puts into them; whole, or not at all."""
        self._migrate(0, fill)

    def attend(self) -> Occupancy:
        """Say that somebody has it open. Raises `DatabaseMissingError`."""
        self.check_there()
        return Occupancy(self._file.with_suffix(".lock"), self._file)

    def check_there(self) -> None:
        """Raise `DatabaseMissingError` unless there is a file."""
        if not self._file.exists():
            raise DatabaseMissingError(file=self._file)

    def prepare(self) -> None:
        """Bring the tables to this program's version. Raises `NewerDatabaseError` or `DatabaseDamagedError`."""
        version = self._version()
        if version > migrations.VERSION:
            raise NewerDatabaseError
        if version == 0:
            # Ours are never empty.
            raise DatabaseDamagedError(file=self._file)
        if version < migrations.VERSION:
            self._migrate(version)

    def engine(self, *, read_only: bool) -> Engine:
        """Connections: several to read, each at one moment of the database, or the one to write."""
        engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite.connect(self._file, read_only=read_only),
            module=sqlite.dbapi,
            poolclass=QueuePool,
            pool_size=self.readers if read_only else 1,
            max_overflow=0,
            # Parameters are messages about people: they must not reach a log through an error.
            hide_parameters=True,
        )

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

        return engine

    def writer(self, committed: Callable[[Mapping[str, int]], None]) -> Writer:
        """The one writer."""
        return Writer(self.engine(read_only=False), committed, self.failure)

    def failure(self, error: DBAPIError) -> StoreFailedError:
        """What ``error`` says of the database."""
        return self._said(error.orig)

    def _said(self, error: BaseException | None) -> StoreFailedError:
        if error is not None and sqlite.error_name(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return DatabaseDamagedError(file=self._file)
        return StoreFailedError(type(error).__name__)

    def copy_into(self, copy: Path) -> None:
        """Write all of it, as it is at one moment, into the file ``copy``, which is empty; nobody waits for it.

        Raises `StoreFailedError`.
        """
        try:
            sqlite.copy_into(self._file, copy)
        except sqlite.WrongKeyError as error:
            raise DatabaseDamagedError(file=self._file) from error
        except sqlite.DatabaseError as error:
            raise self._said(error) from error

    @contextmanager
    def alone(self) -> Iterator["AloneWithFile"]:
        """What only somebody who is alone with the database may do. Raises `KotaRunningError`."""
        with (
            Occupancy(self._file.with_suffix(".lock"), self._file) as here,
            here.alone() as alone,
        ):
            if not alone:
                raise KotaRunningError
            yield AloneWithFile(self)

    @property
    def file(self) -> Path:
        return self._file

    def _version(self) -> int:
        try:
            connection = sqlite.connect(self._file, read_only=True)
        except (sqlite.WrongKeyError, sqlite.DatabaseError) as error:
            raise DatabaseDamagedError(file=self._file) from error
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        finally:
            connection.close()
        return int(version)

    def _migrate(self, least: int, fill: Callable[[Connection], None] | None = None) -> None:
        engine = self.engine(read_only=False)
        try:
            with engine.begin() as connection:
                # Inside the write lock: another process may just have done it.
                version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                for statement in migrations.statements(max(version, least), **TYPES):
                    connection.exec_driver_sql(statement)
                if fill is not None:
                    fill(connection)
                connection.exec_driver_sql(f"PRAGMA user_version = {migrations.VERSION}")
        except DBAPIError as error:
            if sqlite.error_name(error.orig or error) == "SQLITE_ERROR":
                # A mistake in a step; it says nothing of the database.
                raise
            raise self.failure(error) from error
        finally:
            engine.dispose()


class AloneWithFile:
    """Nobody else has ``database`` open, nor opens it meanwhile."""

    def __init__(self, database: File) -> None:
        self._database = database

    def look(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` finds, in a database of whatever version. Raises `StoreFailedError`."""
        return self._do(work, read_only=True)

    def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once it is on disk. Raises what `File.prepare` raises, and `StoreFailedError`."""
        self._database.check_there()
        self._database.prepare()
        return self._do(work, read_only=False)

    def _do(self, work: Callable[[Connection], T], *, read_only: bool) -> T:
        self._database.check_there()
        engine = self._database.engine(read_only=read_only)
        try:
            with engine.begin() as connection:
                return work(connection)
        except sqlite.WrongKeyError as error:
            raise DatabaseDamagedError(file=self._database.file) from error
        except DBAPIError as error:
            raise self._database.failure(error) from error
        finally:
            engine.dispose()

    def replace(self, by: Path, name: str) -> str | None:
        """Put the database in ``by``, which nobody has open, in its place; where the old one is kept, as ``name``.

        A crash between leaves no database at all, never the log of one beside another. Raises ``OSError``.
        """
        file = self._database.file
        kept = file.with_name(name)
        left = [part for part in (Path(f"{file}{part}") for part in PARTS) if part.exists()]
        if left:
            kept.mkdir(mode=0o700)
        for part in left:
            part.rename(kept / part.name)
        durable.sync_file(by)
        by.rename(file)
        durable.sync_folder(file.parent)
        return str(kept) if left else None
