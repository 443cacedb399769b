"""Whether every chain Kota holds is whole: each feed and each device's log, from its first body to its stored head.

Reads only. It computes every hash anew and believes no stored one; the signatures of devices over their logs are
checked as well, so an entry an officer made cannot have been changed here without it being found.
"""

from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from sync.central.store import devices, feeds, logs
from sync.central.store.database import Connection
from sync.central.store.devices import Device
from sync.central.store.feeds import Line
from sync.central.store.logs import LogLine
from sync.wire.chain import Head, Owner, extend, feed_of, genesis, log_of, signed_by
from sync.words import SpokenError, mark


class ChainBrokenError(SpokenError):
    """Something was lost or changed."""

    sentence = mark(
        "The chain of {owner} does not hold at number {number}: something was lost or changed. "
        "Stop Kota, keep a copy of its folder and restore a backup."
    )


class Audited(Struct, frozen=True):
    """What was checked and found whole."""

    feeds: int
    events: int
    logs: int
    entries: int


def audit(connection: Connection) -> Audited:
    """Check everything. Raises `ChainBrokenError` at the first break."""
    ends = feeds.ends(connection)
    events = sum(_check_feed(connection, unit) for unit in ends)
    everyone = devices.everyone(connection)
    every_log = [(one, number) for one in everyone for number in _incarnations(connection, one)]
    entries = sum(_check_log(connection, device, incarnation) for device, incarnation in every_log)
    return Audited(len(ends), events, len(every_log), entries)


def _check_feed(connection: Connection, unit: str) -> int:
    end = feeds.end(connection, unit)
    return _follow(unit, feed_of(unit), feeds.lines(connection, unit, 0), end)


def _incarnations(connection: Connection, device: Device) -> list[int]:
    return sorted({device.incarnation, *logs.incarnations(connection, device.id)})


def _check_log(connection: Connection, device: Device, incarnation: int) -> int:
    owner = log_of(device.id, incarnation)
    newest = incarnation == device.incarnation
    lines = list(logs.lines(connection, device.id, incarnation, 0))
    _follow(device.id, owner, lines, device.last if newest else logs.head(connection, device.id, incarnation))
    key = Ed25519PublicKey.from_public_bytes(device.public_key)
    for line in lines:
        if line.signature is not None:
            _check_signature(device, key, owner, line)
    if lines and lines[-1].signature is None:
        raise ChainBrokenError(owner=device.id, number=lines[-1].number)
    return len(lines)


def _check_signature(device: Device, key: Ed25519PublicKey, owner: Owner, line: LogLine) -> None:
    if not signed_by(key, owner, Head(line.number, line.hash), line.signature or b""):
        raise ChainBrokenError(owner=device.id, number=line.number)


def _follow(name: str, owner: Owner, lines: Iterable[Line | LogLine], end: Head) -> int:
    """The length of the chain, if each line leads to the next and the last to ``end``."""
    head = genesis(owner)
    for line in lines:
        head = extend(head, line.body)
        if Head(line.number, line.hash) != head:
            raise ChainBrokenError(owner=name, number=head.number)
    if head != end:
        raise ChainBrokenError(owner=name, number=max(head.number, end.number))
    return head.number
