"""The desk's database file: who may write when, and how its failures are said.

One connection writes, one transaction at a time, each on the disk (``synchronous=FULL``) before `Database.write`
returns. Readers have connections of their own, each used by one thread at a time, and see a consistent state. A
second process may have the same file open: every writer takes the write lock before it reads what it builds on.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import sqlalchemy
from sqlalchemy import Connection, Engine, NullPool, QueuePool, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from sync import sqlite
from sync.desk import errors
from sync.desk.store import migrations

# What the functions of this package work on; others pass it through without knowing what it is.
__all__ = ["Connection", "Database"]

T = TypeVar("T")

IDLE_READERS = 4


class Database:
    """An open database. Thread-safe."""

    def __init__(self, file: Path, key: bytes) -> None:
        """Open ``file``, creating it if it is not there. Raises the `errors.DeskError` that fits."""
        self._file = file
        self._key = key
        self._wiped = self._damaged = False
        with _said(), _home_of(file):
            if file.exists():
                _refuse_newer(file, key)
            self._writing = _engine(file, key, read_only=False)
            self._reading = _engine(file, key, read_only=True)
            self._lock = threading.Lock()
            self._writer = self._writing.connect()
        try:
            self.write(_migrate)
        except BaseException:
            self.close()
            raise

    def write(self, change: Callable[[Connection], T]) -> T:
        """What ``change`` returns, once all it wrote is on the disk; if it raises, nothing was written."""
        with self._lock, self._said():
            self._refuse()
            with self._writer.begin():
                return change(self._writer)

    def read(self, look: Callable[[Connection], T]) -> T:
        """What ``look`` returns; all its queries see the same state."""
        self._refuse()
        with self._said(), self._reading.connect() as connection:
            return look(connection)

    def sound(self) -> bool:
        """Whether SQLite finds every page of the file, and every index, as it should be."""
        found = self.read(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalars().all())
        return found == ["ok"]

    def quickly_sound(self) -> bool:
        """`sound` but for what indexes say of their tables; a second or less for each 100,000 events."""
        with self._said():
            if sqlite.sound(self._file, key=self._key):
                return True
            self._meet_damage()
            return False

    def copy_into(self, file: Path) -> None:
        """Write the whole database, as it is at one moment, into a new ``file`` under the same key."""
        with self._said():
            sqlite.copy_into(self._file, file, key=self._key)

    @property
    def bytes(self) -> int:
        """The size of the file, without its write-ahead log."""
        return self._file.stat().st_size

    @property
    def folder(self) -> Path:
        """The folder that holds the file."""
        return self._file.parent

    def retire(self) -> None:
        """Close for good, for a wipe: whoever reads or writes from now on gets `errors.WipedError`."""
        self._wiped = True
        self.close()

    def _refuse(self) -> None:
        if self._wiped:
            raise errors.WipedError
        if self._damaged:
            raise errors.DatabaseDamagedError

    @contextmanager
    def _said(self) -> Iterator[None]:
        """From the first damage on nothing more is read or written: it would be built on what nobody can vouch for."""
        try:
            with _said():
                yield
        except errors.DatabaseDamagedError:
            self._meet_damage()
            raise

    def _meet_damage(self) -> None:
        self._damaged = True
        # On a full disk it is met again.
        with suppress(OSError):
            suspect(self._file).touch()

    def close(self) -> None:
        """Close everything; the last process to close folds the write-ahead log into the file."""
        with self._lock:
            self._reading.dispose()
            self._writer.close()
            self._writing.dispose()


def suspect(file: Path) -> Path:
    """There from the moment damage is met in the database ``file`` until it is found sound, or replaced."""
    return file.with_suffix(".suspect")


def reading(file: Path, key: bytes) -> Engine:
    """Connections to read any database file of a desk with, whatever its state; close it with ``dispose``."""
    return _engine(file, key, read_only=True)


def _engine(file: Path, key: bytes, *, read_only: bool) -> Engine:
    def connect() -> DBAPIConnection:
        connection: DBAPIConnection = sqlite.connect(file, key=key, read_only=read_only)
        return connection

    # A reader is given back after each look and belongs to one thread until then.
    pool = QueuePool(connect, pool_size=IDLE_READERS, max_overflow=-1) if read_only else NullPool(connect)
    # Parameters are what people wrote; no error message may carry them.
    engine = sqlalchemy.create_engine("sqlite://", module=sqlite.dbapi, pool=pool, hide_parameters=True)
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    # The driver's own transactions are off; these are the only ones.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _refuse_newer(file: Path, key: bytes) -> None:
    """Look at the version without changing a byte of the file."""
    connection = sqlite.connect(file, key=key, read_only=True)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    finally:
        connection.close()
    if version > migrations.VERSION:
        raise errors.DatabaseNewerError


def _migrate(connection: Connection) -> None:
    # Inside the write lock: another process may just have done it.
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    for number, step in enumerate(migrations.STEPS[version:], version + 1):
        for statement in migrations.statements(step):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA user_version = {number}")


@contextmanager
def _home_of(file: Path) -> Iterator[None]:
    """Say which folder it is that does not let us open the file in it."""
    try:
        yield
    except (OSError, sqlalchemy.exc.OperationalError, sqlite.OperationalError) as error:
        if isinstance(error, OSError) or "unable to open" in str(error):
            raise errors.HomeUnreadableError(folder=file.parent) from error
        raise


_SAID: tuple[tuple[str, type[errors.DeskError]], ...] = (
    ("SQLITE_BUSY", errors.DatabaseBusyError),
    ("SQLITE_LOCKED", errors.DatabaseBusyError),
    ("SQLITE_FULL", errors.DiskFullError),
    ("SQLITE_CORRUPT", errors.DatabaseDamagedError),
    ("SQLITE_NOTADB", errors.DatabaseDamagedError),
    # Not damage: the same file may be readable in a moment, or on another disk.
    ("SQLITE_IOERR", errors.DiskFailingError),
)


@contextmanager
def _said() -> Iterator[None]:
    """Turn what SQLite reports about the machine into its sentence; our own mistakes stay what they are."""
    try:
        yield
    except sqlite.WrongKeyError as error:
        raise errors.WrongKeyError from error
    except (sqlalchemy.exc.DBAPIError, sqlite.DatabaseError) as error:
        name = sqlite.error_name(getattr(error, "orig", error))
        for begin, kind in _SAID:
            if name.startswith(begin):
                raise kind from error
        raise
