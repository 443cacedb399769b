"""The desk's database file: who may write when, and how its failures are said.

One connection writes, one transaction at a time, each on the disk (``synchronous=FULL``) before `Database.write`
returns. Readers have connections of their own, each used by one thread at a time, and see a consistent state. A
second process may have the same file open: every writer takes the write lock before it reads what it builds on.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
        self._wiped = False
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
        with self._lock, _said():
            self._refuse_wiped()
            with self._writer.begin():
                return change(self._writer)

    def read(self, look: Callable[[Connection], T]) -> T:
        """What ``look`` returns; all its queries see the same state."""
        self._refuse_wiped()
        with _said(), self._reading.connect() as connection:
            return look(connection)

    def sound(self) -> bool:
        """Whether SQLite finds every page of the file as it should be."""
        found = self.read(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalars().all())
        return found == ["ok"]

    @property
    def folder(self) -> Path:
        """The folder that holds the file."""
        return self._file.parent

    def retire(self) -> None:
        """Close for good, for a wipe: whoever reads or writes from now on gets `errors.WipedError`."""
        self._wiped = True
        self.close()

    def _refuse_wiped(self) -> None:
        if self._wiped:
            raise errors.WipedError

    def close(self) -> None:
        """Close everything; the last process to close folds the write-ahead log into the file."""
        with self._lock:
            self._reading.dispose()
            self._writer.close()
            self._writing.dispose()


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
    ("locked", errors.DatabaseBusyError),
    ("disk is full", errors.DiskFullError),
    ("malformed", errors.DatabaseDamagedError),
    ("not a database", errors.DatabaseDamagedError),
    ("disk I/O error", errors.DatabaseDamagedError),
)


@contextmanager
def _said() -> Iterator[None]:
    """Turn what SQLite reports about the machine into its sentence; our own mistakes stay what they are."""
    try:
        yield
    except sqlite.WrongKeyError as error:
        raise errors.WrongKeyError from error
    except (sqlalchemy.exc.DBAPIError, sqlite.DatabaseError) as error:
        cause = str(getattr(error, "orig", error))
        for part, kind in _SAID:
            if part in cause:
                raise kind from error
        raise
