"""Numbered without holes, chained without breaks, nothing twice: computed anew from the bytes at both ends."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.wire.chain import Head, Owner, feed_of, genesis, log_of, signed_by
from sync.wire.messages import EntryPublished, Event, Receipt
from tests.simulation.checkers.base import Checker

if TYPE_CHECKING:
    from tests.simulation.machines import DeskMachine
    from tests.simulation.network import Answer, Call

Rows = Iterable[tuple[int, bytes, bytes]]
# Number, hash and body of an entry; at Kota also the signature.
Row = tuple[Any, ...]


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
        # What a PC sends again in a new log has no id there, and no effect.
        query = "SELECT body FROM device_log WHERE entry_id IS NOT NULL"
        bodies = Counter(bytes(body) for (body,) in self.scene.kota.rows(query))
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
        for desk in self.scene.served:
            self._shown_once(desk.name, desk.rows("SELECT entry_id FROM timeline"))

    def _shown_once(self, name: str, rows: list[tuple[str]]) -> None:
        if any(count > 1 for count in Counter(entry for (entry,) in rows).values()):
            self.broken(f"{name} shows an entry twice")


class DeviceChain(Checker):
    """Each log of a device is 1..n, chained and signed, and the same at both ends as far as both have it."""

    def __init__(self, scene: object) -> None:
        super().__init__(scene)  # type: ignore[arg-type]  # only handed on
        self._set_back: set[int] = set()

    def set_back(self, desk: "DeskMachine") -> None:
        self._set_back.add(desk.number)

    def finished(self) -> None:
        for desk in self.scene.served:
            if desk.who is None:
                continue
            own = desk.rows("SELECT incarnation, number, hash, body FROM log ORDER BY incarnation, number")
            query = (
                "SELECT incarnation, number, hash, body, signature FROM device_log WHERE device = ?"
                " ORDER BY incarnation, number"
            )
            at_kota = self.scene.kota.rows(query, desk.who.device)
            logs = {row[0] for row in [*own, *at_kota]}
            # What was not yet known to be delivered went on in the next log, or is only known to the other copy.
            copied = any(
                other is not desk and other.who is not None and other.who.device == desk.who.device
                for other in self.scene.desks
            )
            shorter = len(logs) > 1 or copied or desk.number in self._set_back
            for incarnation in logs:
                here = [row[1:] for row in own if row[0] == incarnation]
                there = [row[1:] for row in at_kota if row[0] == incarnation]
                self._same(desk, incarnation, here, there, shorter=shorter)

    def _same(
        self, desk: "DeskMachine", incarnation: int, here: list[Row], there: list[Row], *, shorter: bool
    ) -> None:
        assert desk.who is not None
        owner = log_of(desk.who.device, incarnation)
        for where, rows in ((desk.name, here), ("Kota", [row[:3] for row in there])):
            at = first_break(owner, rows)
            if at is not None:
                self.broken(f"log {incarnation} of {desk.name} breaks at {at} on the disk of {where}")
        both = min(len(here), len(there))
        if [row[:3] for row in there[:both]] != here[:both]:
            self.broken(f"log {incarnation} of {desk.name} differs at Kota")
        if len(there) > len(here) and not shorter:
            self.broken(f"Kota has more of log {incarnation} of {desk.name} than was ever written")
        self._signed(desk.name, owner, there)

    def _signed(self, name: str, owner: Owner, rows: list[Row]) -> None:
        if not rows:
            return
        number, head, _, signature = rows[-1]
        [(key,)] = self.scene.kota.rows("SELECT public_key FROM device WHERE id = ?", owner.names[0])
        ours = Ed25519PublicKey.from_public_bytes(bytes(key))
        if signature is None or not signed_by(ours, owner, Head(number, bytes(head)), bytes(signature)):
            self.broken(f"the end of the log of {name} is not signed by it")


class ForkSafe(Checker):
    """A PC that was copied or set back takes nothing from Kota's logs and goes on in one that is its own."""

    def __init__(self, scene: object) -> None:
        super().__init__(scene)  # type: ignore[arg-type]  # only handed on
        self._had: set[tuple[str, int, int, bytes]] = set()

    def set_back(self, desk: "DeskMachine") -> None:
        self._had |= self._at_kota()

    def answered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        if call.path == "/v1/entries" and answer.status == 409:
            self._had |= self._at_kota()

    def restored(self) -> None:
        self._had.clear()

    def _at_kota(self) -> set[tuple[str, int, int, bytes]]:
        rows = self.scene.kota.rows("SELECT device, incarnation, number, hash FROM device_log")
        return {(device, incarnation, number, bytes(head)) for device, incarnation, number, head in rows}

    def finished(self) -> None:
        if self._had - self._at_kota():
            self.broken("a log at Kota lost an entry, or shows another one in its place")
        newest = dict(self.scene.kota.rows("SELECT id, incarnation FROM device"))
        for desk in self.scene.served:
            for device, incarnation in (
                desk.rows("SELECT device, incarnation FROM device") if desk.who else []
            ):
                if incarnation > newest[device]:
                    self.broken(f"{desk.name} writes log {incarnation}, which Kota never gave out")


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
        for desk in self.scene.served:
            rows = desk.feed()
            stands = desk.rows("SELECT number FROM feed_state")
            if first_break(feed_of(desk.unit), rows) is not None or (stands and stands[0][0] != len(rows)):
                self.broken(f"the feed on {desk.name} is no chain")
            at_kota = [(n, bytes(h), bytes(b)) for n, h, b in self.scene.kota.rows(query, desk.unit)]
            if rows != at_kota[: len(rows)]:
                self.broken(f"the feed on {desk.name} is not the beginning of Kota's")
