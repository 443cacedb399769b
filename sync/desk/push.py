"""Pushing: the oldest undelivered entries of the log, one run each step, under one signature.

An entry stops waiting only by Kota's word about that entry. No failure of the link, no refusal of a request and no
status code ever is such a word.
"""

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.desk.failures import Answered, Differs, TooSlow
from sync.desk.projection import Changed
from sync.desk.status import Reply
from sync.desk.step import Step
from sync.desk.store import feed, log
from sync.desk.store.database import Connection, Database
from sync.desk.store.device import Identity
from sync.desk.store.log import Run
from sync.wire import chain, page
from sync.wire.errors import Code
from sync.wire.messages import LIMIT_ENTRIES, LIMIT_PUSH_BYTES, Push, Pushed

# Room for the header and the line ends.
MOST_BYTES = LIMIT_PUSH_BYTES - 8 * 1024


class Entries(Protocol):
    """The one call pushing needs; `sync.desk.kota.Kota` is one."""

    def entries(self, push: bytes) -> Pushed: ...


class Pusher:
    """Delivers this device's log."""

    def __init__(self, database: Database, who: Identity, kota: Entries) -> None:
        self._database = database
        self._who = who
        self._kota = kota
        self._limit = LIMIT_ENTRIES

    def step(self) -> Step:
        """Send one run, if any waits. Raises `sync.desk.failures.LinkFailure`; the entries then wait on."""
        run, epoch = self._database.read(self._next)
        if run is None:
            return Step()
        try:
            pushed = self._kota.entries(self._signed(run, epoch))
        except Answered as answer:
            return self._answered(answer, run)
        except TooSlow:
            self._send_fewer(run)
            raise
        self._limit = min(LIMIT_ENTRIES, self._limit * 2)
        return self._settle(run, pushed)

    def _next(self, connection: Connection) -> tuple[Run | None, str]:
        run = log.next_run(connection, self._who, self._limit, MOST_BYTES)
        return run, feed.standing(connection).epoch

    def _signed(self, run: Run, epoch: str) -> bytes:
        who = self._who
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

    def _settle(self, run: Run, pushed: Pushed) -> Step:
        alerts = self._database.write(lambda c: log.settle(c, self._who, pushed.settled))
        left, _ = self._database.read(self._next)
        if left is not None and left.after <= run.after:
            raise Differs("Kota took the entries and said nothing of the first")
        return Step(Changed(alerts, status=True), Reply(pushed.server_ms), more=left is not None)

    def _answered(self, answer: Answered, run: Run) -> Step:
        """Kota asks for another run; anything else it says is for the loop."""
        if answer.code is Code.TOO_LARGE and len(run.bodies) > 1:
            self._send_fewer(run)
            return Step(more=True)
        expected = answer.expected
        if answer.code is Code.LOG_GAP and expected is not None and 1 <= expected <= run.after:
            alerts = self._database.write(lambda c: log.reopen(c, self._who, expected))
            return Step(Changed(alerts, status=True), more=True)
        raise answer

    def _send_fewer(self, run: Run) -> None:
        self._limit = max(1, len(run.bodies) // 2)
