"""What every checker hears of a scene, and how it objects."""

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from tests.simulation.machines import DeskMachine
    from tests.simulation.network import Answer, Call
    from tests.simulation.scene import Scene


class Violation(Struct, frozen=True):
    """A promise that was broken, by the name of its checker."""

    checker: str
    text: str


class Checker:
    """Watches one promise. Its name is that of the promise; it looks, and never changes anything."""

    def __init__(self, scene: "Scene") -> None:
        self.scene = scene

    def broken(self, text: str) -> None:
        """The promise does not hold."""
        self.scene.violate(type(self).__name__, text)

    def sent(self, desk: "DeskMachine", call: "Call") -> None:
        """A desk sends ``call``; it may never arrive."""

    def answered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        """Kota sends ``answer``; it may never arrive."""

    def delivered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        """``answer`` has arrived as it was sent."""

    def taken(self, raw: bytes) -> None:
        """Kota told a platform that it holds ``raw``."""

    def looked(self, desk: "DeskMachine") -> None:
        """An officer looks at the screen."""

    def restored(self) -> None:
        """Kota has been set back to an earlier state, and is down."""

    def set_back(self, desk: "DeskMachine") -> None:
        """The disk of ``desk`` shows an earlier state, and it is down."""

    def finished(self) -> None:
        """Faults have ended, and all that can arrive has had its time."""
