"""Who gets to know of an alert, and that whoever should, does and goes on knowing."""

from collections import Counter
from typing import TYPE_CHECKING

from tests.simulation.checkers.base import Checker
from tests.simulation.reporting import canaries

if TYPE_CHECKING:
    from tests.simulation.machines import DeskMachine
    from tests.simulation.network import Answer, Call


class Jurisdiction(Checker):
    """No byte of an alert is sent to, or stored at, a device of a unit that does not hold it."""

    def answered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        self._only_own(desk, answer.body, f"was sent in answer to {call.path}")

    def finished(self) -> None:
        for desk in self.scene.desks:
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
        now = {number for (number,) in desk.rows("SELECT number FROM alert")}
        gone = self._seen.get(desk.number, set()) - now
        if gone:
            self.broken(f"{len(gone)} alerts vanished from {desk.name}")
        self._seen[desk.number] = now

    def delivered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        if call.path.startswith("/v1/feeds/") and desk.desk is not None:
            self.looked(desk)

    def finished(self) -> None:
        for desk in self.scene.desks:
            self.looked(desk)


class IngestOnce(Checker):
    """One alert for each reference; what nobody can read lies at the hub as a draft, once."""

    def finished(self) -> None:
        references = Counter(ref for (ref,) in self.scene.kota.rows("SELECT reference FROM alert"))
        for reference, count in references.items():
            if count > 1 or not reference.startswith("SIM-"):
                self.broken(f"{reference} became {count} alerts")
        [(drafts,)] = self.scene.kota.rows("SELECT count(*) FROM feed_event WHERE kind = 'draft'")
        wanted = len(self.scene.truth.malformed)
        if self.scene.converged and drafts != wanted:
            self.broken(f"{wanted} unreadable messages became {drafts} drafts")


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
        for desk in self.scene.desks:
            wanted = sum(desk.unit in units for units in self.scene.truth.holders.values())
            [(shown,)] = desk.rows("SELECT count(*) FROM alert")
            if shown != wanted:
                self.broken(f"{desk.name} shows {shown} of {wanted} alerts")
