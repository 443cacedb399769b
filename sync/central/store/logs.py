"""The logs of the devices: every entry as its device made it, whatever became of it."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct
from sqlalchemy import BindParameter, Connection, bindparam, select, union_all, update

from sync.central.store.bulk import Bulk
from sync.central.store.tables import adopted_entry, device_log
from sync.wire.chain import Head, genesis, log_of
from sync.wire.messages import Outcome, Refusal


class LogLine(Struct, frozen=True, kw_only=True):
    """One stored entry. ``signature`` is over the head after it, and only on the last entry of a push."""

    number: int
    hash: bytes
    body: bytes
    received_ms: int
    outcome: Outcome
    why: Refusal | None = None
    entry_id: str | None = None
    signature: bytes | None = None


def head(connection: Connection, device: str, incarnation: int) -> Head:
    """The last entry Kota holds of that incarnation's log."""
    row = connection.execute(_HEAD, {"device": device, "incarnation": incarnation}).one_or_none()
    return genesis(log_of(device, incarnation)) if row is None else Head(row.number, row.hash)


_OF_LOG = (device_log.c.device == bindparam("device")) & (
    device_log.c.incarnation == bindparam("incarnation")
)
_HEAD = (
    select(device_log.c.number, device_log.c.hash)
    .where(_OF_LOG)
    .order_by(device_log.c.number.desc())
    .limit(1)
)


def incarnations(connection: Connection, device: str) -> list[int]:
    """The incarnations of which entries are held."""
    query = select(device_log.c.incarnation).where(device_log.c.device == device).distinct()
    return sorted(connection.execute(query).scalars())


def hash_at(connection: Connection, device: str, incarnation: int, number: int) -> bytes:
    """The hash after entry ``number``, which Kota must hold."""
    if number == 0:
        return genesis(log_of(device, incarnation)).hash
    of = {"device": device, "incarnation": incarnation, "number": number}
    found: bytes = connection.execute(_HASH_AT, of).scalar_one()
    return found


_HASH_AT = select(device_log.c.hash).where(_OF_LOG & (device_log.c.number == bindparam("number")))


def lines(
    connection: Connection, device: str, incarnation: int, after: int, limit: int | None = None
) -> Iterator[LogLine]:
    """The entries beyond ``after``, in order, read as they are taken."""
    of = {"device": device, "incarnation": incarnation, "after": after, "limit": limit}
    for row in connection.execute(_BEYOND if limit is None else _SOME_BEYOND, of):
        yield LogLine(
            number=row.number,
            hash=row.hash,
            body=row.body,
            received_ms=row.received_ms,
            outcome=Outcome(row.outcome),
            why=None if row.why is None else Refusal(row.why),
            entry_id=row.entry_id,
            signature=row.signature,
        )


_BEYOND = (
    select(device_log)
    .where(_OF_LOG & (device_log.c.number > bindparam("after")))
    .order_by(device_log.c.number)
)
_SOME_BEYOND = _BEYOND.limit(bindparam("limit"))


def knows(connection: Connection, entry_id: str) -> bool:
    """Whether an entry of that id is held, from whatever device, or has come back by a feed."""
    return entry_id in known(connection, [entry_id])


def known(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Which of the entries ``ids`` are held, from whatever device, or have come back by a feed."""
    return set(connection.execute(_KNOWN, {"ids": list(ids)}).scalars())


_AMONG: BindParameter[str] = bindparam("ids", expanding=True)
_KNOWN = union_all(
    select(device_log.c.entry_id).where(device_log.c.entry_id.in_(_AMONG)),
    select(adopted_entry.c.entry_id).where(adopted_entry.c.entry_id.in_(_AMONG)),
)


def of_unknown_alerts(connection: Connection) -> list[tuple[str, int, int, bytes]]:
    """Device, incarnation, number and body of the entries refused because Kota did not know their alert."""
    query = (
        select(device_log.c.device, device_log.c.incarnation, device_log.c.number, device_log.c.body)
        .where(device_log.c.why == Refusal.UNKNOWN_ALERT)
        .order_by(
            device_log.c.received_ms, device_log.c.device, device_log.c.incarnation, device_log.c.number
        )
    )
    return [tuple(row) for row in connection.execute(query)]


def apply_after_all(connection: Connection, device: str, incarnation: int, number: int) -> None:
    """A refused entry has taken effect; the log itself does not change."""
    connection.execute(
        update(device_log)
        .where((device_log.c.device == device) & (device_log.c.incarnation == incarnation))
        .where(device_log.c.number == number)
        .values(outcome=Outcome.APPLIED, why=None)
    )


def adopt(connection: Connection, entry_id: str) -> None:
    """An entry has come back by a feed; its own log may come later, or never."""
    connection.execute(adopted_entry.insert().values(entry_id=entry_id))


def append(connection: Connection, device: str, incarnation: int, new: Iterable[LogLine]) -> None:
    """Store the next entries of a log."""
    log = {"device": device, "incarnation": incarnation}
    _ADDED(connection, [log | msgspec.structs.asdict(line) for line in new])


_ADDED = Bulk(device_log.insert())
