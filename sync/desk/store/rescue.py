"""Reading what can still be read of a damaged database, and writing it into a new one.

Every row stands for itself: one that cannot be read takes no other with it. What is written is proven as far as it
can be: the feed goes on only as far as its chain holds, and of the log the start that is a chain stays what it was.
What follows a gap keeps bytes and ids in new places; whether Kota already has other entries there is Kota's to say,
and then the log goes on in a new incarnation (`sync.desk.push`).
"""

import logging
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Table, delete, insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError

from sync import sqlite
from sync.desk.store import device, feed
from sync.desk.store.database import Database, reading
from sync.desk.store.device import Identity
from sync.desk.store.feed import Line
from sync.desk.store.log import State
from sync.desk.store.tables import command_answer, draft, feed_state, log, officer
from sync.desk.store.tables import device as device_table
from sync.wire import chain
from sync.wire.chain import Head
from sync.wire.packing import BrokenPackError
from sync.wire.reading import read_entry, read_event

_log = logging.getLogger(__name__)

# How far beyond the last place that can be read another row is looked for.
LOOK_BEYOND = 4_096
LINES_AT_ONCE = 1_000

# Tables that are taken as they are, under the columns that tell their rows apart.
_KEPT: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (draft, ("officer", "alert")),
    (officer, ("id",)),
    (command_answer, ("id",)),
)

Row = dict[str, Any]


class Found:
    """What was read of one or more files; of two rows with one key the one of the file that was read first."""

    def __init__(self) -> None:
        self.device: Row | None = None
        self.epoch = ""
        self.kept: dict[str, dict[tuple[Any, ...], Row]] = {table.name: {} for table, _ in _KEPT}
        self.log: dict[str, Row] = {}
        self.feed: list[tuple[Head, bytes]] = []
        # Where undelivered entries stood that cannot be read; None if even that cannot be told.
        self.missing: set[tuple[int, int]] | None = None


class Written(Struct, frozen=True):
    """What stands in the new database. ``lost`` counts undelivered entries known to be missing; None is unknown."""

    enrolled: bool
    waiting: int
    lost: int | None
    events: int


def read(file: Path, key: bytes, found: Found) -> bool:
    """Add to ``found`` what the damaged ``file`` still tells; False if it does not open at all."""
    before = set(found.log)
    try:
        connection = sqlite.connect(file, key=key, read_only=True)
    except (sqlite.WrongKeyError, sqlite.DatabaseError):
        return False
    with closing(connection):
        waiting = _undelivered(connection)
        whole = _add(connection, found)
    here = {(row["incarnation"], row["number"]) for id_, row in found.log.items() if id_ not in before}
    found.missing = set() if whole else None if waiting is None else waiting - here
    _add_feed(file, key, found)
    return True


def read_backup(file: Path, key: bytes, found: Found) -> bool:
    """Add to ``found`` what the damaged file did not tell; False if the backup does not open at all."""
    try:
        connection = sqlite.connect(file, key=key, read_only=True)
    except (sqlite.WrongKeyError, sqlite.DatabaseError):
        return False
    with closing(connection):
        _add(connection, found)
    if found.missing:
        found.missing -= {(row["incarnation"], row["number"]) for row in found.log.values()}
    _add_feed(file, key, found)
    return True


def _add(connection: DBAPIConnection, found: Found) -> bool:
    """Add the rows of all tables but the feed's; whether every row of the log was read."""
    for row in _rows(connection, device_table)[0]:
        if found.device is None or found.device["device"] is None:
            found.device = row
    for row in _rows(connection, feed_state)[0]:
        found.epoch = found.epoch or row["epoch"]
    for table, names in _KEPT:
        for row in _rows(connection, table)[0]:
            found.kept[table.name].setdefault(tuple(row[name] for name in names), row)
    rows, whole = _rows(connection, log)
    for row in rows:
        if _entry_of(row) is not None:
            found.log.setdefault(row["entry_id"], row)
        else:
            whole = False
    return whole


def _add_feed(file: Path, key: bytes, found: Found) -> None:
    unit = _unit(found.device)
    if unit is not None:
        held = _sound_feed(file, key, unit)
        if len(held) > len(found.feed):
            found.feed = held


def _entry_of(row: Row) -> str | None:
    """The id of the entry in a row of the log, if that is what it holds."""
    try:
        entry = read_entry(row["body"])
        return entry.id if entry is not None and entry.id == row["entry_id"] else None
    except (TypeError, ValueError):
        return None


def _undelivered(connection: DBAPIConnection) -> set[tuple[int, int]] | None:
    """Where the index says that undelivered entries stand; it has pages of its own. None if it cannot be read."""
    query = "SELECT incarnation, number FROM log INDEXED BY log_state WHERE state = ?"
    try:
        return set(connection.execute(query, (State.WAITING.value,)))
    except sqlite.DatabaseError:
        return None


def _rows(connection: DBAPIConnection, table: Table) -> tuple[list[Row], bool]:
    """Every row that can be read, from the front, from the back, and one by one in between; whether that is all."""
    columns = table.columns.keys()
    listed = ", ".join(f'"{name}"' for name in columns)
    select = f'SELECT rowid, {listed} FROM "{table.name}"'  # noqa: S608  # names of our own tables
    found: dict[int, Row] = {}

    def look(rest: str, *places: int) -> bool:
        """Whether the rows of this query came without an error."""
        try:
            for place, *values in connection.execute(f"{select} {rest}", places):
                found[place] = dict(zip(columns, values, strict=True))
        except sqlite.DatabaseError:
            return False
        return True

    if look("ORDER BY rowid"):
        return list(found.values()), True
    front = max(found, default=0)
    look("WHERE rowid > ? ORDER BY rowid DESC", front)
    back = min((place for place in found if place > front), default=front + LOOK_BEYOND)
    for place in range(front + 1, back):
        look("WHERE rowid = ?", place)
    _log.warning("table %s: %d rows could be read, not all", table.name, len(found))
    return [found[place] for place in sorted(found)], False


def _unit(row: Row | None) -> str | None:
    if row is None or row["unit"] is None:
        return None
    code = msgspec.json.decode(row["unit"], type=dict[str, Any]).get("code")
    return str(code) if code else None


def _sound_feed(file: Path, key: bytes, unit: str) -> list[tuple[Head, bytes]]:
    """The feed from its first event on, as far as it can be read and its chain holds."""
    links: list[tuple[Head, bytes]] = []
    end = chain.genesis(chain.feed_of(unit))
    engine = reading(file, key)
    try:
        with engine.connect() as connection:
            for stored, body in feed.chain_links(connection):
                end = chain.extend(end, body)
                if stored != end:
                    break
                links.append((end, body))
    except (SQLAlchemyError, sqlite.DatabaseError, BrokenPackError, LookupError, ValueError):
        _log.warning("the copy of the feed can be read up to event %d", len(links))
    finally:
        engine.dispose()
    return links


# ---- into a new database ---------------------------------------------------------------------------------------


def write(database: Database, found: Found) -> Written:
    """Put ``found`` into an empty ``database``."""
    who = database.write(lambda c: _begin(c, found))
    if who is not None:
        for start in range(0, len(found.feed), LINES_AT_ONCE):
            part = found.feed[start : start + LINES_AT_ONCE]
            lines = [Line(head, body, read_event(body)) for head, body in part]
            database.write(lambda c, n=start, some=lines: feed.apply(c, who.unit.code, who.device, n, some))  # type: ignore[misc]
    waiting = database.read(
        lambda c: c.exec_driver_sql("SELECT count(*) FROM log WHERE state = 'waiting'").scalar_one()
    )
    lost = None if found.missing is None else len(found.missing)
    return Written(who is not None, waiting, lost, len(found.feed) if who is not None else 0)


def _begin(connection: Connection, found: Found) -> Identity | None:
    if found.device is not None:
        connection.execute(insert(device_table).values(**found.device))
    who = device.identity(connection)
    if who is not None:
        feed.begin(connection, who.unit.code, found.epoch)
    for table, _ in _KEPT:
        rows = list(found.kept[table.name].values())
        if rows:
            connection.execute(insert(table), rows)
    rows = sorted(found.log.values(), key=lambda row: (row["incarnation"], row["number"]))
    _chain(connection, who, rows)
    return who


def chain_anew(connection: Connection, who: Identity) -> None:
    """The log was salvaged without the device it was made on: from now on it is ``who``'s."""
    rows = [dict(row) for row in connection.execute(log.select()).mappings()]
    connection.execute(delete(log))
    mine = sorted(rows, key=lambda row: (row["incarnation"], row["number"]))
    _chain(connection, who, [{**row, "incarnation": who.incarnation} for row in mine])


def _chain(connection: Connection, who: Identity | None, rows: Iterable[Row]) -> None:
    """Write ``rows`` as whole logs, one for each incarnation.

    Beyond a gap only what Kota may lack is kept: what is settled comes back with the feed. Without a device nothing
    is chained yet, and the places are kept for `chain_anew`.
    """
    end: dict[int, Head] = {}
    for row in rows:
        incarnation = row["incarnation"]
        last = end.get(incarnation)
        if last is None:
            last = chain.genesis(chain.log_of(who.device if who else "", incarnation))
        next_one = chain.extend(last, row["body"])
        in_place = next_one == Head(row["number"], row["hash"])
        if not in_place and row["state"] == State.SETTLED:
            continue
        end[incarnation] = next_one
        # The copy of the feed is made anew, and tells again which entries came back in it.
        values = {**row, "number": next_one.number, "hash": next_one.hash, "event": None}
        connection.execute(insert(log).values(**values))
