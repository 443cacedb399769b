"""The feed as stored here: verified events, where it stands, and what Kota knows of that.

An event, its effect on the projection and the new end of the feed are one transaction or nothing.

Here, as in its neighbours, what runs for every event, entry or poll is a statement made once: to make one costs
SQLAlchemy four times what it costs to execute it.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, insert, select, update

from sync.desk.projection import Changed
from sync.desk.store import blocks, history
from sync.desk.store.bulk import Bulk
from sync.desk.store.folding import Folding
from sync.desk.store.tables import alert, alert_update, feed_event, feed_state, timeline
from sync.wire import chain
from sync.wire.chain import Head
from sync.wire.reading import Reading, read_event


class Line(Struct, frozen=True):
    """A verified event: the head of the feed with it, its bytes, and what they say."""

    head: Head
    body: bytes
    reading: Reading


class Standing(Struct, frozen=True):
    """How far the feed is stored (``head``), and how far Kota has our receipt."""

    epoch: str
    head: Head
    receipt: int


def begin(connection: Connection, unit: str, epoch: str) -> None:
    """An empty feed of ``unit``."""
    start = chain.genesis(chain.feed_of(unit))
    connection.execute(
        insert(feed_state).values(unit=unit, epoch=epoch, number=0, hash=start.hash, receipt=0)
    )


def standing(connection: Connection) -> Standing:
    """Where the feed stands."""
    row = connection.execute(_STANDING).one()
    return Standing(row.epoch, Head(row.number, row.hash), row.receipt)


_STANDING = select(feed_state)


def apply(
    connection: Connection, unit: str, device: str, after: int, lines: Sequence[Line]
) -> Changed | None:
    """Store ``lines``, which follow event ``after``, with all their effects.

    None if the feed no longer ends at ``after``: another process of this desk was faster, and nothing is to do.
    """
    if standing(connection).head.number != after:
        return None
    folding = Folding(connection, unit, device, [(line.head.number, line.reading) for line in lines])
    _KEEP(connection, [blocks.row(line.head, line.body, line.reading) for line in lines])
    end = lines[-1].head
    connection.execute(_ENDS_AT, {"number": end.number, "hash": end.hash})
    changed = folding.write()
    history.returned(connection, [(line.head.number, line.body, line.reading) for line in lines])
    return changed


_KEEP = Bulk(insert(feed_event))
_ENDS_AT = update(feed_state)


def read_again(connection: Connection, unit: str, device: str) -> Changed:
    """Show what an older version kept without understanding it, as far as this one does."""
    rows = connection.execute(
        select(feed_event.c.number, feed_event.c.body)
        .where(feed_event.c.skipped.is_not(None))
        .order_by(feed_event.c.number)
    ).all()
    understood = [(row.number, reading) for row in rows if (reading := read_event(row.body)).data is not None]
    if not understood:
        return Changed()
    changed = Folding(connection, unit, device, understood).write()
    for number, reading in understood:
        connection.execute(
            update(feed_event)
            .where(feed_event.c.number == number)
            .values(skipped=None, kind=reading.kind, alert=reading.alert)
        )
    return changed


def changed_between(connection: Connection, after: int, upto: int) -> Changed:
    """What the events after ``after`` up to ``upto`` changed; for those another process stored."""
    alerts: set[str] = set()
    for column, event in (
        (alert.c.alert_id, alert.c.event),
        (timeline.c.alert, timeline.c.event),
        (alert_update.c.alert, alert_update.c.event),
        (feed_event.c.alert, feed_event.c.number),
    ):
        alerts |= set(connection.execute(select(column).where(event > after, event <= upto)).scalars())
    return Changed(frozenset(alerts - {None}), status=upto > after, officers=upto > after)


def chain_links(connection: Connection) -> Iterator[tuple[Head, bytes]]:
    """Every event with the head stored for it, from the first on."""
    after = 0
    for head, body in blocks.links(connection):
        after = head.number
        yield head, body
    rows = select(feed_event).where(feed_event.c.number > after).order_by(feed_event.c.number)
    for row in connection.execute(rows):
        yield Head(row.number, row.hash), row.body


def receipt_given(connection: Connection, epoch: str, upto: int) -> None:
    """Kota had our receipt up to ``upto`` in ``epoch``; one restored since then may not."""
    connection.execute(_RECEIPT, {"of": epoch, "upto": upto, "receipt": upto})


_RECEIPT = update(feed_state).where(
    feed_state.c.epoch == bindparam("of"), feed_state.c.receipt < bindparam("upto")
)


def skipped(connection: Connection) -> int:
    """How many events are kept that this version cannot show."""
    return connection.execute(
        select(func.count()).select_from(feed_event).where(feed_event.c.skipped.is_not(None))
    ).scalar_one()
