"""Events as a snapshot brought them, many in one packed block; and the body of any event, wherever it lies.

Blocks are the beginning of the feed, without holes, as they came. While a snapshot is being taken they reach beyond
what `sync.desk.store.feed.standing` says, and count for nothing. An event that must leave its place takes its block apart first.
"""

from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from sync.desk.store.bulk import Bulk
from sync.desk.store.tables import feed_block, feed_event, feed_state
from sync.wire import chain, snapshot
from sync.wire.chain import Head
from sync.wire.packing import Encoding
from sync.wire.reading import Reading, read_event

ENCODING = Encoding.ZSTD
# SQLite takes so many variables in one statement, and more.
_AT_ONCE = 10_000


class Packed(Struct, frozen=True):
    """A block: the head of the feed after it, and its bytes as they came."""

    head: Head
    frame: bytes


def keep(connection: Connection, after: Head, new: Collection[Packed]) -> bool:
    """Add the blocks that follow ``after``. False if blocks do not end there: nothing was done."""
    stored = end(connection)
    if (0 if stored is None else stored.number) != after.number:
        return False
    _KEEP(connection, [{"last": one.head.number, "hash": one.head.hash, "frame": one.frame} for one in new])
    return True


_KEEP = Bulk(insert(feed_block))


def end(connection: Connection) -> Head | None:
    """How far blocks reach; None without any."""
    last = connection.execute(
        select(feed_block.c.last, feed_block.c.hash).order_by(feed_block.c.last.desc()).limit(1)
    ).one_or_none()
    return None if last is None else Head(last.last, last.hash)


def ends(connection: Connection) -> list[int]:
    """The last event of each block."""
    return list(connection.execute(select(feed_block.c.last).order_by(feed_block.c.last)).scalars())


def bodies(connection: Connection, numbers: Collection[int]) -> dict[int, bytes]:
    """The stored bodies of the events ``numbers``."""
    found: dict[int, bytes] = {}
    wanted = sorted(numbers)
    for at in range(0, len(wanted), _AT_ONCE):
        rows = connection.execute(
            select(feed_event.c.number, feed_event.c.body).where(
                feed_event.c.number.in_(wanted[at : at + _AT_ONCE])
            )
        )
        found |= {row.number: row.body for row in rows}
    missing = [number for number in wanted if number not in found]
    while missing:
        block = _block_of(connection, missing[0])
        first = block.head.number - len(block.bodies) + 1
        here = [number for number in missing if number <= block.head.number]
        found |= {number: block.bodies[number - first] for number in here}
        missing = missing[len(here) :]
    return found


def head_at(connection: Connection, number: int) -> Head | None:
    """The chain after event ``number``, if a block holds it."""
    try:
        block = _block_of(connection, number)
    except LookupError:
        return None
    return next(head for head, _ in _links(connection, block) if head.number == number)


def links(connection: Connection) -> Iterator[tuple[Head, bytes]]:
    """Every event in a block, from the first on, with the head stored for it; inside a block, the one it must be."""
    number = connection.execute(select(feed_state.c.number)).scalar_one()
    for last in ends(connection):
        if last <= number:
            yield from _links(connection, _block_of(connection, last))


def take_apart(connection: Connection, beyond: int) -> None:
    """Give every event after ``beyond`` a row of its own, and drop what a snapshot that never was whole left."""
    number = connection.execute(select(feed_state.c.number)).scalar_one()
    connection.execute(delete(feed_block).where(feed_block.c.last > number))
    for last in ends(connection):
        if last > beyond:
            rows = [
                row(head, body, read_event(body))
                for head, body in _links(connection, _block_of(connection, last))
            ]
            connection.execute(insert(feed_event).prefix_with("OR IGNORE"), rows)
    connection.execute(delete(feed_block).where(feed_block.c.last > beyond))


def give_row(connection: Connection, number: int) -> None:
    """Let the event ``number`` also stand among those that came by pages: it is to be found by what it is."""
    block = _block_of(connection, number)
    for head, body in _links(connection, block):
        if head.number == number:
            connection.execute(insert(feed_event).values(row(head, body, read_event(body))))


def forget(connection: Connection) -> None:
    """Drop all blocks: of a snapshot that is not taken after all."""
    connection.execute(delete(feed_block))


class _Open(Struct, frozen=True):
    head: Head
    bodies: list[bytes]


def _block_of(connection: Connection, number: int) -> _Open:
    block = connection.execute(
        select(feed_block).where(feed_block.c.last >= number).order_by(feed_block.c.last).limit(1)
    ).one_or_none()
    if block is None:
        raise LookupError(number)
    found = snapshot.read_block(block.frame, ENCODING)
    if number <= block.last - len(found):
        raise LookupError(number)
    return _Open(Head(block.last, block.hash), found)


def _links(connection: Connection, block: _Open) -> Iterator[tuple[Head, bytes]]:
    heads = chain.extend_all(_before(connection, block), block.bodies)
    yield from zip([*heads[:-1], block.head], block.bodies, strict=True)


def _before(connection: Connection, block: _Open) -> Head:
    number = block.head.number - len(block.bodies)
    if number == 0:
        return chain.genesis(chain.feed_of(connection.execute(select(feed_state.c.unit)).scalar_one()))
    found = connection.execute(
        select(feed_block.c.hash).where(feed_block.c.last == number)
    ).scalar_one_or_none()
    # A hole in the blocks cannot be bridged; the chain says so.
    return Head(number, found or bytes(chain.HASH_BYTES))


def row(head: Head, body: bytes, reading: Reading) -> dict[str, Any]:
    """An event as the table of single events has it."""
    return {
        "number": head.number,
        "hash": head.hash,
        "kind": reading.kind,
        "alert": reading.alert,
        "body": body,
        "skipped": reading.skipped,
    }
