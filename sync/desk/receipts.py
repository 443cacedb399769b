"""Receipts: telling Kota how far the feed is on this disk. A machine's word, given only after the commit."""

from typing import Protocol

from sync.desk.status import Reply
from sync.desk.step import Step
from sync.desk.store import feed
from sync.desk.store.database import Database
from sync.desk.store.device import Identity
from sync.wire.messages import Receipt, Received


class Receipts(Protocol):
    """The one call receipts need; `sync.desk.kota.Kota` is one."""

    def receipts(self, receipt: Receipt) -> Received: ...


class Receiver:
    """Gives the receipts of this device."""

    def __init__(self, database: Database, who: Identity, kota: Receipts) -> None:
        self._database = database
        self._who = who
        self._kota = kota

    def step(self) -> Step:
        """Give a receipt for all that is stored, if Kota has none of it. Raises `sync.desk.failures.LinkFailure`."""
        standing = self._database.read(feed.standing)
        head = standing.head
        if head.number <= standing.receipt:
            return Step()
        receipt = Receipt(
            unit=self._who.unit.code, epoch=standing.epoch, upto=head.number, head=head.hash.hex()
        )
        received = self._kota.receipts(receipt)
        given = min(received.upto, head.number)
        self._database.write(lambda c: feed.receipt_given(c, standing.epoch, given))
        return Step(reply=Reply(received.server_ms))
