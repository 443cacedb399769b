"""Pushing: the oldest undelivered entries of the log, one run each step, under one signature.

An entry stops waiting only by Kota's word about that entry. No failure of the link, no refusal of a request and no
status code ever is such a word.
"""

import logging
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.desk.failures import Answered, Differs, TooSlow
from sync.desk.projection import Changed
from sync.desk.status import Reply
from sync.desk.step import Step
from sync.desk.store import device, feed, log
from sync.desk.store.database import Connection, Database
from sync.desk.store.device import Identity
from sync.desk.store.log import Run
from sync.wire import chain, page
from sync.wire.errors import Code
from sync.wire.messages import LIMIT_ENTRIES, LIMIT_PUSH_BYTES, Begun, Push, Pushed

_log = logging.getLogger(__name__)

# Room for the header and the line ends.
MOST_BYTES = LIMIT_PUSH_BYTES - 8 * 1024


class Entries(Protocol):
    """The calls pushing needs; `sync.desk.kota.Kota` is one."""

    def entries(self, push: bytes) -> Pushed: ...

    def begin(self, after: int) -> Begun: ...


class Pusher:
    """Delivers this device's log."""

    def __init__(self, database: Database, who: Identity, kota: Entries) -> None:
        self._database = database
        self._who = who
        self._kota = kota
        self._limit = LIMIT_ENTRIES

    def step(self) -> Step:
        """Send one run, if any waits. Raises `sync.desk.failures.LinkFailure`; the entries then wait on."""
        who, run, epoch = self._database.read(self._next)
        if run is None:
            return Step()
        try:
            pushed = self._kota.entries(_signed(who, run, epoch))
        except Answered as answer:
            return self._answered(answer, who, run)
        except TooSlow:
            self._send_fewer(run)
            raise
        self._limit = min(LIMIT_ENTRIES, self._limit * 2)
        return self._settle(who, run, pushed)

    def _next(self, connection: Connection) -> tuple[Identity, Run | None, str]:
        who = log.oldest_waiting(connection, self._who)
        run = log.next_run(connection, who, self._limit, MOST_BYTES)
        return who, run, feed.standing(connection).epoch

    def _left(self, connection: Connection) -> tuple[Identity, int | None]:
        who = log.oldest_waiting(connection, self._who)
        return who, log.first_waiting(connection, who)

    def _settle(self, who: Identity, run: Run, pushed: Pushed) -> Step:
        alerts = self._database.write(lambda c: log.settle(c, who, pushed.settled))
        then, first = self._database.read(self._left)
        if first is not None and (then.incarnation, first) <= (who.incarnation, run.after + 1):
            raise Differs("Kota took the entries and said nothing of the first")
        return Step(Changed(alerts, status=True), Reply(pushed.server_ms), more=first is not None)

    def _answered(self, answer: Answered, who: Identity, run: Run) -> Step:
        """Kota asks for another run; anything else it says is for the loop."""
        if answer.code is Code.LOG_FORK:
            _log.warning("this PC was copied or set back: its log goes on in a new incarnation")
            return Step(Changed(self.begin_anew(), status=True), more=True)
        if answer.code is Code.TOO_LARGE and len(run.bodies) > 1:
            self._send_fewer(run)
            return Step(more=True)
        expected = answer.expected
        if answer.code is Code.LOG_GAP and expected is not None and 1 <= expected <= run.after:
            alerts = self._database.write(lambda c: log.reopen(c, who, expected))
            return Step(Changed(alerts, status=True), more=True)
        raise answer

    def begin_anew(self) -> frozenset[str]:
        """Go on in a new incarnation with all that is undelivered; the alerts concerned. Raises `LinkFailure`."""
        used = self._database.read(lambda c: device.now(c, self._who)).incarnation
        incarnation = self._kota.begin(used).incarnation
        return self._database.write(lambda c: log.reissue(c, self._who, incarnation))

    def _send_fewer(self, run: Run) -> None:
        self._limit = max(1, len(run.bodies) // 2)


def _signed(who: Identity, run: Run, epoch: str) -> bytes:
    owner = chain.log_of(who.device, who.incarnation)
    signature = chain.sign(Ed25519PrivateKey.from_private_bytes(who.private_key), owner, run.head)
    header = Push(
        device=who.device,
        incarnation=who.incarnation,
        epoch=epoch,
        after=run.after,
        upto=run.head.number,
        head=run.head.hash.hex(),
        signature=signature.hex(),
    )
    return page.join(header, run.bodies)
