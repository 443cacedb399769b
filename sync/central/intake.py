"""From a platform's message to the feeds, without ever losing one.

The raw bytes are on disk before anything else happens; what they mean comes in a second write, so a message that
breaks us is still there. A genuine message that cannot be read, or that something goes wrong with, becomes a draft
for a person at the hub. It must never answer 2xx to a message it does not hold, and must change nothing for one that
is not genuine.
"""

import hashlib
import hmac
import logging
from collections.abc import Callable

import msgspec

from sync.case.report import parse
from sync.central.kota import Kota
from sync.central.problem import ProblemError
from sync.central.routing import Router
from sync.central.settling import Settling, Step, understand
from sync.central.shedding import Shedding
from sync.central.store import alerts, intake
from sync.central.store.database import Connection, Store, StoreFailedError
from sync.central.store.intake import IntakeOutcome, Message, Settlement
from sync.central.webhook_secrets import Live
from sync.wire.errors import Code
from sync.wire.messages import Reply

log = logging.getLogger(__name__)

SOURCE = "meta"
SCHEME = "sha256="
# Bytes that are no UTF-8 and JSON that is nested too deeply have exceptions of their own.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
NUL = rb"\u0000"
HAS_NUL = "it has a character NUL in its text"


class Taken(Reply, frozen=True, kw_only=True):
    """The answer to a genuine message: the alert it belongs to, or the draft it is kept as."""

    alert: str | None
    draft: int | None
    repeat: bool


class Intake:
    """Takes messages in. ``live`` gives the secrets that a platform may sign with."""

    def __init__(self, store: Store, kota: Kota, router: Router, live: Live, shedding: Shedding) -> None:
        self._store = store
        self._kota = kota
        self._router = router
        self._settling = Settling(kota, router.hub)
        self._live = live
        self._shedding = shedding

    async def receive(self, raw: bytes, signature: str | None) -> Taken:
        """Keep the message, then deal with it.

        Raises `ProblemError`: 401 if it is not signed by the platform, 429 if there are too many.
        """
        # Against each: how long it takes does not tell which one it was.
        proofs = [genuine(raw, signature, secret) for secret in self._live()]
        if not any(proofs):
            log.warning("intake: a message of %d bytes was not signed by the platform", len(raw))
            raise ProblemError(Code.TOKEN_NEEDED)
        self._shedding.admit(SOURCE)
        digest = hashlib.sha256(raw).digest()
        now = self._kota.now_ms()
        message, held = await self._store.write(lambda c: intake.keep(c, SOURCE, raw, digest, now))
        settlement, number = await self._settle(message)
        return Taken(
            alert=number,
            draft=message.id if settlement.outcome is IntakeOutcome.DRAFT else None,
            repeat=held or settlement.outcome is IntakeOutcome.REPEAT,
            epoch=self._kota.epoch,
            server_ms=self._kota.now_ms(),
        )

    async def catch_up(self) -> int:
        """Deal with every message a stop or a failure left waiting; how many there were."""
        left = await self._store.read(intake.waiting)
        for message in left:
            try:
                await self._settle(message)
            except StoreFailedError:
                raise
            except Exception:
                # It must not keep the others from being dealt with, and stays where it is.
                log.exception("intake: message %d still waits", message.id)
        return len(left)

    async def _settle(self, message: Message) -> tuple[Settlement, str | None]:
        """What became of the message, and the number of its alert."""
        try:
            return await self._store.write(_numbered(self._step(message)))
        except StoreFailedError:
            # Nothing is wrong with the message: it waits, and `catch_up` comes back to it.
            raise
        except Exception as error:
            # Whatever else went wrong is our mistake, and a person must see the message all the same.
            log.exception("intake: message %d became a draft", message.id)
            reason = f"our mistake: {type(error).__name__}"
            return await self._store.write(_numbered(self._settling.as_draft(message, reason)))

    def _step(self, message: Message) -> Step:
        """What to write for ``message``; reading, judging and routing happen here, outside of the transaction."""
        try:
            report = parse(message.raw)
        except UNREADABLE as error:
            return self._settling.as_draft(message, str(error))
        if NUL in message.raw:
            # PostgreSQL stores no text with it, and no name or place has one.
            return self._settling.as_draft(message, HAS_NUL)
        return self._settling.as_report(understand(message, report, self._router.route(report)))


def _numbered(step: Step) -> Callable[[Connection], tuple[Settlement, str | None]]:
    def write(connection: Connection) -> tuple[Settlement, str | None]:
        settlement = step(connection)
        return settlement, alerts.number_of(connection, settlement.alert)

    return write


def genuine(raw: bytes, signature: str | None, secret: bytes) -> bool:
    """Whether ``signature`` (``sha256=<hex>``) is the HMAC of the very bytes ``raw``; in constant time."""
    if signature is None or not signature.startswith(SCHEME):
        return False
    expected = SCHEME + hmac.new(secret, raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.lower().encode())
