"""Numbered without holes, chained without breaks, nothing twice: computed anew from the bytes at both ends."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.wire.chain import Head, Owner, feed_of, genesis, log_of, signed_by
from sync.wire.messages import EntryPublished, Event, Receipt
from tests.simulation.checkers.base import Checker

if TYPE_CHECKING:
    from tests.simulation.machines import DeskMachine
    from tests.simulation.network import Call

Rows = Iterable[tuple[int, bytes, bytes]]


def first_break(owner: Owner, rows: Rows) -> int | None:
    """The first number at which ``rows`` (number, hash, body) are no chain of ``owner``; None if they are one."""
    head = genesis(owner).hash
    for last, (number, stored, body) in enumerate(rows, 1):
        head = sha256(head + last.to_bytes(8) + sha256(bytes(body)).digest()).digest()
        if number != last or bytes(stored) != head:
            return last
    return None


class OnceOnly(Checker):
    """No entry has its effect twice, whatever was retried, doubled or reordered."""

    def finished(self) -> None:
        bodies = Counter(bytes(body) for (body,) in self.scene.kota.rows("SELECT body FROM device_log"))
        if any(count > 1 for count in bodies.values()):
            self.broken("Kota holds an entry twice")
        rows = self.scene.kota.rows("SELECT unit, kind, alert, body FROM feed_event ORDER BY unit, number")
        told: Counter[tuple[str, str]] = Counter()
        for unit, kind, alert, body in rows:
            if kind == "entry":
                data = msgspec.json.decode(bytes(body), type=Event).data
                told[unit, bytes(msgspec.json.decode(data, type=EntryPublished).entry).hex()] += 1
            elif kind == "alert":
                told[unit, f"alert {alert}"] += 1
        if any(count > 1 for count in told.values()):
            self.broken("a feed tells the same thing twice")
        for desk in self.scene.desks:
            self._shown_once(desk.name, desk.rows("SELECT entry_id FROM timeline"))

    def _shown_once(self, name: str, rows: list[tuple[str]]) -> None:
        if any(count > 1 for count in Counter(entry for (entry,) in rows).values()):
            self.broken(f"{name} shows an entry twice")


class DeviceChain(Checker):
    """Each device's log is 1..n, chained and signed, and the same at both ends."""

    def finished(self) -> None:
        for desk in self.scene.desks:
            if desk.who is None:
                continue
            owner = log_of(desk.who.device, desk.who.incarnation)
            own = desk.rows("SELECT number, hash, body FROM log ORDER BY incarnation, number")
            query = "SELECT number, hash, body, signature FROM device_log WHERE device = ? ORDER BY number"
            at_kota = self.scene.kota.rows(query, desk.who.device)
            for where, rows in ((desk.name, own), ("Kota", [row[:3] for row in at_kota])):
                at = first_break(owner, rows)
                if at is not None:
                    self.broken(f"the log of {desk.name} breaks at {at} on the disk of {where}")
            if at_kota != [] and [row[:3] for row in at_kota] != own[: len(at_kota)]:
                self.broken(f"the log of {desk.name} differs at Kota")
            self._signed(desk.name, owner, at_kota)

    def _signed(self, name: str, owner: Owner, rows: list[tuple[int, bytes, bytes, bytes | None]]) -> None:
        if not rows:
            return
        number, head, _, signature = rows[-1]
        [(key,)] = self.scene.kota.rows("SELECT public_key FROM device WHERE id = ?", owner.names[0])
        ours = Ed25519PublicKey.from_public_bytes(bytes(key))
        if signature is None or not signed_by(ours, owner, Head(number, bytes(head)), bytes(signature)):
            self.broken(f"the end of the log of {name} is not signed by it")


class FeedChain(Checker):
    """Each unit's feed is 1..n and chained, and what a desk holds of it is its beginning."""

    def sent(self, desk: "DeskMachine", call: "Call") -> None:
        if call.path != "/v1/receipts":
            return
        receipt = msgspec.json.decode(call.body, type=Receipt)
        if receipt.epoch != self.scene.kota.epoch:
            # Kota was restored and the desk does not know it yet: Kota refuses what is of another epoch.
            return
        query = "SELECT hash FROM feed_event WHERE unit = ? AND number = ?"
        held = self.scene.kota.rows(query, desk.unit, receipt.upto)
        if not held or bytes(held[0][0]).hex() != receipt.head:
            self.broken(f"{desk.name} holds another feed than Kota at {receipt.upto}")

    def finished(self) -> None:
        query = "SELECT number, hash, body FROM feed_event WHERE unit = ? ORDER BY number"
        for unit, number in self.scene.kota.rows("SELECT unit, number FROM feed_head WHERE number > 0"):
            rows = self.scene.kota.rows(query, unit)
            if first_break(feed_of(unit), rows) is not None or len(rows) != number:
                self.broken(f"the feed of {unit} is no chain at Kota")
        for desk in self.scene.desks:
            rows = desk.feed()
            stands = desk.rows("SELECT number FROM feed_state")
            if first_break(feed_of(desk.unit), rows) is not None or (stands and stands[0][0] != len(rows)):
                self.broken(f"the feed on {desk.name} is no chain")
            at_kota = [(n, bytes(h), bytes(b)) for n, h, b in self.scene.kota.rows(query, desk.unit)]
            if rows != at_kota[: len(rows)]:
                self.broken(f"the feed on {desk.name} is not the beginning of Kota's")
