"""Guarding the loops: none stands still unnoticed, and all of them wake with the PC.

It looks every few seconds. A step that takes longer than any step may is said to be stuck, and its connection is cut,
so that it fails and the loop begins anew; after sleep every connection is cut, as its other end may be long gone, and
everything is asked at once. It must never hold anything that a loop waits for.
"""

import logging
from collections.abc import Callable, Sequence
from threading import Event, Thread

from sync.desk.failures import Stuck
from sync.desk.loops import Loop
from sync.desk.status import Lane
from sync.wire.messages import WAIT_MAX_S
from sync.world import World

_log = logging.getLogger(__name__)

LOOK_S = 5
# A step may make several calls, each of which has a timeout of its own; only one that trickles outlasts them all.
MARGIN_MS = 120_000
# Far more than a busy machine is late by, far less than a person notices.
SLEPT_MS = 30_000


class Guard:
    """Guards ``loops``; ``stuck`` is told of each that stands still, on the guard's thread."""

    def __init__(self, loops: Sequence[Loop], world: World, stuck: Callable[[Lane, Stuck], None]) -> None:
        self._loops = loops
        self._world = world
        self._stuck = stuck
        self._looked = (world.mono_ms(), world.wall_ms())
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="kota-guard", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def look(self) -> None:
        """Once."""
        if self._slept():
            _log.info("this PC was asleep: every connection begins anew")
            for loop in self._loops:
                loop.cut()
            return
        for loop in self._loops:
            if loop.standing_ms() > _bound_ms(loop.lane):
                _log.warning(
                    "%s: stuck for %d s; its connection is cut", loop.lane, loop.standing_ms() // 1000
                )
                self._stuck(loop.lane, Stuck())
                loop.cut()

    def _slept(self) -> bool:
        """Whether much more time went by than between two looks; some monotonic clocks stand still in sleep."""
        mono_ms, wall_ms = self._looked
        self._looked = (self._world.mono_ms(), self._world.wall_ms())
        return max(self._looked[0] - mono_ms, self._looked[1] - wall_ms) > SLEPT_MS + LOOK_S * 1000

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self.look()


def _bound_ms(lane: Lane) -> int:
    return MARGIN_MS + (WAIT_MAX_S * 1000 if lane is Lane.PULL else 0)
