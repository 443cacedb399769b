"""A PostgreSQL database: any number of Kotas may share it, and each writes several things at once.

What one writer makes safe on SQLite is made safe here by three rules, which the queries keep:

locks      whoever reads a row to change something by it locks it first, in the order: message or code, devices,
           numbers of a year, alerts, officers, heads of feeds; each of these in the order of their names. Heads stay
           locked to the commit.
again      two who insert the same at once: the second is refused by a unique constraint, does its work again, and
           then sees what the first wrote. Deadlocks and lost connections are tried again in the same way, so work
           passed to `Writers.submit` must be free of effects other than on its connection.
durable    a commit is on disk before it returns: asserted of the live server, not assumed.

Every connection of a Kota holds a shared lock, so that nobody replaces the database while one is there; a Kota that
comes back to a database that was replaced meanwhile is let in no more.

It must never answer from a standby, and never let a row's content out through an error.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy
from psycopg.types.string import StrDumper
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError

from sync.central.store import meta, migrations, tables
from sync.central.store.copying import copy_rows
from sync.central.store.failures import (
    DatabaseDamagedError,
    DatabaseReplacedError,
    DatabaseTakenError,
    KotaRunningError,
    NewerDatabaseError,
    NoKotaInDatabaseError,
    ServerUnreachableError,
    StoreFailedError,
    UnsafeServerError,
)
from sync.central.store.sqlite import File
from sync.central.store.writers import WRITERS, Writers, state_of

T = TypeVar("T")

TYPES = {"bytes": "BYTEA", "serial": "SERIAL"}
VERSION = "version"
# Any numbers, as long as every Kota uses the same: creating and migrating take turns by the first; whoever has the
# database open shares the second.
TURN = 0x6B6F7461
PRESENT = TURN + 1

CONNECT = {
    "application_name": "kota-central",
    "connect_timeout": 5,
    # Of several hosts the one that takes writes; a standby may be behind what it would be asked for.
    "target_session_attrs": "read-write",
    # A server that is gone is noticed in seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
SESSION = {
    "synchronous_commit": "on",
    # A node that freezes in a transaction holds the heads of feeds: the server lets go of it.
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
}
MUST = {
    "synchronous_commit": "on",
    "fsync": "on",
    "full_page_writes": "on",
    "server_encoding": "UTF8",
    "in_hot_standby": "off",
}

# A number that came with a backup must not be given again.
NUMBER_ON = "SELECT setval(pg_get_serial_sequence('intake', 'id'), max(id)) FROM intake"
# What only a restore does takes as long as it takes.
UNHURRIED = {"idle_in_transaction_session_timeout": "0", "statement_timeout": "0"}

DAMAGED = {"XX001", "XX002"}


class _Dumper(StrDumper):
    """Text as PostgreSQL can hold it: without the character NUL, which is shown by its picture instead."""

    def dump(self, obj: str) -> Any:  # noqa: ANN401  # the interface's own type
        return super().dump(obj.replace("\0", "\u2400"))


class Server:
    """The database at ``url``."""

    readers = 8

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self._name = url.database or ""
        self._epoch: str | None = None

    def create(self, fill: Callable[[Connection], None]) -> None:
        """Make all tables and what ``fill`` puts into them; whole, or not at all. Raises `DatabaseTakenError`."""

        def make(connection: Connection) -> None:
            if sqlalchemy.inspect(connection).get_table_names():
                raise DatabaseTakenError(database=self._name)
            self._fill(connection, fill)

        self._in_turn(make)

    def _fill(self, connection: Connection, fill: Callable[[Connection], None]) -> None:
        self._take_steps(connection, 0)
        meta.save(connection, VERSION, str(migrations.VERSION))
        fill(connection)

    def prepare(self) -> None:
        """Check the server, and bring the tables to this program's version.

        Raises `ServerUnreachableError`, `UnsafeServerError`, `NoKotaInDatabaseError` or `NewerDatabaseError`.
        """
        self._in_turn(self.migrate)

    def migrate(self, connection: Connection) -> None:
        """`prepare`, inside the caller's transaction."""
        version = self._version(connection)
        if version > migrations.VERSION:
            raise NewerDatabaseError
        if version < migrations.VERSION:
            self._take_steps(connection, version)
            meta.save(connection, VERSION, str(migrations.VERSION))
        self._epoch = meta.find(connection, meta.EPOCH)

    def engine(self, *, read_only: bool) -> Engine:
        """Connections, either to read, each transaction at one moment of the database, or to write."""
        engine = self._engine(read_only=read_only)
        event.listen(engine, "connect", self._attend)
        return engine

    def _engine(self, *, read_only: bool) -> Engine:
        engine = create_engine(
            self._url,
            isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
            execution_options={"postgresql_readonly": read_only},
            pool_size=self.readers if read_only else WRITERS,
            max_overflow=0,
            # The one used last is used next: idle ones show up as idle, and the server's caches stay warm.
            pool_use_lifo=True,
            hide_parameters=True,
            connect_args=CONNECT,
        )
        event.listen(engine, "connect", _begin_session)
        event.listen(engine, "handle_error", _hide_rows)
        return engine

    def _attend(self, connection: Any, _: object) -> None:  # noqa: ANN401  # the driver's, as SQLAlchemy hands it on
        """Hold the lock on each connection, so that it is held again as soon as a lost server is back."""
        connection.execute(f"SELECT pg_advisory_lock_shared({PRESENT})")
        if self._epoch is not None:
            found = connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
            if found != (self._epoch,):
                raise DatabaseReplacedError(
                    "it was replaced by a backup meanwhile; this Kota must be started anew"
                )
        connection.commit()

    def attend(self) -> "nullcontext[None]":
        """Nothing: each connection says by itself that somebody has it open."""
        return nullcontext()

    def writer(self, committed: Callable[[Mapping[str, int]], None]) -> Writers:
        """The writers of this process."""
        return Writers(self.engine(read_only=False), committed, self.failure)

    def failure(self, error: DBAPIError) -> StoreFailedError:
        """What ``error`` says of the database."""
        if state_of(error) in DAMAGED:
            return DatabaseDamagedError(file=self._name)
        return StoreFailedError(type(error).__name__)

    def copy_into(self, copy: Path) -> None:
        """Write all of it, as it is at one moment, into the file ``copy``, which is empty; nobody waits for it.

        Raises `StoreFailedError`.
        """
        engine = self.engine(read_only=True)
        try:
            with engine.begin() as connection:
                File(copy).create(lambda into: copy_rows(connection, into, besides={VERSION}))
        except DBAPIError as error:
            raise self.failure(error) from error
        finally:
            engine.dispose()

    @contextmanager
    def alone(self) -> Iterator["AloneWithServer"]:
        """What only somebody who is alone with the database may do.

        Raises `KotaRunningError`, `ServerUnreachableError` or `UnsafeServerError`.
        """
        engine = self._engine(read_only=False)
        try:
            with engine.connect() as connection:
                for setting, value in UNHURRIED.items():
                    connection.exec_driver_sql(f"SET SESSION {setting} = '{value}'")
                self._check(connection)
                if not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({PRESENT})").scalar_one():
                    raise KotaRunningError
                connection.commit()
                yield AloneWithServer(self, connection)
        except (OperationalError, InternalError) as error:
            raise ServerUnreachableError(database=self._name, reason=str(error.orig).strip()) from error
        finally:
            engine.dispose()

    def put(self, connection: Connection, by: File, name: str) -> str | None:
        """`AloneWithServer.replace`, inside the caller's transaction."""
        held = sqlalchemy.inspect(connection).get_table_names()
        if held:
            # Only a Kota's may be put aside.
            self._version(connection)
            connection.exec_driver_sql(f'CREATE SCHEMA "{name}"')
        for table in held:
            connection.exec_driver_sql(f'ALTER TABLE "{table}" SET SCHEMA "{name}"')
        source = by.engine(read_only=True)
        try:
            with source.begin() as copy:
                self._fill(connection, lambda into: copy_rows(copy, into))
        finally:
            source.dispose()
        connection.exec_driver_sql(NUMBER_ON)
        return f"schema {name}" if held else None

    def _in_turn(self, work: Callable[[Connection], None]) -> None:
        """Do ``work`` in one transaction, after every other Kota that does such a thing."""
        engine = self.engine(read_only=False)
        try:
            with engine.begin() as connection:
                self._check(connection)
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TURN})")
                work(connection)
        except (OperationalError, InternalError) as error:
            raise ServerUnreachableError(database=self._name, reason=str(error.orig).strip()) from error
        finally:
            engine.dispose()

    def _check(self, connection: Connection) -> None:
        for setting, must in MUST.items():
            value = connection.exec_driver_sql(f"SHOW {setting}").scalar_one()
            if value != must:
                raise UnsafeServerError(database=self._name, setting=setting, value=value, must=must)

    def _version(self, connection: Connection) -> int:
        there = sqlalchemy.inspect(connection).has_table(tables.meta.name)
        value = meta.find(connection, VERSION) if there else None
        if value is None:
            raise NoKotaInDatabaseError(database=self._name)
        return int(value)

    @staticmethod
    def _take_steps(connection: Connection, version: int) -> None:
        for statement in migrations.statements(version, **TYPES):
            connection.exec_driver_sql(statement)


class AloneWithServer:
    """Nobody else has the database of ``server`` open, nor opens it meanwhile; ``connection`` holds the lock."""

    def __init__(self, server: Server, connection: Connection) -> None:
        self._server = server
        self._connection = connection

    def look(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` finds, in a database of whatever version. Raises `StoreFailedError`."""
        try:
            with self._connection.begin():
                return work(self._connection)
        except DBAPIError as error:
            raise self._server.failure(error) from error

    def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once it is on disk. Raises what `Server.prepare` raises, and `StoreFailedError`."""

        def prepared(connection: Connection) -> T:
            self._server.migrate(connection)
            return work(connection)

        return self.look(prepared)

    def replace(self, by: Path, name: str) -> str | None:
        """Put the content of ``by`` in its place; where the old content is kept, as ``name``. Whole, or not at all.

        Raises `NoKotaInDatabaseError` if what is there is something else, and `StoreFailedError`.
        """
        return self.look(lambda c: self._server.put(c, File(by), name))


def _begin_session(connection: Any, _: object) -> None:  # noqa: ANN401  # the driver's, as SQLAlchemy hands it on
    connection.adapters.register_dumper(str, _Dumper)
    for setting, value in SESSION.items():
        connection.execute(f"SET SESSION {setting} = '{value}'")
    connection.commit()


def _hide_rows(context: ExceptionContext) -> None:
    """Keep the first line of what the server says; the others show the row it was about."""
    original, wrapped = context.original_exception, context.sqlalchemy_exception
    original.args = tuple(str(original).splitlines()[:1])
    if wrapped is not None:
        wrapped.args = (f"({type(original).__name__}) {original}",)
