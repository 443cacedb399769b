"""The feeds: numbered without holes, chained by hash, and never changed once published.

The head row is locked by the first UPDATE and held to the commit, so numbers appear in the order they were given
and a rollback gives its number back.

Here, as in its neighbours, what runs for every alert, entry or poll is a statement made once: to make one costs
SQLAlchemy four times what it costs to execute it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct
from sqlalchemy import Connection, bindparam, select, update

from sync.case.unit import Unit
from sync.central.store.bulk import Bulk
from sync.central.store.tables import feed_event, feed_head
from sync.wire.chain import Head, extend_all, feed_of, genesis


class Body(Struct, frozen=True):
    """What an event is made of, whatever feeds it goes into."""

    kind: str
    alert: str | None
    body: bytes


class Line(Struct, frozen=True):
    """One stored body with the number and hash of the head after it."""

    number: int
    hash: bytes
    body: bytes


def open_feeds(connection: Connection, units: Iterable[Unit]) -> None:
    """An empty feed for each of ``units``."""
    heads = [{"unit": unit.code, "number": 0, "hash": genesis(feed_of(unit.code)).hash} for unit in units]
    connection.execute(feed_head.insert(), heads)


def publish(connection: Connection, units: Iterable[str], kind: str, alert: str | None, body: bytes) -> None:
    """Append ``body`` to the feed of each of ``units``."""
    # Sorted: two transactions that lock the same heads can never wait for each other.
    for unit in sorted(units):
        append(connection, unit, [Body(kind, alert, body)])


def append(connection: Connection, unit: str, bodies: Sequence[Body]) -> None:
    """Append ``bodies``, at least one, to the feed of ``unit``."""
    grown = connection.execute(_GROW, {"unit_": unit, "by": len(bodies)}).one()
    heads = extend_all(Head(grown.number - len(bodies), grown.hash), [one.body for one in bodies])
    connection.execute(_END_AT, {"unit_": unit, "hash": heads[-1].hash})
    _ADDED(
        connection,
        [
            {
                "unit": unit,
                "number": head.number,
                "hash": head.hash,
                "kind": one.kind,
                "alert": one.alert,
                "body": one.body,
            }
            for head, one in zip(heads, bodies, strict=True)
        ],
    )
    connection.info.setdefault(_GROWN, {})[unit] = heads[-1].number


_OF_UNIT = feed_head.c.unit == bindparam("unit_")
_GROW = (
    update(feed_head)
    .where(_OF_UNIT)
    .values(number=feed_head.c.number + bindparam("by"))
    .returning(feed_head.c.number, feed_head.c.hash)
)
_END_AT = update(feed_head).where(_OF_UNIT)
_ADDED = Bulk(feed_event.insert())
_GROWN = "feeds that grew"


def grown(connection: Connection) -> dict[str, int]:
    """Which feeds were appended to on ``connection`` since this was asked last, and how far each reaches then.

    Whoever ends a transaction, or gives up a part of it, must ask, so that nothing is left over for the next.
    """
    found: dict[str, int] = connection.info.pop(_GROWN, {})
    return found


def ends(connection: Connection) -> dict[str, int]:
    """How far each feed reaches."""
    return {row.unit: row.number for row in connection.execute(select(feed_head.c.unit, feed_head.c.number))}


def end(connection: Connection, unit: str) -> Head:
    """The stored head of a feed."""
    row = connection.execute(_END, {"unit": unit}).one()
    return Head(row.number, row.hash)


_END = select(feed_head.c.number, feed_head.c.hash).where(feed_head.c.unit == bindparam("unit"))


def hash_at(connection: Connection, unit: str, number: int) -> bytes:
    """The hash after event ``number``, which must not be beyond the end."""
    if number == 0:
        return genesis(feed_of(unit)).hash
    found: bytes = connection.execute(_HASH_AT, {"unit": unit, "number": number}).scalar_one()
    return found


_AT = (feed_event.c.unit == bindparam("unit")) & (feed_event.c.number == bindparam("number"))
_HASH_AT = select(feed_event.c.hash).where(_AT)


def body_at(connection: Connection, unit: str, number: int) -> bytes:
    """The event ``number``, which must not be beyond the end."""
    found: bytes = connection.execute(
        select(feed_event.c.body).where(_AT), {"unit": unit, "number": number}
    ).scalar_one()
    return found


def held(connection: Connection, unit: str, bodies: Collection[bytes]) -> set[bytes]:
    """Which of ``bodies`` the feed holds, under whatever number."""
    wanted = set(bodies)
    return {line.body for line in lines(connection, unit, 0) if line.body in wanted}


def of_kind(connection: Connection, unit: str, kind: str) -> list[bytes]:
    """The events of one kind, in order."""
    where = (feed_event.c.unit == unit) & (feed_event.c.kind == kind)
    return list(
        connection.execute(select(feed_event.c.body).where(where).order_by(feed_event.c.number)).scalars()
    )


def lines(connection: Connection, unit: str, after: int, limit: int | None = None) -> Iterator[Line]:
    """The events beyond ``after``, in order, read as they are taken."""
    query = _BEYOND if limit is None else _SOME_BEYOND
    for row in connection.execute(query, {"unit": unit, "after": after, "limit": limit}):
        yield Line(row.number, row.hash, row.body)


_BEYOND = (
    select(feed_event.c.number, feed_event.c.hash, feed_event.c.body)
    .where((feed_event.c.unit == bindparam("unit")) & (feed_event.c.number > bindparam("after")))
    .order_by(feed_event.c.number)
)
_SOME_BEYOND = _BEYOND.limit(bindparam("limit"))
