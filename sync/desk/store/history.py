"""What is kept of a history that Kota has lost: so that it can be given back, and nothing is shown less than before.

Events beyond the common point stay where they are but for their numbers, which become negative; the projection goes
on standing on them. When Kota publishes the same bytes again, the new event takes the place of the lost one.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from msgspec import Struct
from sqlalchemy import Column, Connection, Table, delete, func, insert, select, update

from sync.desk.store import blocks
from sync.desk.store.tables import (
    alert,
    alert_update,
    feed_event,
    feed_lost,
    feed_signature,
    feed_state,
    log,
    timeline,
)
from sync.wire import chain
from sync.wire.chain import Head
from sync.wire.messages import EntryPublished
from sync.wire.reading import Reading, read_entry

# Lost events keep their order; each history that is lost has a range of its own.
_RANGE = 1 << 40

WAITING, GIVEN, UNPROVABLE = 0, 1, 2


class Proof(Struct, frozen=True):
    """Lost events in a row, and Kota's signature over the last of them."""

    epoch: str
    base: Head
    end: Head
    signature: bytes
    bodies: list[bytes]


def keep_signature(connection: Connection, epoch: str, number: int, signature: bytes) -> None:
    """Kota vouched for the feed up to ``number``."""
    # Of two histories of one epoch the later one: what is lost of the first was given back before.
    connection.execute(_SIGNED, {"epoch": epoch, "number": number, "signature": signature})


_SIGNED = insert(feed_signature).prefix_with("OR REPLACE")


def heads(connection: Connection, numbers: Iterable[int]) -> list[Head]:
    """The chain as stored at ``numbers``, as far as they are there."""
    wanted = list(numbers)
    query = select(feed_event.c.number, feed_event.c.hash).where(feed_event.c.number.in_(wanted))
    found = {row.number: Head(row.number, row.hash) for row in connection.execute(query)}
    packed = [blocks.head_at(connection, number) for number in wanted if number not in found]
    return [*found.values(), *(head for head in packed if head is not None)]


def rewind(connection: Connection, common: Head, epoch: str, state: int = WAITING) -> frozenset[str]:
    """Go on from ``common`` in ``epoch``; the alerts that stand on what is beyond it.

    ``state`` is `WAITING` if Kota may have lost those events.
    """
    blocks.take_apart(connection, common.number)
    base = _base(connection)
    alerts = _lose(connection, common.number, base, state)
    for table, column in _standing_on_events():
        connection.execute(update(table).where(column > common.number).values({column.name: column + base}))
    connection.execute(
        update(feed_state).values(
            epoch=epoch,
            number=common.number,
            hash=common.hash,
            # A Kota that was restored may have forgotten even the receipts for what it still has.
            receipt=0,
        )
    )
    return alerts


def _base(connection: Connection) -> int:
    """What to add to the numbers of this loss, so that they meet those of no other."""
    lowest = connection.execute(select(func.min(feed_lost.c.event))).scalar_one()
    return -_RANGE if lowest is None else (lowest // _RANGE - 1) * _RANGE


def _lose(connection: Connection, after: int, base: int, state: int) -> frozenset[str]:
    epoch = connection.execute(select(feed_state.c.epoch)).scalar_one()
    beyond = connection.execute(
        select(feed_event.c.number, feed_event.c.alert, feed_event.c.body).where(feed_event.c.number > after)
    )
    rows, alerts = [], set()
    for event in beyond:
        rows.append(
            {
                "event": event.number + base,
                "epoch": epoch,
                "number": event.number,
                "body_sha256": sha256(event.body).digest(),
                "offered": state,
            }
        )
        alerts.add(event.alert)
    if rows:
        connection.execute(insert(feed_lost), rows)
    return frozenset(alerts - {None})


def _standing_on_events() -> tuple[tuple[Table, Column[int]], ...]:
    return (
        (feed_event, feed_event.c.number),
        (alert, alert.c.event),
        (alert_update, alert_update.c.event),
        (timeline, timeline.c.event),
        (log, log.c.event),
    )


def to_offer(connection: Connection, unit: str) -> Proof | None:
    """The oldest lost events that were not given back yet, as far as one signature proves them."""
    first = connection.execute(
        select(feed_lost).where(feed_lost.c.offered == WAITING).order_by(feed_lost.c.event).limit(1)
    ).one_or_none()
    if first is None:
        return None
    signed = connection.execute(
        select(feed_signature)
        .where(feed_signature.c.epoch == first.epoch, feed_signature.c.number >= first.number)
        .order_by(feed_signature.c.number)
        .limit(1)
    ).one_or_none()
    upto = first.number if signed is None else signed.number
    rows = connection.execute(
        select(feed_lost.c.number, feed_event.c.hash, feed_event.c.body)
        .join(feed_event, feed_event.c.number == feed_lost.c.event)
        .where(feed_lost.c.event >= first.event, feed_lost.c.event <= first.event + upto - first.number)
        .order_by(feed_lost.c.event)
    ).all()
    signature = b"" if signed is None else signed.signature
    base = Head(first.number - 1, _hash_before(connection, unit, first.event, first.number))
    last = rows[-1]
    return Proof(first.epoch, base, Head(last.number, last.hash), signature, [row.body for row in rows])


def _hash_before(connection: Connection, unit: str, event: int, number: int) -> bytes:
    """The hash of the chain before a lost event: of another lost one, or of the common point, or of the beginning."""
    for place in (event - 1, number - 1):
        for found in heads(connection, [place]):
            return found.hash
    return chain.genesis(chain.feed_of(unit)).hash


def offered(connection: Connection, proof: Proof, result: int) -> None:
    """What became of the offer of ``proof``: `GIVEN` or `UNPROVABLE`."""
    connection.execute(
        update(feed_lost)
        .where(feed_lost.c.epoch == proof.epoch, feed_lost.c.offered == WAITING)
        .where(feed_lost.c.number > proof.base.number, feed_lost.c.number <= proof.end.number)
        .values(offered=result)
    )


def returned(connection: Connection, events: Sequence[tuple[int, bytes, Reading]]) -> None:
    """New events are stored: what stood on the same bytes, or the same entry, while lost, stands on them now."""
    if connection.execute(_ANY_LOST).first() is None:
        return
    for number, body, reading in events:
        if isinstance(reading.data, EntryPublished):
            _taken_after_all(connection, number, reading.data)
        lost = select(feed_lost.c.event).where(feed_lost.c.body_sha256 == sha256(body).digest())
        old = connection.execute(lost).scalars().first()
        if old is None and isinstance(reading.data, EntryPublished):
            old = _line_of(connection, reading.data)
        if old is None:
            continue
        for table, column in ((alert, alert.c.event), (timeline, timeline.c.event), (log, log.c.event)):
            connection.execute(update(table).where(column == old).values({column.name: number}))
        # The new event makes a row of its own.
        connection.execute(delete(alert_update).where(alert_update.c.event == old))
        connection.execute(delete(feed_event).where(feed_event.c.number == old))
        connection.execute(delete(feed_lost).where(feed_lost.c.event == old))


_ANY_LOST = select(feed_lost.c.event).limit(1)


def _taken_after_all(connection: Connection, number: int, published: EntryPublished) -> None:
    """An entry of ours that Kota refused while it did not know the alert is not refused any more."""
    entry = read_entry(published.entry)
    if entry is not None:
        connection.execute(
            update(log)
            .where(log.c.entry_id == entry.id, log.c.state == "refused")
            .values(event=number, state="settled", why=None, kota_ms=published.received_ms)
        )


def _line_of(connection: Connection, published: EntryPublished) -> int | None:
    """The lost event that the entry in ``published`` stands on."""
    entry = read_entry(published.entry)
    if entry is None:
        return None
    query = select(timeline.c.event).where(timeline.c.entry_id == entry.id, timeline.c.event < 0)
    return connection.execute(query).scalar_one_or_none()
