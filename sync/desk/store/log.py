"""The log of this device: the chain of entries made here, and what Kota said became of each.

Bodies and hashes are written once. Whether an entry is delivered is Kota's word only: its reply to a push, or the
entry itself coming back in the feed, whichever is first.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, insert, select, update

from sync.case.entry import Entry, encode
from sync.desk.store import device
from sync.desk.store.bulk import Bulk
from sync.desk.store.device import Identity
from sync.desk.store.tables import log
from sync.wire import chain
from sync.wire.chain import Head
from sync.wire.messages import Outcome, Refusal, Settled


class State(StrEnum):
    """What is known of an entry's fate."""

    WAITING = "waiting"
    SETTLED = "settled"
    REFUSED = "refused"


class Run(Struct, frozen=True):
    """Entries to send: ``bodies`` follow number ``after``; ``head`` is the chain with them."""

    after: int
    bodies: list[bytes]
    head: Head


class Backlog(Struct, frozen=True):
    """How much is not delivered. ``oldest_ms`` is when the oldest of it was made, by this PC's clock."""

    waiting: int
    oldest_ms: int | None
    refused: int


def head(connection: Connection, who: Identity) -> Head:
    """The end of the log."""
    last = connection.execute(_LAST, {"incarnation": who.incarnation}).one_or_none()
    if last is None:
        return chain.genesis(chain.log_of(who.device, who.incarnation))
    return Head(last.number, last.hash)


_MINE = log.c.incarnation == bindparam("incarnation")
_WAITING = log.c.state == State.WAITING
_LAST = select(log.c.number, log.c.hash).where(_MINE).order_by(log.c.number.desc()).limit(1)


def append(connection: Connection, who: Identity, entry: Entry) -> None:
    """Fix the bytes of one more entry and chain them. Call it in the transaction that read the entry's base."""
    who = device.now(connection, who)
    body = encode(entry)
    end = chain.extend(head(connection, who), body)
    connection.execute(
        insert(log).values(
            incarnation=who.incarnation,
            number=end.number,
            entry_id=entry.id,
            hash=end.hash,
            body=body,
            alert=entry.alert,
            made_ms=entry.at.wall_ms,
            state=State.WAITING,
        )
    )


def oldest_waiting(connection: Connection, who: Identity) -> Identity:
    """``who`` in the oldest incarnation that has undelivered entries, else in the newest."""
    first = connection.execute(_OLDEST).scalar_one_or_none()
    return device.now(connection, who) if first is None else msgspec.structs.replace(who, incarnation=first)


_OLDEST = select(func.min(log.c.incarnation)).where(_WAITING)


def first_waiting(connection: Connection, who: Identity) -> int | None:
    """The number of the oldest undelivered entry."""
    found: int | None = connection.execute(_FIRST, {"incarnation": who.incarnation}).scalar_one()
    return found


_FIRST = select(func.min(log.c.number)).where(_MINE, _WAITING)


def next_run(connection: Connection, who: Identity, limit: int, most_bytes: int) -> Run | None:
    """The oldest undelivered entries without a hole between them, at least one; None if there are none.

    Entries in between that Kota has already settled are sent along: the chain needs them.
    """
    bounds = connection.execute(_BOUNDS, {"incarnation": who.incarnation}).one()
    if bounds.first is None:
        return None
    between = {"incarnation": who.incarnation, "first": bounds.first, "last": bounds.last, "limit": limit}
    rows = connection.execute(_RUN, between).all()
    size, taken = len(rows[0].body), 1
    while taken < len(rows) and (size := size + len(rows[taken].body)) <= most_bytes:
        taken += 1
    last = rows[taken - 1]
    return Run(bounds.first - 1, [row.body for row in rows[:taken]], Head(last.number, last.hash))


_BOUNDS = select(func.min(log.c.number).label("first"), func.max(log.c.number).label("last")).where(
    _MINE, _WAITING
)
_RUN = (
    select(log.c.number, log.c.hash, log.c.body)
    .where(_MINE, log.c.number >= bindparam("first"), log.c.number <= bindparam("last"))
    .order_by(log.c.number)
    .limit(bindparam("limit"))
)


def settle(connection: Connection, who: Identity, settled: Sequence[Settled]) -> frozenset[str]:
    """Note what became of entries; the alerts they belong to. Entries that are not ours are left alone."""
    if not settled:
        return frozenset()
    numbers = [one.number for one in settled]
    found = connection.execute(
        select(log.c.number, log.c.entry_id, log.c.alert).where(
            log.c.incarnation == who.incarnation, log.c.number.between(min(numbers), max(numbers))
        )
    )
    alert_of = {(row.number, row.entry_id): row.alert for row in found}
    ours = [one for one in settled if (one.number, one.id) in alert_of]
    refused = {
        one.number for one in ours if one.outcome is Outcome.REFUSED and one.why is not Refusal.REPEATED
    }
    _SETTLED(
        connection,
        [
            {
                "incarnation_": who.incarnation,
                "number_": one.number,
                "state_": State.REFUSED if one.number in refused else State.SETTLED,
                "why_": one.why if one.number in refused else None,
                "ms_": one.received_ms,
            }
            for one in ours
        ],
    )
    return frozenset(alert_of[one.number, one.id] for one in ours)


_SETTLED = Bulk(
    update(log)
    .where(log.c.incarnation == bindparam("incarnation_"), log.c.number == bindparam("number_"))
    .values(state=bindparam("state_"), why=bindparam("why_"), kota_ms=bindparam("ms_"))
)


def reopen(connection: Connection, who: Identity, first: int) -> frozenset[str]:
    """Kota no longer holds the entries from ``first`` on: they wait again. The alerts they belong to."""
    found = connection.execute(
        update(log)
        .where(log.c.incarnation == who.incarnation, log.c.number >= first)
        .values(state=State.WAITING, why=None, kota_ms=None)
        .returning(log.c.alert)
    )
    return frozenset(found.scalars())


def reissue(connection: Connection, who: Identity, incarnation: int) -> frozenset[str]:
    """Begin ``incarnation`` with everything from the first undelivered entry of each log on; the alerts concerned.

    The entries keep bytes and ids, so Kota knows those it has. What an old log keeps is a chain without a hole, and
    so is the new one. Nothing happens if another process began this incarnation, or a later one, already.
    """
    if not device.begun(connection, incarnation):
        return frozenset()
    first = (
        select(log.c.incarnation, func.min(log.c.number).label("number"))
        .where(log.c.state == State.WAITING, log.c.incarnation < incarnation)
        .group_by(log.c.incarnation)
        .subquery()
    )
    rows = connection.execute(
        select(log)
        .join(first, (first.c.incarnation == log.c.incarnation) & (log.c.number >= first.c.number))
        .order_by(log.c.incarnation, log.c.number)
    ).all()
    end = chain.genesis(chain.log_of(who.device, incarnation))
    for row in rows:
        end = chain.extend(end, row.body)
        connection.execute(
            update(log)
            .where(log.c.entry_id == row.entry_id)
            .values(incarnation=incarnation, number=end.number, hash=end.hash)
        )
    return frozenset(row.alert for row in rows)


def incarnations(connection: Connection) -> list[int]:
    """The incarnations that have entries, oldest first."""
    return list(
        connection.execute(select(log.c.incarnation).distinct().order_by(log.c.incarnation)).scalars()
    )


def chain_links(connection: Connection, who: Identity) -> Iterator[tuple[Head, bytes]]:
    """Every entry with the head stored for it, from the first on."""
    rows = connection.execute(select(log).where(log.c.incarnation == who.incarnation).order_by(log.c.number))
    for row in rows:
        yield Head(row.number, row.hash), row.body


def backlog(connection: Connection) -> Backlog:
    """How much of the log is not delivered, or was refused."""
    waiting, oldest = connection.execute(_COUNT_WAITING).one()
    refused = connection.execute(_COUNT_REFUSED).scalar_one()
    return Backlog(waiting, oldest, refused)


_COUNT_WAITING = select(func.count(), func.min(log.c.made_ms)).where(_WAITING)
_COUNT_REFUSED = select(func.count()).select_from(log).where(log.c.state == State.REFUSED)
