"""What really happened, as seen from outside of every program: the yardstick of the checkers."""

from hashlib import sha256

from msgspec import Struct


class Saved(Struct, frozen=True):
    """An entry that an officer was told is saved. ``reference`` names its alert, None for one nobody holds."""

    desk: int
    alert: str | None
    body: bytes
    kind: str


class Truth:
    """Facts in the order in which they came about. No program under test can see or change them."""

    def __init__(self) -> None:
        self.saved: dict[str, Saved] = {}
        # Reports by their reference: the units that may know of it.
        self.holders: dict[int, frozenset[str]] = {}
        # Messages that Kota said it holds, by hash; and those that become drafts.
        self.taken: set[bytes] = set()
        self.malformed: set[bytes] = set()
        # Messages, and reports by their reference, of which the platform knows that they arrived.
        self.answered: set[bytes] = set()
        self.reported: set[int] = set()
        # What a restore of Kota has undone, and no desk had: nobody can know of it any more.
        self.gone: set[int] = set()
        self.restored = False
        # Saved entries that a disk has lost since, and Kota has.
        self.elsewhere: set[str] = set()
        self.history: list[str] = []

    def wanted(self, unit: str | None = None) -> set[int]:
        """The reports that must be known, at Kota or in ``unit``."""
        return {
            reference
            for reference, units in self.holders.items()
            if reference not in self.gone and (unit is None or unit in units)
        }

    def undone(self, waiting: set[int], taken: set[bytes], reports: set[int], drafts: set[bytes]) -> None:
        """Kota was set back. It still has the messages ``taken``, among them those of the reports ``waiting`` to be
        dealt with; it and the desks have ``reports`` and ``drafts``.
        """
        self.restored = True
        self.gone |= self.reported - reports - waiting
        self.reported -= self.gone
        self.malformed -= (self.malformed & self.answered) - taken - drafts
        self.taken &= taken

    def set_back(self, desk: int, kept: set[str], at_kota: set[str]) -> None:
        """The disk of ``desk`` was set back and has the entries ``kept``: what only it had is nowhere any more."""
        for entry in [entry for entry, saved in self.saved.items() if saved.desk == desk]:
            if entry in kept:
                continue
            if entry in at_kota:
                self.elsewhere.add(entry)
            else:
                del self.saved[entry]

    def tell(self, now_ms: int, line: str) -> None:
        """One line of the history: what, never by which id or at what time of a machine's clock."""
        self.history.append(f"{now_ms / 1000:8.3f}  {line}")

    def digest(self) -> str:
        return sha256("\n".join(self.history).encode()).hexdigest()
