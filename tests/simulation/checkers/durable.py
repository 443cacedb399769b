"""Nothing that was said to be kept is ever gone: not by a kill, not by a power cut."""

import hashlib
from typing import TYPE_CHECKING

import msgspec

from sync.wire.messages import Enrolled, EntryPublished, Pushed, Receipt, Received
from sync.wire.reading import read_event
from tests.simulation.checkers.base import Checker

if TYPE_CHECKING:
    from tests.simulation.machines import DeskMachine
    from tests.simulation.network import Answer, Call


class NoLoss(Checker):
    """What an officer was told is saved is on that disk, and in the end at Kota, byte for byte."""

    def finished(self) -> None:
        held = {bytes(body) for (body,) in self.scene.kota.rows("SELECT body FROM device_log")}
        # What another desk gave back of a log after a restore; the log itself follows with its next entry.
        events = self.scene.kota.rows("SELECT body FROM feed_event WHERE kind = 'entry'")
        held |= {bytes(data.entry) for data in map(_data, events) if isinstance(data, EntryPublished)}
        taken = {bytes(sha) for (sha,) in self.scene.kota.rows("SELECT sha256 FROM intake")}
        for number, desk in ((desk.number, desk) for desk in self.scene.served):
            kept = {i: bytes(body) for i, body in desk.rows("SELECT entry_id, body FROM log")}
            mine = {i: saved for i, saved in self.scene.truth.saved.items() if saved.desk == number}
            for entry, saved in mine.items():
                lost = (
                    saved.body not in held
                    if entry in self.scene.truth.elsewhere
                    else kept.get(entry) != saved.body
                )
                if lost:
                    self.broken(f"{desk.name} lost or changed a saved {saved.kind}")
            # What the desk believes to be at Kota must be there.
            for body, state in desk.rows("SELECT body, state FROM log"):
                if state != "waiting" and bytes(body) not in held:
                    self.broken(f"{desk.name} was told that Kota has an entry, and Kota has not")
        for sha in self.scene.truth.taken - taken:
            self.broken(f"Kota took message {sha.hex()[:8]} and has it no more")


def _data(row: tuple[bytes]) -> object:
    return read_event(bytes(row[0])).data


class Restore(Checker):
    """What any desk had of Kota when Kota was set back, Kota has again in the end, and every desk that showed it."""

    def __init__(self, scene: object) -> None:
        super().__init__(scene)  # type: ignore[arg-type]  # only handed on
        self._alerts: dict[int, set[str]] = {}
        self._entries: dict[int, set[str]] = {}

    def restored(self) -> None:
        for desk in (desk for desk in self.scene.served if desk.who is not None):
            alerts, entries = _shown(desk)
            self._alerts.setdefault(desk.number, set()).update(alerts)
            self._entries.setdefault(desk.number, set()).update(entries)

    def finished(self) -> None:
        rows = self.scene.kota.rows
        alerts = {alert for (alert,) in rows("SELECT id FROM alert")}
        entries = {entry for (entry,) in rows("SELECT entry_id FROM device_log")}
        entries |= {entry for (entry,) in rows("SELECT entry_id FROM adopted_entry")}
        for number, had in self._alerts.items():
            desk = self.scene.desks[number]
            shown_alerts, shown_entries = _shown(desk)
            if had - alerts or self._entries[number] - entries:
                self.broken(f"Kota did not get back all that {desk.name} had of it")
            if had - shown_alerts or self._entries[number] - shown_entries:
                self.broken(f"{desk.name} lost something when Kota was set back")


def _shown(desk: "DeskMachine") -> tuple[set[str], set[str]]:
    alerts = {alert for (alert,) in desk.rows("SELECT alert_id FROM alert")}
    return alerts, {entry for (entry,) in desk.rows("SELECT entry_id FROM timeline")}


class HonestReceipt(Checker):
    """A receipt up to n leaves the desk only when events 1 to n are on its disk."""

    def sent(self, desk: "DeskMachine", call: "Call") -> None:
        if call.path != "/v1/receipts":
            return
        receipt = msgspec.json.decode(call.body, type=Receipt)
        # What the desk takes anew, on Kota's order or after a restore, is still there.
        lost = desk.rows("SELECT number FROM feed_lost WHERE epoch = ?", receipt.epoch)
        held = {number for number, *_ in desk.feed()} | {number for (number,) in lost}
        stored = sum(number <= receipt.upto for number in held)
        if stored != receipt.upto or not desk.disk.durable():
            self.broken(f"{desk.name} gave a receipt for {receipt.upto} and has {stored} on its disk")


class HonestAck(Checker):
    """Whatever Kota answers with 2xx is on its disk at that moment."""

    def answered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        if answer.status != 200 or call.method != "POST":
            return
        if not self._stored(desk, call, answer) or not self.scene.kota.disk.durable():
            self.broken(f"Kota answered {desk.name} {call.path} with 200 before it was on its disk")

    def _stored(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> bool:
        rows = self.scene.kota.rows
        match call.path:
            case "/v1/entries":
                pushed = msgspec.json.decode(answer.body, type=Pushed)
                device = desk.who.device if desk.who else ""
                [(count,)] = rows("SELECT count(*) FROM device_log WHERE device = ?", device)
                return bool(count >= pushed.last)
            case "/v1/receipts":
                received = msgspec.json.decode(answer.body, type=Received)
                device = desk.who.device if desk.who else ""
                found = rows("SELECT upto FROM receipt WHERE device = ?", device)
                return received.upto == 0 or bool(found and found[0][0] >= received.upto)
            case "/v1/enrol":
                enrolled = msgspec.json.decode(answer.body, type=Enrolled)
                return bool(rows("SELECT 1 FROM device WHERE id = ?", enrolled.device))
        return True

    def taken(self, raw: bytes) -> None:
        digest = hashlib.sha256(raw).digest()
        if not self.scene.kota.rows("SELECT 1 FROM intake WHERE sha256 = ?", digest):
            self.broken("Kota answered a platform with 200 before the message was on its disk")
