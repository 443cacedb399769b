"""From a device's log to the feeds: every entry is kept, and an entry that cannot be applied blocks no other.

One transaction holds the log, its head, what the entries did to their cases, and the events that tell everybody who
holds the alert. What is already held is answered as it was answered then. A request that does not fit the log Kota
holds changes nothing at all.
"""

import logging
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.central import applying
from sync.central.applying import Arrived
from sync.central.enrolment import standing
from sync.central.kota import Kota
from sync.central.problem import ProblemError
from sync.central.store import devices, logs
from sync.central.store.database import Connection, Store
from sync.central.store.devices import Device
from sync.central.store.logs import LogLine
from sync.central.tokens import Claim
from sync.wire import page
from sync.wire.chain import HASH_BYTES, Head, extend_all, log_of, signed_by
from sync.wire.errors import Code
from sync.wire.messages import LIMIT_ENTRIES, OLDEST, Push, Pushed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """A well-formed push: ``bodies`` are the entries after ``header.after``; the device signed ``head``."""

    header: Push
    bodies: list[bytes]
    head: Head
    signature: bytes


class Entries:
    """Answers ``entries``."""

    def __init__(self, store: Store, kota: Kota) -> None:
        self._store = store
        self._kota = kota

    async def push(self, claim: Claim, raw: bytes) -> Pushed:
        """Take in a page of entries.

        Raises `ProblemError`: `standing`'s; 409 for another epoch, a gap, or a fork of the log that is held;
        413 for too many; 426 from a desk too old; 422 for a page that is none, is of another device, or is not signed by this one.
        """
        run = read_run(raw, claim)
        if run.header.version < OLDEST:
            raise ProblemError(Code.UPDATE_NEEDED)
        if run.header.epoch != self._kota.epoch:
            raise ProblemError(Code.EPOCH_CHANGED)
        device = await self._store.read(lambda c: standing(c, claim))
        _check_signature(run, device.public_key)
        lines, last = await self._store.write(lambda c: self._take(c, claim, run))
        return Pushed(
            epoch=self._kota.epoch,
            server_ms=self._kota.now_ms(),
            last=last,
            settled=tuple(applying.settled(line) for line in lines),
        )

    def _take(self, connection: Connection, claim: Claim, run: Run) -> tuple[list[LogLine], int]:
        """The outcome of each entry of the run, and the number Kota now holds the log up to."""
        devices.lock(connection, claim.device)
        device = _in(connection, standing(connection, claim), run.header.incarnation)
        heads = _check_chain(connection, device, run)
        held = list(logs.lines(connection, device.id, device.incarnation, run.header.after, len(heads)))
        if len(held) == len(heads):
            return held, device.last.number
        arrived = Arrived(device, heads[len(held) :], run.bodies[len(held) :], run.signature)
        fresh = applying.take(connection, self._kota, arrived)
        devices.advance(connection, device.id, device.incarnation, heads[-1])
        return held + fresh, heads[-1].number


def _in(connection: Connection, device: Device, incarnation: int) -> Device:
    """``device`` as it stands in one of its incarnations: each has a log of its own, and Kota keeps them all.

    One that Kota has not heard of is taken as it comes: a Kota restored from a backup has forgotten giving it.
    """
    if incarnation == device.incarnation:
        return device
    last = logs.head(connection, device.id, incarnation)
    return msgspec.structs.replace(device, incarnation=incarnation, last=last)


def read_run(raw: bytes, claim: Claim) -> Run:
    """The push in ``raw``, of the device the token names; else 413 or 422."""
    try:
        header, bodies = page.split(raw, Push)
        head = Head(header.upto, bytes.fromhex(header.head))
        signature = bytes.fromhex(header.signature)
    except (page.BrokenPageError, ValueError) as error:
        raise ProblemError(Code.UNREADABLE) from error
    if len(bodies) > LIMIT_ENTRIES:
        raise ProblemError(Code.TOO_LARGE)
    fits = (
        bodies
        and header.after >= 0
        and header.upto == header.after + len(bodies)
        and len(head.hash) == HASH_BYTES
        and header.device == claim.device
        and 1 <= header.incarnation < 2**31
    )
    if not fits:
        raise ProblemError(Code.UNREADABLE)
    return Run(header, bodies, head, signature)


def _check_signature(run: Run, public_key: bytes) -> None:
    key = Ed25519PublicKey.from_public_bytes(public_key)
    owner = log_of(run.header.device, run.header.incarnation)
    # A number beyond 8 bytes cannot be signed, nor stored.
    if run.head.number >= 2**63 or not signed_by(key, owner, run.head, run.signature):
        log.warning("entries: a push of device %s was not signed by it", run.header.device)
        raise ProblemError(Code.UNREADABLE)


def _check_chain(connection: Connection, device: Device, run: Run) -> list[Head]:
    """Kota's own head after each entry of the run, if it continues or repeats the log Kota holds; else 409."""
    last, after = device.last.number, run.header.after
    if after > last:
        raise ProblemError(Code.LOG_GAP, expected=last + 1)
    base = Head(after, logs.hash_at(connection, device.id, device.incarnation, after))
    heads = extend_all(base, run.bodies)
    # Where the run covers our last entry, it must lead through it.
    passes = after == last or run.head.number < last or heads[last - after - 1] == device.last
    if run.head.number < last:
        held = logs.hash_at(connection, device.id, device.incarnation, run.head.number)
        passes = heads[-1].hash == held
    if after == 0 and heads[-1] != run.head:
        # Everybody agrees on the beginning: the page contradicts itself.
        raise ProblemError(Code.HEAD_MISMATCH, expected=last)
    if not passes or heads[-1] != run.head:
        log.warning("entries: device %s has two histories: its disk was copied or rolled back", device.id)
        raise ProblemError(Code.LOG_FORK, expected=last)
    return heads
