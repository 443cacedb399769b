"""Who gets to know of an alert, and that whoever should, does and goes on knowing."""

from collections import Counter
from typing import TYPE_CHECKING

from sync.wire.messages import DraftPublished
from sync.wire.reading import Reading, read_event
from tests.simulation.checkers.base import Checker
from tests.simulation.reporting import canaries, reported

if TYPE_CHECKING:
    from tests.simulation.machines import DeskMachine
    from tests.simulation.network import Answer, Call


class Jurisdiction(Checker):
    """No byte of an alert is sent to, or stored at, a device of a unit that does not hold it."""

    def answered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        self._only_own(desk, answer.body, f"was sent in answer to {call.path}")

    def finished(self) -> None:
        for desk in self.scene.served:
            for _, _, body in desk.feed():
                self._only_own(desk, body, "is stored")

    def _only_own(self, desk: "DeskMachine", raw: bytes, what: str) -> None:
        for reference in canaries(raw):
            if desk.unit not in self.scene.truth.holders.get(reference, frozenset()):
                self.broken(f"alert {reference} {what} at {desk.name} of {desk.unit}")


class NoAbsenceDelete(Checker):
    """An alert that was on a screen stays there: nothing vanishes because it was missing from a reply."""

    def __init__(self, scene: object) -> None:
        super().__init__(scene)  # type: ignore[arg-type]  # only handed on
        self._seen: dict[int, set[str]] = {}

    def looked(self, desk: "DeskMachine") -> None:
        now = {alert for (alert,) in desk.rows("SELECT alert_id FROM alert")}
        gone = self._seen.get(desk.number, set()) - now
        if gone:
            self.broken(f"{len(gone)} alerts vanished from {desk.name}")
        self._seen[desk.number] = now

    def set_back(self, desk: "DeskMachine") -> None:
        # It shows what it showed then, until it hears from Kota.
        self._seen.pop(desk.number, None)

    def delivered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        if call.path.startswith("/v1/feeds/") and desk.desk is not None:
            self.looked(desk)

    def finished(self) -> None:
        for desk in self.scene.served:
            self.looked(desk)


class IngestOnce(Checker):
    """One alert for each reference; what nobody can read lies at the hub as a draft, once."""

    def finished(self) -> None:
        references = Counter(ref for (ref,) in self.scene.kota.rows("SELECT reference FROM alert"))
        for reference, count in references.items():
            if count > 1 or not reference.startswith("SIM-"):
                self.broken(f"{reference} became {count} alerts")
        rows = self.scene.kota.rows("SELECT body FROM feed_event WHERE kind = 'draft'")
        drafts = [
            reading.data.sha256 for reading in map(_read, rows) if isinstance(reading.data, DraftPublished)
        ]
        wanted = {sha.hex() for sha in self.scene.truth.malformed}
        surplus = set() if self.scene.truth.restored else set(drafts) - wanted
        if self.scene.converged and (wanted - set(drafts) or surplus):
            self.broken(f"{len(wanted)} unreadable messages became {len(drafts)} drafts")
        # One that a desk gave back may also be sent again by a platform that knows nothing of the restore.
        if len(drafts) > len(set(drafts)) and not self.scene.truth.restored:
            self.broken("an unreadable message became two drafts")


def _read(row: tuple[bytes]) -> Reading:
    return read_event(bytes(row[0]))


class Custody(Checker):
    """Every alert has exactly one responsible unit."""

    def finished(self) -> None:
        query = (
            "SELECT alert.reference, sum(assignment.state = 'responsible') FROM alert"
            " LEFT JOIN assignment ON assignment.alert = alert.id GROUP BY alert.id"
        )
        for reference, responsible in self.scene.kota.rows(query):
            if responsible != 1:
                self.broken(f"{reference} has {responsible} responsible units")


class Skew(Checker):
    """An event of a later version is kept and hides no alert: each alert of the unit is on the screen."""

    def finished(self) -> None:
        if not self.scene.converged:
            return
        for desk in self.scene.served:
            wanted = self.scene.truth.wanted(desk.unit)
            known = [reference for reading in desk.events() for reference in reported(reading)]
            [(shown,)] = desk.rows("SELECT count(*) FROM alert")
            # What was on its way to a desk when Kota was set back comes back although nobody had it yet.
            surplus = set(known) - wanted - self.scene.truth.gone
            if wanted - set(known) or surplus or shown != len(known):
                self.broken(f"{desk.name} shows {shown} alerts, of {known}; it should have {sorted(wanted)}")
            # One that a desk gave back may also have been reported anew meanwhile.
            if len(known) > len(wanted) and not self.scene.truth.restored:
                self.broken(f"{desk.name} shows a report twice")
