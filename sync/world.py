"""Time and chance, the two things a program must not invent for itself.

Everything under ``sync`` receives a `World` and never imports ``time``, ``random`` or ``secrets`` on its own, so
that a test or the seeded simulation owns them. The wall clock labels; it never orders and never decides.
"""

import secrets
import time
import uuid
from typing import Protocol


class World(Protocol):
    """What a program may ask of the machine it runs on."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 UTC by this machine's clock, which may be years wrong."""
        ...

    def offset_min(self) -> int:
        """Minutes east of UTC of this machine's local time."""
        ...

    def mono_ms(self) -> int:
        """Milliseconds of a clock that never goes back while `boot` stays the same."""
        ...

    def boot(self) -> str:
        """Names the run that `mono_ms` belongs to."""
        ...

    def chance(self, count: int) -> bytes:
        """``count`` unpredictable bytes."""
        ...


class Machine:
    """The real world: the operating system's clocks and its random source."""

    def __init__(self) -> None:
        self._boot = secrets.token_hex(8)

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def offset_min(self) -> int:
        return time.localtime().tm_gmtoff // 60

    def mono_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def boot(self) -> str:
        return self._boot

    def chance(self, count: int) -> bytes:
        return secrets.token_bytes(count)


def new_id(world: World) -> str:
    """A UUIDv7 (RFC 9562, section 5.7): ids made later sort later, on one machine whose clock behaves.

    Nothing may rely on that order; it only keeps index pages warm.
    """
    stamp = (world.wall_ms() & 0xFFFF_FFFF_FFFF).to_bytes(6)
    raw = bytearray(stamp + world.chance(10))
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return str(uuid.UUID(bytes=bytes(raw)))
