"""What one entry does at Kota: it is stored whatever it says, and has an effect if it can have one.

An alert the device's unit does not hold is answered exactly like one that does not exist, so nobody learns of the
alerts of others by asking.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from sync.case.entry import VERSION, Entry, decode
from sync.case.lifecycle import fold
from sync.central.events import publish
from sync.central.kota import Kota
from sync.central.store import alerts, feeds, logs
from sync.central.store.database import Connection
from sync.central.store.devices import Device
from sync.central.store.logs import LogLine
from sync.wire.chain import Head
from sync.wire.messages import EntryPublished, Outcome, Refusal, Settled

ID_LIMIT = 64


class _Named(Struct, frozen=True):
    """All that is asked of an entry that cannot be read: what its device calls it."""

    id: str


class _About(Struct, frozen=True):
    """All that must be known of an entry to lock what it is about."""

    alert: str


@dataclass(frozen=True)
class Arrived:
    """One entry of ``device``, leading its log to ``head``; ``signature`` is there if the device signed that head."""

    device: Device
    head: Head
    body: bytes
    signature: bytes | None


@dataclass(frozen=True)
class _Judged:
    """What an entry can do: ``entry`` for the holders of its alert, or ``why`` nothing."""

    why: Refusal | None
    entry: Entry | None = None
    holders: frozenset[str] = frozenset()


def hold(connection: Connection, bodies: Iterable[bytes]) -> None:
    """Lock what the entries in ``bodies`` will change, before any of them is taken.

    All at once, because two runs that name the same alerts in different order would else wait for each other.
    """
    named = {alert for body in bodies if (alert := _alert(body)) is not None}
    if not named:
        return
    alerts.lock(connection, named)
    feeds.lock(connection, alerts.all_holders(connection, named))


def take(connection: Connection, kota: Kota, arrived: Arrived) -> LogLine:
    """Store the entry, and apply it or keep why not; inside the caller's transaction."""
    device = arrived.device
    judged = _judge(connection, arrived)
    line = LogLine(
        number=arrived.head.number,
        hash=arrived.head.hash,
        body=arrived.body,
        received_ms=kota.now_ms(),
        outcome=Outcome.REFUSED if judged.why else Outcome.APPLIED,
        why=judged.why,
        entry_id=_free_id(connection, arrived.body),
        signature=arrived.signature,
    )
    logs.append(connection, device.id, device.incarnation, line)
    if judged.entry is not None:
        state = fold(alerts.state(connection, judged.entry.alert), judged.entry, device.unit)
        alerts.save_state(connection, judged.entry.alert, state)
        published = EntryPublished(
            device=device.id,
            unit=device.unit,
            number=line.number,
            received_ms=line.received_ms,
            entry=msgspec.Raw(line.body),
        )
        publish(connection, kota.world, judged.holders, published, alert=judged.entry.alert)
    return line


def settled(line: LogLine) -> Settled:
    """What the device is told of a stored entry; the same every time it asks."""
    return Settled(
        number=line.number,
        id=line.entry_id or _name(line.body) or "",
        outcome=line.outcome,
        received_ms=line.received_ms,
        why=line.why,
    )


def _judge(connection: Connection, arrived: Arrived) -> _Judged:
    try:
        entry = decode(arrived.body)
    except msgspec.DecodeError:
        return _Judged(Refusal.UNREADABLE)
    if entry.v != VERSION or not _is_id(entry.id):
        return _Judged(Refusal.UNREADABLE)
    if logs.knows(connection, entry.id):
        return _Judged(Refusal.REPEATED)
    holders = alerts.holders(connection, entry.alert)
    if arrived.device.unit not in holders:
        return _Judged(Refusal.UNKNOWN_ALERT)
    return _Judged(None, entry, holders)


def _free_id(connection: Connection, body: bytes) -> str | None:
    """The id to keep with the entry: None if it has none, or one that is already taken."""
    name = _name(body)
    return None if name is None or logs.knows(connection, name) else name


def _alert(body: bytes) -> str | None:
    try:
        return msgspec.json.decode(body, type=_About).alert
    except msgspec.DecodeError:
        return None


def _name(body: bytes) -> str | None:
    try:
        name = msgspec.json.decode(body, type=_Named).id
    except msgspec.DecodeError:
        return None
    return name if _is_id(name) else None


def _is_id(name: str) -> bool:
    # Not every database can hold the character NUL.
    return 1 <= len(name) <= ID_LIMIT and "\0" not in name
