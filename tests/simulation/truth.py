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
        self.history: list[str] = []

    def tell(self, now_ms: int, line: str) -> None:
        """One line of the history: what, never by which id or at what time of a machine's clock."""
        self.history.append(f"{now_ms / 1000:8.3f}  {line}")

    def digest(self) -> str:
        return sha256("\n".join(self.history).encode()).hexdigest()
