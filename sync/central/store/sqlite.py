"""The embedded database: one file, one writer for the whole machine, readers beside it.

The version gate stands before anything is touched: a database of a newer version is refused and left as it is.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from sync import sqlite
from sync.central.store import migrations
from sync.central.store.failures import DatabaseDamagedError, NewerDatabaseError
from sync.central.store.writer import Writer

TYPES = {"bytes": "BLOB", "serial": "INTEGER"}


class File:
    """A database in ``file``."""

    readers = 4

    def __init__(self, file: Path) -> None:
        self._file = file

    def create(self, fill: Callable[[Connection], None]) -> None:
        """Make the file with all tables and what ``fill`` puts into them; whole, or not at all."""
        self._migrate(0, fill)

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
        return Writer(self.engine(read_only=False), committed)

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
        finally:
            engine.dispose()
