"""A Kota that was restored from a backup, and its desks: where the two histories part, and what desks give back.

Kota believes an offered event only under its own signature from before. A new epoch is given by whoever restores
(`new_epoch`), but nothing depends on that being remembered: a desk that finds another history rejoins all the same.
"""

import logging
from dataclasses import dataclass

from sync.central.adopting import Adopting
from sync.central.enrolment import standing
from sync.central.kota import Kota
from sync.central.problem import ProblemError
from sync.central.store import alerts, devices, feeds, logs, meta
from sync.central.store.database import Connection, Store
from sync.central.tokens import Claim
from sync.wire import page
from sync.wire.chain import Head, extend_all, feed_of, signed_by
from sync.wire.errors import Code
from sync.wire.messages import LIMIT_EVENTS
from sync.wire.rejoin import LIMIT_POINTS, LogHeld, Offer, Offered, Point, Rejoin, Rejoined
from sync.world import World

log = logging.getLogger(__name__)

EPOCH_BYTES = 16
# More than Rajasthan has alerts between two backups.
NUMBERS_SKIPPED = 1000


@dataclass(frozen=True)
class Proven:
    """Events that Kota once published: its signature says so."""

    unit: str
    bodies: list[bytes]


def new_epoch(connection: Connection, world: World) -> str:
    """Begin a new epoch, for a database that was restored from a backup; what desks hold beyond it will come back."""
    epoch = world.chance(EPOCH_BYTES).hex()
    meta.save(connection, meta.EPOCH, epoch)
    alerts.skip_numbers(connection, NUMBERS_SKIPPED)
    return epoch


class Rejoining:
    """Answers ``rejoin`` and ``rejoin/offer``."""

    def __init__(self, store: Store, kota: Kota) -> None:
        self._store = store
        self._kota = kota

    async def rejoin(self, claim: Claim, asked: Rejoin) -> Rejoined:
        """Where the feeds part. Raises `ProblemError`: `standing`'s, 403 for another unit's feed, 422."""
        if not 1 <= len(asked.points) <= LIMIT_POINTS:
            raise ProblemError(Code.UNREADABLE)
        common, end, held = await self._store.read(lambda c: _common(c, claim, asked))
        return Rejoined(
            epoch=self._kota.epoch, server_ms=self._kota.now_ms(), common=common, end=end, logs=held
        )

    async def offer(self, claim: Claim, raw: bytes) -> Offered:
        """Take back what Kota lost. Raises `ProblemError`: `standing`'s, 403, 422 for what Kota did not sign."""
        proven = self._proven(raw)
        adopted, held, refused = await self._store.write(lambda c: _adopt(c, self._kota, claim, proven))
        log.warning("feed %s: %d events came back, %d could not be used", proven.unit, adopted, refused)
        return Offered(
            epoch=self._kota.epoch,
            server_ms=self._kota.now_ms(),
            adopted=adopted,
            held=held,
            refused=refused,
        )

    def _proven(self, raw: bytes) -> Proven:
        try:
            offer, bodies = page.split(raw, Offer)
            base, signature = bytes.fromhex(offer.base), bytes.fromhex(offer.signature)
        except (page.BrokenPageError, ValueError) as error:
            raise ProblemError(Code.UNREADABLE) from error
        whole = 1 <= len(bodies) <= LIMIT_EVENTS and 0 <= offer.after < 2**53
        if not whole or offer.upto != offer.after + len(bodies):
            raise ProblemError(Code.UNREADABLE)
        # The signature covers the chain before ``base`` too: no other base leads to the head it is over.
        end = extend_all(Head(offer.after, base), bodies)[-1]
        key, owner = self._kota.key.public_key(), feed_of(offer.unit)
        if end.hash.hex() != offer.head or not signed_by(key, owner, end, signature, context=offer.epoch):
            log.warning("an offer for feed %s was not signed by this Kota", offer.unit)
            raise ProblemError(Code.UNREADABLE)
        return Proven(offer.unit, bodies)


def _common(connection: Connection, claim: Claim, asked: Rejoin) -> tuple[int, int, tuple[LogHeld, ...]]:
    device = standing(connection, claim)
    if device.unit != asked.unit:
        raise ProblemError(Code.NOT_YOUR_FEED)
    end = feeds.end(connection, asked.unit).number
    same = [point.number for point in asked.points if _same(connection, asked.unit, point, end)]
    held = []
    for incarnation in sorted({device.incarnation, *logs.incarnations(connection, device.id)}):
        head = logs.head(connection, device.id, incarnation)
        held.append(LogHeld(incarnation=incarnation, last=head.number, head=head.hash.hex()))
    return max(same, default=0), end, tuple(held)


def _same(connection: Connection, unit: str, point: Point, end: int) -> bool:
    known = 0 <= point.number <= end
    return known and feeds.hash_at(connection, unit, point.number).hex() == point.hash


def _adopt(connection: Connection, kota: Kota, claim: Claim, proven: Proven) -> tuple[int, int, int]:
    # One adoption at a time, and no push beside it: what was refused for want of an alert that comes back now would
    # not be judged again.
    devices.lock_everyone(connection)
    if standing(connection, claim).unit != proven.unit:
        raise ProblemError(Code.NOT_YOUR_FEED)
    known = feeds.held(connection, proven.unit, proven.bodies)
    adopting = Adopting(connection, kota, proven.unit)
    adopted, refused = adopting.take(body for body in proven.bodies if body not in known)
    return adopted, len(proven.bodies) - adopted - refused, refused
