"""What entries do at Kota: each is stored whatever it says, and has an effect if it can have one.

An alert the device's unit does not hold is answered exactly like one that does not exist, so nobody learns of the
alerts of others by asking.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from sync.case.entry import VERSION, Entry, decode
from sync.case.lifecycle import fold
from sync.central.events import News, publish_all
from sync.central.kota import Kota
from sync.central.store import alerts, logs
from sync.central.store.database import Connection
from sync.central.store.devices import Device
from sync.central.store.logs import LogLine
from sync.wire.chain import Head
from sync.wire.messages import EntryPublished, Outcome, Refusal, Settled

ID_LIMIT = 64


class _Named(Struct, frozen=True):
    """All that is asked of an entry that cannot be read: what its device calls it."""

    id: str


@dataclass(frozen=True)
class Arrived:
    """The next entries of ``device``, leading its log through ``heads``; the device signed the last of these."""

    device: Device
    heads: Sequence[Head]
    bodies: Sequence[bytes]
    signature: bytes


@dataclass(frozen=True)
class _Read:
    """What could be read of a body: what its device calls it, and what it says."""

    name: str | None
    entry: Entry | None


def take(connection: Connection, kota: Kota, arrived: Arrived) -> list[LogLine]:
    """Store the entries, and apply each or keep why not; inside the caller's transaction.

    The number of statements does not depend on the number of entries.
    """
    device, now_ms = arrived.device, kota.now_ms()
    read = [_read(body) for body in arrived.bodies]
    taken = logs.known(connection, {one.name for one in read if one.name is not None})
    named = {one.entry.alert for one in read if one.entry is not None and _is_id(one.entry.alert)}
    # All at once and in order, and the feeds after them: two runs that name the same alerts never wait for each other.
    alerts.lock(connection, named)
    holders = alerts.holders_of(connection, named)
    lines: list[LogLine] = []
    applied: list[tuple[Entry, LogLine]] = []
    for head, body, one in zip(arrived.heads, arrived.bodies, read, strict=True):
        why = _why_not(one, device.unit, taken, holders)
        line = LogLine(
            number=head.number,
            hash=head.hash,
            body=body,
            received_ms=now_ms,
            outcome=Outcome.REFUSED if why else Outcome.APPLIED,
            why=why,
            entry_id=None if one.name in taken else one.name,
            signature=arrived.signature if head is arrived.heads[-1] else None,
        )
        lines.append(line)
        if one.name is not None:
            taken.add(one.name)
        if why is None and one.entry is not None:
            applied.append((one.entry, line))
    logs.append(connection, device.id, device.incarnation, lines)
    _fold(connection, device.unit, [entry for entry, _ in applied])
    news = [News(holders[entry.alert], _published(device, line), entry.alert) for entry, line in applied]
    publish_all(connection, kota.world, news)
    return lines


def settled(line: LogLine) -> Settled:
    """What the device is told of a stored entry; the same every time it asks."""
    return Settled(
        number=line.number,
        id=line.entry_id or _name(line.body) or "",
        outcome=line.outcome,
        received_ms=line.received_ms,
        why=line.why,
    )


def _read(body: bytes) -> _Read:
    try:
        entry = decode(body)
    except msgspec.DecodeError:
        return _Read(_name(body), None)
    name = entry.id if _is_id(entry.id) else None
    return _Read(name, None if name is None or entry.v != VERSION else entry)


def _why_not(
    one: _Read, unit: str, taken: Container[str | None], holders: Mapping[str, frozenset[str]]
) -> Refusal | None:
    if one.entry is None:
        return Refusal.UNREADABLE
    if one.name in taken:
        return Refusal.REPEATED
    return None if unit in holders.get(one.entry.alert, ()) else Refusal.UNKNOWN_ALERT


def _fold(connection: Connection, unit: str, entries: Sequence[Entry]) -> None:
    states = alerts.states(connection, {entry.alert for entry in entries})
    for entry in entries:
        states[entry.alert] = fold(states[entry.alert], entry, unit)
    alerts.save_states(connection, states)


def _published(device: Device, line: LogLine) -> EntryPublished:
    return EntryPublished(
        device=device.id,
        unit=device.unit,
        number=line.number,
        received_ms=line.received_ms,
        entry=msgspec.Raw(line.body),
    )


def _name(body: bytes) -> str | None:
    try:
        name = msgspec.json.decode(body, type=_Named).id
    except msgspec.DecodeError:
        return None
    return name if _is_id(name) else None


def _is_id(name: str) -> bool:
    # Not every database can hold the character NUL.
    return 1 <= len(name) <= ID_LIMIT and "\0" not in name
