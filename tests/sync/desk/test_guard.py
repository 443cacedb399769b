"""A loop that stands still is found and begins anew, and all of them wake with the PC."""

import socket
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from sync.desk import throwaway
from sync.desk.failures import Stuck
from sync.desk.guard import LOOK_S, MARGIN_MS, SLEPT_MS, Guard
from sync.desk.kota import hello
from sync.desk.link import Link
from sync.desk.loops import Loop, Work
from sync.desk.status import Lane
from sync.desk.step import Step
from sync.world import Machine
from tests.sync.desk.still_world import StillWorld


class Silent:
    """A server that takes calls and never answers; ``called`` has one for each connection."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.pem = throwaway.authority(Machine()).pem
        self.world = StillWorld()
        self.called: SimpleQueue[int] = SimpleQueue()
        self.stuck: SimpleQueue[Lane] = SimpleQueue()
        link, step = self._begin()
        work = Work(Lane.PUSH, step, 3600, self._begin)
        self.loop = Loop(work, link, self.world, lambda lane, outcome: None)
        self.guard = Guard([self.loop], self.world, self._say)

    def _say(self, lane: Lane, why: Stuck) -> None:
        self.stuck.put(lane)

    def _begin(self) -> tuple[Link, Callable[[], Step]]:
        link = Link(f"https://127.0.0.1:{self.listener.getsockname()[1]}", self.pem)

        def step() -> Step:
            self.called.put(1)
            hello(link)
            return Step()

        return link, step


@pytest.fixture
def silent() -> Iterator[Silent]:
    made = Silent()
    made.loop.start()
    made.called.get(timeout=5)
    yield made
    made.loop.stop()
    assert made.loop.join(5)
    made.listener.close()


def looks(silent: Silent, ms: int) -> None:
    """Time goes by, and the guard looks as often as it does."""
    for _ in range(ms // (LOOK_S * 1000)):
        silent.world.pass_ms(LOOK_S * 1000)
        silent.guard.look()


def test_a_step_that_does_not_come_to_an_end_is_said_and_begun_anew(silent: Silent) -> None:
    looks(silent, MARGIN_MS)
    assert silent.stuck.empty()
    looks(silent, LOOK_S * 1000)

    assert silent.stuck.get(timeout=5) is Lane.PUSH
    silent.called.get(timeout=5)


def test_after_sleep_every_loop_asks_at_once_over_a_new_connection(silent: Silent) -> None:
    silent.world.wall += SLEPT_MS + LOOK_S * 1000 + 1
    silent.guard.look()

    silent.called.get(timeout=5)
    assert silent.stuck.empty()


def test_a_clock_that_is_set_back_is_no_sleep(silent: Silent) -> None:
    silent.world.wall -= 86_400_000
    silent.guard.look()
    looks(silent, 60_000)

    assert silent.called.empty()
