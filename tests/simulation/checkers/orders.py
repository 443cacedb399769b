"""What Kota orders one PC to do is done there, by that PC alone; and nobody else can order anything."""

from typing import TYPE_CHECKING

from tests.simulation.checkers.base import Checker
from tests.simulation.reporting import canaries

if TYPE_CHECKING:
    from tests.simulation.machines import DeskMachine
    from tests.simulation.network import Answer, Call

REVOKED = "SELECT 1 FROM device WHERE id = ? AND revoked_ms IS NOT NULL"


class StruckOff(Checker):
    """From the moment it is struck off, a PC is told nothing of any alert, and nothing it says is taken."""

    def answered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        if desk.who is None or answer.status != 200 or not self.scene.kota.rows(REVOKED, desk.who.device):
            return
        if canaries(answer.body) or call.path in {"/v1/entries", "/v1/receipts", "/v1/rejoin/offer"}:
            self.broken(f"{desk.name} is struck off and {call.path} is answered as ever")


class Wiped(Checker):
    """A PC destroys what it holds when Kota says so under its signature, wholly, and never otherwise."""

    def finished(self) -> None:
        for desk in self.scene.desks:
            ordered = desk.ordered_to_wipe(self.scene.kota)
            left = [file.name for file in desk.disk.folder.glob("desk*.db*")]
            if desk.wiped and not ordered:
                self.broken(f"{desk.name} wiped itself and Kota never said so")
            if desk.wiped and left:
                self.broken(f"{desk.name} is wiped and still has {left}")
            if ordered and self.scene.converged and not desk.wiped:
                self.broken(f"{desk.name} was ordered to wipe itself and has not")
