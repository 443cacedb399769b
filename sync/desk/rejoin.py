"""Rejoining a Kota that was restored from a backup: find where the feeds part, give back what Kota lost, go on.

It never removes anything the officer sees. What Kota no longer knows stays shown until Kota has published it again,
and the entries of this PC that Kota no longer holds wait again.
"""

import logging
from typing import Protocol

import msgspec

from sync.desk.bootstrap import Pulling
from sync.desk.failures import Answered, Differs, OtherHistory
from sync.desk.projection import Changed
from sync.desk.status import Reply
from sync.desk.step import Step
from sync.desk.store import feed, history, log
from sync.desk.store.database import Connection, Database
from sync.desk.store.device import Identity
from sync.desk.store.feed import Standing
from sync.desk.store.history import Proof
from sync.wire import chain, page
from sync.wire.chain import Head
from sync.wire.errors import Code
from sync.wire.rejoin import LIMIT_POINTS, LogHeld, Offer, Offered, Point, Rejoin, Rejoined

_log = logging.getLogger(__name__)

# Kota's word on an offer itself. Anything else (a token, a fork of the log) says nothing of it: it waits.
JUDGED = {Code.UNREADABLE, Code.TOO_LARGE}


class Restored(Protocol):
    """The calls rejoining needs; `sync.desk.kota.Kota` is one."""

    def rejoin(self, points: Rejoin) -> Rejoined: ...

    def expect(self, epoch: str) -> None: ...

    def offer(self, offered: bytes) -> Offered: ...


class Rejoining:
    """``pull``, and what to do when it finds another history."""

    def __init__(self, database: Database, who: Identity, kota: Restored, pull: Pulling) -> None:
        self._database = database
        self._who = who
        self._kota = kota
        self._pull = pull
        self._kota_is_older = False

    def step(self, wait_s: int = 0) -> Step:
        """Give back, else pull, else rejoin. Raises `sync.desk.failures.LinkFailure`."""
        proof = self._database.read(lambda c: history.to_offer(c, self._who.unit.code))
        if proof is not None and not self._kota_is_older:
            return self._give_back(proof)
        try:
            return self._pull.step(wait_s)
        except OtherHistory:
            return self._rejoin()

    # ---- where the feeds part ------------------------------------------------------------------------------

    def _rejoin(self) -> Step:
        before = self._database.read(self._sound)
        answer, common = self._find(before)
        if common == before.head and answer.epoch == before.epoch:
            raise Differs("Kota has our feed and says that it has not")
        alerts = self._database.write(lambda c: self._go_on(c, common, answer))
        self._kota.expect(answer.epoch)
        _log.warning(
            "Kota was restored: its feed is ours up to %d of %d, its end is %d",
            common.number,
            before.head.number,
            answer.end,
        )
        return Step(Changed(alerts, status=True), Reply(answer.server_ms), more=True)

    def _sound(self, connection: Connection) -> Standing:
        """Where the feed stands; a feed that contradicts itself here is no basis to find together on."""
        standing = feed.standing(connection)
        held = history.heads(connection, [standing.head.number]) or [self._start()]
        if held != [standing.head]:
            raise Differs("the feed stored here does not hold together")
        return standing

    def _start(self) -> Head:
        return chain.genesis(chain.feed_of(self._who.unit.code))

    def _find(self, before: Standing) -> tuple[Rejoined, Head]:
        """Kota's answer, and the furthest place that both ends have."""
        numbers = _back_from(before.head.number)
        low, high = 0, before.head.number + 1
        while True:
            places = self._database.read(lambda c, n=numbers: history.heads(c, n))  # type: ignore[misc]
            points = tuple(Point(place.number, place.hash.hex()) for place in [*places, self._start()])
            answer = self._kota.rejoin(Rejoin(unit=self._who.unit.code, points=points))
            low = max(low, answer.common)
            high = min([high, *(number for number in numbers if number > low)])
            if high - low <= 1:
                break
            step = max(1, (high - low) // (LIMIT_POINTS - 2))
            numbers = [*range(low, high, step)][: LIMIT_POINTS - 1]
        found = self._database.read(lambda c: history.heads(c, [low])) if low else [self._start()]
        return answer, found[0]

    def _go_on(self, connection: Connection, common: Head, answer: Rejoined) -> frozenset[str]:
        alerts = history.rewind(connection, common, answer.epoch)
        held = {one.incarnation: one for one in answer.logs}
        for incarnation in log.incarnations(connection):
            alerts |= self._reopen(connection, incarnation, held.get(incarnation))
        return alerts

    def _reopen(self, connection: Connection, incarnation: int, held: LogHeld | None) -> frozenset[str]:
        who = msgspec.structs.replace(self._who, incarnation=incarnation)
        return log.reopen(connection, who, 1 if held is None else held.last + 1)

    # ---- what Kota lost ------------------------------------------------------------------------------------

    def _give_back(self, proof: Proof) -> Step:
        if not proof.signature:
            _log.warning("events up to %d cannot be given back: no signature of Kota's", proof.end.number)
            self._database.write(lambda c: history.offered(c, proof, history.UNPROVABLE))
            return Step(more=True)
        try:
            answer = self._kota.offer(self._offer(proof))
        except Answered as refusal:
            if refusal.code is Code.UNKNOWN_CALL:
                # It waits for a Kota that knows the call, and nothing else waits for it.
                _log.warning("this Kota is too old to take lost events back")
                self._kota_is_older = True
                return Step(more=True)
            if refusal.code not in JUDGED:
                raise
            _log.warning("Kota does not take events up to %d back: %s", proof.end.number, refusal.code)
            self._database.write(lambda c: history.offered(c, proof, history.UNPROVABLE))
            return Step(more=True)
        self._database.write(lambda c: history.offered(c, proof, history.GIVEN))
        _log.warning("Kota took %d events back and had %d", answer.adopted, answer.held)
        return Step(Changed(status=True), Reply(answer.server_ms), more=True)

    def _offer(self, proof: Proof) -> bytes:
        header = Offer(
            unit=self._who.unit.code,
            epoch=proof.epoch,
            after=proof.base.number,
            upto=proof.end.number,
            base=proof.base.hash.hex(),
            head=proof.end.hash.hex(),
            signature=proof.signature.hex(),
        )
        return page.join(header, proof.bodies)


def _back_from(number: int) -> list[int]:
    """``number``, and 1, 2, 4, 8 … before it."""
    numbers, back = [number], 1
    while back < number:
        numbers.append(number - back)
        back *= 2
    return numbers


def take_anew(database: Database, who: Identity) -> frozenset[str]:
    """Go back to the beginning of the feed, on Kota's order; the alerts concerned. All stays shown meanwhile."""
    start = chain.genesis(chain.feed_of(who.unit.code))

    def rewind(connection: Connection) -> frozenset[str]:
        return history.rewind(connection, start, feed.standing(connection).epoch, history.GIVEN)

    return database.write(rewind)
