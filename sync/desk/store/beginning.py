"""What a whole snapshot does to an empty desk: one transaction, and the desk stands where its feed ends.

The blocks of events are stored before (`sync.desk.store.blocks`); here they begin to count, together with what they
add up to. It must never touch a desk that has anything of a feed.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

import msgspec
from sqlalchemy import Connection, bindparam, exists, insert, select, update

from sync.desk.projection import Changed
from sync.desk.store import blocks, feed, history
from sync.desk.store.bulk import Bulk
from sync.desk.store.device import Identity
from sync.desk.store.folding import Folding, alert_row, entries_came
from sync.desk.store.tables import alert, alert_update, feed_event, feed_lost, feed_state, timeline
from sync.wire.chain import Head
from sync.wire.folding import AlertLine, EntryLine, Line, OtherLine, UpdateLine
from sync.wire.reading import read_event
from sync.wire.snapshot import Snapshot

_AT_ONCE = 5_000


def is_empty(connection: Connection) -> bool:
    """Whether nothing of the feed is here, and nothing was lost of it."""
    if feed.standing(connection).head.number:
        return False
    return not any(
        connection.execute(select(exists(select(table)))).scalar_one()
        for table in (feed_event, alert, timeline, feed_lost)
    )


def take(connection: Connection, who: Identity, header: Snapshot, lines: Iterable[Line]) -> Changed | None:
    """Let the stored blocks be the feed, and ``lines`` what is shown of it.

    None if the blocks do not lead to the end that ``header`` names, or this desk is not empty: nothing was done.
    """
    head = Head(header.upto, bytes.fromhex(header.head))
    if blocks.end(connection) != head or not is_empty(connection):
        return None
    alerts: set[str] = set()
    others: list[int] = []
    with _without_indexes(connection):
        for some in _parts(lines):
            alerts |= _show(connection, who, some)
            others += [line.event for line in some if isinstance(line, OtherLine)]
    _read_others(connection, who, others)
    connection.execute(update(feed_state).values(number=head.number, hash=head.hash))
    history.keep_signature(connection, header.epoch, head.number, bytes.fromhex(header.signature))
    return Changed(frozenset(alerts), status=True, officers=True)


def _parts(lines: Iterable[Line]) -> Iterator[list[Line]]:
    rest = iter(lines)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _show(connection: Connection, who: Identity, lines: list[Line]) -> set[str]:
    alerts = [alert_row(line) for line in lines if isinstance(line, AlertLine)]
    _ALERTS(connection, alerts)
    _UPDATES(connection, [msgspec.structs.asdict(line) for line in lines if isinstance(line, UpdateLine)])
    entries_came(connection, who.device, [line for line in lines if isinstance(line, EntryLine)])
    return {row["alert_id"] for row in alerts}


def _read_others(connection: Connection, who: Identity, numbers: list[int]) -> None:
    """Events that say for themselves what they are, and those that this version does not know."""
    readings = [
        (number, read_event(body)) for number, body in sorted(blocks.bodies(connection, numbers).items())
    ]
    Folding(connection, who.unit.code, who.device, readings).write()
    for number, reading in readings:
        if reading.skipped is not None:
            blocks.give_row(connection, number)


_ALERTS = Bulk(insert(alert).values({name: bindparam(name) for name in AlertLine.__struct_fields__}))
_UPDATES = Bulk(insert(alert_update))


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """Without the indexes of what is filled: to make them afterwards, in one go, takes half the time."""
    names = ", ".join(f"'{table.name}'" for table in (alert, timeline, alert_update))
    indexes = connection.exec_driver_sql(
        f"SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({names})"  # noqa: S608
    ).all()
    for index in indexes:
        connection.exec_driver_sql(f"DROP INDEX {index.name}")
    yield
    for index in indexes:
        connection.exec_driver_sql(index.sql)
