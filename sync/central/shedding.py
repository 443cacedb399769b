"""How many messages a source may send: beyond it they are turned away before they are taken, to be sent again.

It must never be asked about a message that is already stored, and never charge a source for what others forge.
"""

from math import ceil

from sync.central.problem import ProblemError
from sync.central.settings import Allowance
from sync.wire.errors import Code
from sync.world import World


class Shedding:
    """A bucket for each source: ``burst`` messages at once, ``per_second`` in the long run; this process only."""

    def __init__(self, world: World, allowance: Allowance) -> None:
        self._world = world
        self._allowance = allowance
        # Of each source: what was left, and when.
        self._left: dict[str, tuple[float, int]] = {}

    def admit(self, source: str) -> None:
        """One more message of ``source``, the name of a way in. Raises `ProblemError` that says when to come again."""
        allowed, now = self._allowance, self._world.mono_ms()
        left, then = self._left.get(source, (float(allowed.burst), now))
        left = min(allowed.burst, left + (now - then) / 1000 * allowed.per_second)
        if left < 1:
            self._left[source] = left, now
            raise ProblemError(Code.BUSY, retry_after_s=ceil((1 - left) / allowed.per_second))
        self._left[source] = left - 1, now
