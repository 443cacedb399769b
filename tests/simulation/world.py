"""Time and chance of the simulated world: one virtual clock, one seed, one thing at a time.

Whatever happens is a call at a moment of the clock; calls of the same moment happen in the order they were asked
for. The programs' threads are `Fiber`: real threads of which only one ever runs, and only until it waits.
"""

import asyncio
import heapq
import random
import threading
from collections.abc import Callable
from itertools import count
from math import ceil
from typing import Any

START_MS = 1_795_000_000_000
STUCK_S = 20


class Crash(BaseException):  # not an error: nothing in a program may survive it, or catch it
    """The process or the machine it runs on ends here."""


class StuckError(Exception):
    """A thread waits for something that is no event of this world: a lock held while it waits for the link."""


class Clock:
    """Virtual milliseconds and what will happen when."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.happened = 0
        self._order = count()
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self.loop = KotaLoop(self)

    def after(self, delay_ms: int, call: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now_ms + max(0, delay_ms), next(self._order), call))

    def step(self, until_ms: int) -> bool:
        """Let the next thing happen, unless it lies beyond ``until_ms``; then only time passes."""
        self.loop.settle()
        due_ms = self._due[0][0] if self._due else until_ms + 1
        timer_ms = self.loop.next_ms()
        if min(due_ms, timer_ms) > until_ms:
            self.now_ms = until_ms
            return False
        self.happened += 1
        self.now_ms = max(self.now_ms, min(due_ms, timer_ms))
        if due_ms <= timer_ms:
            heapq.heappop(self._due)[2]()
        self.loop.settle()
        return True


class KotaLoop(asyncio.SelectorEventLoop):
    """The event loop of Kota's process: never waits, and tells the time of the virtual clock."""

    def __init__(self, clock: Clock) -> None:
        self._virtual = clock
        self._looked = (0, 0)
        super().__init__()
        self._own: Any = self

    def time(self) -> float:
        """Moves on by a microsecond for each look, so that no rest of a wait is too short ever to end."""
        now_ms, looks = self._virtual.now_ms, 0
        if self._looked[0] == now_ms:
            looks = min(self._looked[1] + 1, 900)
        self._looked = (now_ms, looks)
        return now_ms / 1000 + looks * 1e-6

    def run_in_executor(  # type: ignore[override]  # the same, said more simply
        self, executor: object, func: Callable[..., Any], *args: Any
    ) -> Any:
        """At once, in this thread: a reader of the real program runs beside it, and shares nothing with it."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # it belongs to whoever waits for the future
            future.set_exception(error)
        return future

    def settle(self) -> None:
        """Run all that can run at this moment."""
        while self._own._ready or self.next_ms() <= self._virtual.now_ms:
            self.call_soon(self.stop)
            self.run_forever()

    def next_ms(self) -> int:
        scheduled = self._own._scheduled
        return ceil(scheduled[0]._when * 1000) if scheduled else 1 << 62


class MachineWorld:
    """A `sync.world.World` of one machine: a clock that may be years wrong, and chance of its own."""

    def __init__(self, clock: Clock, seed: str, skew_ms: int, offset_min: int) -> None:
        self._clock = clock
        self._random = random.Random(seed)
        self.skew_ms = skew_ms
        self._offset_min = offset_min
        self.slept_ms = 0
        self._boots = 0

    def reboot(self) -> None:
        """The machine starts anew."""
        self._boots += 1

    def wall_ms(self) -> int:
        return START_MS + self._clock.now_ms + self.skew_ms

    def offset_min(self) -> int:
        return self._offset_min

    def mono_ms(self) -> int:
        """Stands still while the machine sleeps."""
        return 1_000 + self._clock.now_ms - self.slept_ms

    def boot(self) -> str:
        return f"boot-{self._boots}"

    def chance(self, count: int) -> bytes:
        return self._random.randbytes(count)


class _Running:
    """Which fiber runs; one for the whole process, as only one fiber ever runs."""

    fiber: "Fiber | None" = None


_current = _Running()


class Fiber:
    """A thread of a simulated program. ``asleep_ms`` says until when its machine sleeps."""

    def __init__(self, clock: Clock, target: Callable[[], None], asleep_ms: Callable[[], int]) -> None:
        self.alive = True
        self.doomed = False
        self.failure: BaseException | None = None
        self._clock = clock
        self._target = target
        self._asleep_ms = asleep_ms
        self._token = 0
        self._reason: object = None
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._body, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._clock.after(0, self.resume)

    def _body(self) -> None:
        self._go.acquire()
        try:
            if not self.doomed:
                self._target()
        except Crash:
            pass
        except BaseException as error:  # noqa: BLE001  # told to the simulation, which stops for it
            self.failure = error
        self.alive = False
        self._back.release()

    def resume(self) -> None:
        """Let it run until it waits or ends."""
        if not self.alive:
            return
        _current.fiber, before = self, _current.fiber
        self._go.release()
        if not self._back.acquire(timeout=STUCK_S):
            # It is left to itself, and ends where it next waits.
            self.alive, self.doomed = False, True
            raise StuckError
        _current.fiber = before

    def wait(self, timeout_ms: int | None) -> object:
        """Called inside: let others go on until `wake`; what it was woken with, None when time is up."""
        if self.doomed:
            raise Crash
        self._token += 1
        token = self._token
        if timeout_ms is not None:
            self.wake(None, timeout_ms)
        self._back.release()
        self._go.acquire()
        if self.doomed:
            raise Crash
        assert token != self._token
        return self._reason

    def wake(self, reason: object, delay_ms: int = 0) -> None:
        """End the wait it is in, after a while; no later one."""
        token = self._token
        self._clock.after(delay_ms, lambda: self._woken(token, reason))

    def _woken(self, token: int, reason: object) -> None:
        if token != self._token or not self.alive:
            return
        if self._asleep_ms() > self._clock.now_ms:
            self._clock.after(self._asleep_ms() - self._clock.now_ms, lambda: self._woken(token, reason))
            return
        self._token += 1
        self._reason = reason
        self.resume()

    def end(self) -> None:
        """The process is gone: the thread ends where it waits."""
        self.doomed = True
        self.resume()


def running_fiber() -> Fiber:
    """The fiber that asks."""
    assert _current.fiber is not None, "only a thread of a desk may wait"
    return _current.fiber


class VirtualThread:
    """``threading.Thread`` as a fiber."""

    def __init__(self, clock: Clock, fiber: Fiber) -> None:
        self._clock = clock
        self._fiber = fiber

    def start(self) -> None:
        self._fiber.start()

    def is_alive(self) -> bool:
        return self._fiber.alive

    def join(self, timeout: float) -> None:
        """Called outside of any fiber: let the world go on until it has ended."""
        until_ms = self._clock.now_ms + ceil(timeout * 1000)
        while self._fiber.alive and self._clock.step(until_ms):
            pass


class VirtualEvent:
    """``threading.Event`` for fibers."""

    def __init__(self) -> None:
        self._set = False
        self._waiting: list[Fiber] = []

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        for fiber in self._waiting:
            fiber.wake(True)
        self._waiting.clear()

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        if not self._set:
            fiber = running_fiber()
            self._waiting.append(fiber)
            fiber.wait(None if timeout is None else ceil(timeout * 1000))
            if fiber in self._waiting:
                self._waiting.remove(fiber)
        return self._set
