"""Kota's promises to one desk, in memory: a feed, the desk's log, receipts. Replies can be lost."""

from collections.abc import Callable

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync import resources
from sync.case.entry import decode
from sync.case.priority import judge
from sync.case.report import Report, parse
from sync.case.unit import Officer
from sync.desk.failures import Answered, Unreachable
from sync.wire import chain, page
from sync.wire.chain import Head
from sync.wire.errors import Code
from sync.wire.messages import (
    KIND_OF_DATA,
    AlertPublished,
    Begun,
    Changes,
    EntryPublished,
    Event,
    EventData,
    OfficerPublished,
    Outcome,
    Push,
    Pushed,
    Receipt,
    Received,
    Refusal,
    Settled,
)

UNIT = "JJN"
DEVICE = "device-1"
EPOCH = "epoch-1"
MEENA = Officer("jjn-01", "मीना")


def report(number: int = 0, **changes: object) -> Report:
    """One of the published samples, changed as told."""
    raw = msgspec.json.decode(resources.path("data", "sample-alerts.json").read_bytes())
    return parse(msgspec.json.encode({**raw["examples"][number], **changes}))


class ModelKota:
    """What `sync.desk.kota.Kota` offers the lanes, answered from memory."""

    def __init__(self, device_key: Ed25519PublicKey) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        self.feed: list[bytes] = []
        self.log: list[bytes] = []
        self.outcomes: list[Settled] = []
        self.receipt = 0
        self.end_of_page: int | None = None
        self.after_work: Callable[[], None] = lambda: None
        self.refuse: set[str] = set()
        self._device_key = device_key

    # ---- what happens at Kota ------------------------------------------------------------------------------

    def publish(self, data: EventData, alert: str | None = None) -> int:
        """Publish into the feed; the number of the event."""
        return self.publish_raw(KIND_OF_DATA[type(data)], msgspec.json.encode(data), alert)

    def publish_raw(self, kind: str, data: bytes, alert: str | None = None) -> int:
        event = Event(kind=kind, must=False, at_ms=1, nonce="n", alert=alert, data=msgspec.Raw(data))
        self.feed.append(msgspec.json.encode(event))
        return len(self.feed)

    def alert(
        self, alert_id: str, *, received_ms: int = 1, unit: str = UNIT, example: Report | None = None
    ) -> None:
        said = example or report()
        self.publish(
            AlertPublished(
                number=f"RJ-{alert_id}",
                received_ms=received_ms,
                unit=unit,
                route="polygon",
                judgement=judge(said),
                report=said,
            ),
            alert_id,
        )

    def entry(
        self, body: bytes, *, device: str = DEVICE, unit: str = UNIT, number: int = 1, ms: int = 7
    ) -> None:
        raw = msgspec.Raw(body)
        alert = msgspec.json.decode(body)["alert"]
        published = EntryPublished(device=device, unit=unit, number=number, received_ms=ms, entry=raw)
        self.publish(published, alert)

    def officer(self, verifier: str, *, active: bool = True) -> None:
        self.publish(OfficerPublished(officer=MEENA, verifier=verifier, active=active))

    # ---- what a desk asks ----------------------------------------------------------------------------------

    def changes(self, unit: str, after: Head, limit: int, wait_s: int) -> tuple[Changes, list[bytes]]:
        heads = [chain.genesis(chain.feed_of(unit))]
        heads += chain.extend_all(heads[0], self.feed)
        if after.number >= len(heads) or heads[after.number] != after:
            raise Answered(Code.HEAD_MISMATCH, len(self.feed))
        upto = heads[min(after.number + limit, len(self.feed))]
        signature = chain.sign(self.key, chain.feed_of(unit), upto, context=EPOCH)
        header = Changes(
            epoch=EPOCH,
            server_ms=1_795_000_000_000,
            unit=unit,
            after=after.number,
            upto=upto.number,
            end=len(self.feed),
            head=upto.hash.hex(),
            signature=signature.hex(),
        )
        bodies = self.feed[after.number : upto.number]
        self.after_work()
        return header, bodies

    def entries(self, push: bytes) -> Pushed:
        header, bodies = page.split(push, Push)
        if header.after > len(self.log):
            raise Answered(Code.LOG_GAP, len(self.log) + 1)
        owner = chain.log_of(DEVICE, 1)
        whole = [*self.log[: header.after], *bodies]
        head = chain.extend_all(chain.genesis(owner), whole)[-1]
        assert head == Head(header.upto, bytes.fromhex(header.head))
        assert chain.signed_by(self._device_key, owner, head, bytes.fromhex(header.signature))
        assert whole[: len(self.log)] == self.log[: len(whole)]
        for body in whole[len(self.log) :]:
            self._take(body)
        settled = tuple(self.outcomes[header.after : header.upto])
        self.after_work()
        return Pushed(epoch=EPOCH, server_ms=1_795_000_000_000, last=len(self.log), settled=settled)

    def begin(self, after: int) -> Begun:
        raise Answered(Code.LOG_FORK)  # The log of the model never forks.

    def receipts(self, receipt: Receipt) -> Received:
        self.receipt = max(self.receipt, receipt.upto)
        self.after_work()
        return Received(epoch=EPOCH, server_ms=1_795_000_000_000, upto=self.receipt)

    def _take(self, body: bytes) -> None:
        self.log.append(body)
        entry, number = decode(body), len(self.log)
        refused = entry.alert in self.refuse
        self.outcomes.append(
            Settled(
                number=number,
                id=entry.id,
                outcome=Outcome.REFUSED if refused else Outcome.APPLIED,
                received_ms=7,
                why=Refusal.UNKNOWN_ALERT if refused else None,
            )
        )
        if not refused:
            self.entry(body, number=number)


def lost() -> None:
    """Kota did the work; the reply did not arrive."""
    raise Unreachable("the reply was lost")
