"""A world in which time stands still until a test moves it, and chance is a counted sequence."""

import hashlib


class StillWorld:
    """A `sync.world.World` of the test's own."""

    def __init__(self) -> None:
        self.wall = 1_795_000_000_000
        self.mono = 1_000_000
        self._drawn = 0

    def wall_ms(self) -> int:
        return self.wall

    def offset_min(self) -> int:
        return 330

    def mono_ms(self) -> int:
        return self.mono

    def boot(self) -> str:
        return "boot-1"

    def chance(self, count: int) -> bytes:
        drawn = b""
        while len(drawn) < count:
            self._drawn += 1
            drawn += hashlib.sha256(self._drawn.to_bytes(8)).digest()
        return drawn[:count]

    def pass_ms(self, count: int) -> None:
        """Time goes by, on both clocks."""
        self.wall += count
        self.mono += count
