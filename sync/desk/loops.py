"""The threads of the link: each repeats one step for ever, alone, and survives whatever the step meets.

No loop ever waits for another. A loop that fails tries again after a random part of a growing pause; a nudge ends any
pause at once; `Loop.stop` ends even a wait for Kota's reply.
"""

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread

from msgspec import Struct

from sync.desk.errors import DeskError, WipedError
from sync.desk.failures import Busy, LinkFailure
from sync.desk.link import Link
from sync.desk.status import Lane
from sync.desk.step import Step
from sync.world import World

_log = logging.getLogger(__name__)

SHORTEST_PAUSE_S = 0.2
# Short: a restored link must not go unused while somebody waits; random parts of it keep desks from returning together.
LONGEST_PAUSE_S = 10
LONGEST_ASKED_PAUSE_S = 300
# A step that found nothing and did not even wait must not spin.
QUIET_MS = 1_000

Report = Callable[[Lane, Step | LinkFailure | DeskError], None]


class Work(Struct, frozen=True):
    """What a loop repeats; ``idle_s`` is how long it rests when there was nothing to do.

    ``renew`` makes a new link and a step over it, for a loop whose link was cut.
    """

    lane: Lane
    step: Callable[[], Step]
    idle_s: float = 0
    renew: Callable[[], tuple[Link, Callable[[], Step]]] | None = None


class Loop:
    """Repeats a step on a thread of its own, over a link of its own, and reports what came of it."""

    def __init__(self, work: Work, link: Link, world: World, report: Report) -> None:
        self.lane = work.lane
        self._step = work.step
        self._idle_s = work.idle_s
        self._link = link
        self._world = world
        self._report = report
        self._renew = work.renew
        self._failures = 0
        # Since when the step that is being taken takes, by the monotonic clock.
        self._since_ms: int | None = None
        self._changing = Lock()
        self._cut = False
        self._stopping = Event()
        self._woken = Event()
        # Never in the way of the program's end; what it was doing is a transaction or nothing.
        self._thread = Thread(target=self._run, name=f"kota-{work.lane}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def nudge(self) -> None:
        """There is something to do, or hope: do not wait."""
        self._woken.set()

    def stop(self) -> None:
        """Ask the loop to end; `join` waits for it."""
        self._stopping.set()
        self._woken.set()
        with self._changing:
            self._link.interrupt()

    def standing_ms(self) -> int:
        """How long the step that is being taken has taken so far; 0 between steps."""
        since_ms = self._since_ms
        return 0 if since_ms is None else self._world.mono_ms() - since_ms

    def cut(self) -> None:
        """Close the connection, whatever is waiting in it, and ask anew at once over another."""
        with self._changing:
            self._cut = True
            self._link.interrupt()
        self._woken.set()

    def join(self, timeout_s: float) -> bool:
        """Whether it has ended within ``timeout_s``."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                pause_s = self._once()
                if pause_s > 0 and not self._stopping.is_set():
                    self._woken.wait(pause_s)
        finally:
            self._link.close()

    def _mend(self) -> None:
        """Take another link in the place of one that was cut."""
        with self._changing:
            if not self._cut or self._renew is None:
                return
            self._link.close()
            self._link, self._step = self._renew()
            self._cut = False
            if self._stopping.is_set():
                self._link.interrupt()

    def _once(self) -> float:
        """One step; how long to pause after it, in seconds."""
        began_ms = self._since_ms = self._world.mono_ms()
        try:
            self._mend()
            step = self._step()
        except LinkFailure as failure:
            return self._failed(failure)
        except DeskError as error:
            if isinstance(error, WipedError):
                # There is nothing left to deliver, and never will be.
                self._stopping.set()
            _log.warning("%s: %s", self.lane, type(error).__name__)
            self._report(self.lane, error)
            return self._pause_s()
        except Exception:  # noqa: BLE001  # a mistake of ours must not silence the lane: an alert may come next
            if self._stopping.is_set():
                return 0
            _log.exception("%s: the step failed", self.lane)
            return self._pause_s()
        finally:
            self._since_ms = None
        self._failures = 0
        self._report(self.lane, step)
        if step.more or step.changed:
            return 0
        quick = self._world.mono_ms() - began_ms < QUIET_MS
        return self._idle_s or (QUIET_MS / 1000 if quick else 0)

    def _failed(self, failure: LinkFailure) -> float:
        if self._stopping.is_set():
            return 0
        _log.info("%s: %s (%s)", self.lane, type(failure).__name__, failure)
        self._report(self.lane, failure)
        asked_s = failure.retry_after_s if isinstance(failure, Busy) else None
        return max(self._pause_s(), min(asked_s or 0, LONGEST_ASKED_PAUSE_S))

    def _pause_s(self) -> float:
        """A random part of a pause that doubles: desks that lost Kota together must not all return together."""
        longest: int = min(LONGEST_PAUSE_S, 1 << self._failures)
        self._failures = min(self._failures + 1, 10)
        part = int.from_bytes(self._world.chance(4)) / 2**32
        return max(SHORTEST_PAUSE_S, longest * part)
