"""A loop never gives up, never spins, obeys Kota, and ends when told."""

from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from sync.desk import throwaway
from sync.desk.errors import DeskError, DiskFullError
from sync.desk.failures import Busy, LinkFailure, Unreachable
from sync.desk.link import Link
from sync.desk.loops import LONGEST_ASKED_PAUSE_S, LONGEST_PAUSE_S, SHORTEST_PAUSE_S, Loop, Work
from sync.desk.projection import Changed
from sync.desk.status import Lane
from sync.desk.step import Step
from sync.world import Machine
from tests.sync.desk.still_world import StillWorld

Outcome = Step | Exception


class Played:
    """A loop over steps played from a list, then for ever the last of them."""

    def __init__(self, link: Link, *outcomes: Outcome, lane: Lane = Lane.PUSH, idle_s: float = 15) -> None:
        self.told: SimpleQueue[Step | LinkFailure | DeskError] = SimpleQueue()
        self.steps: SimpleQueue[int] = SimpleQueue()
        self.world = StillWorld()
        self._outcomes = list(outcomes)
        self.loop = Loop(
            Work(lane, self._step, idle_s), link, self.world, lambda _, outcome: self.told.put(outcome)
        )

    def _step(self) -> Step:
        self.steps.put(1)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def play() -> Iterator[Callable[..., Played]]:
    played: list[Played] = []
    authority = throwaway.authority(Machine())

    def make(*outcomes: Outcome, **how: object) -> Played:
        link = Link("https://127.0.0.1:1", authority.pem)
        played.append(Played(link, *outcomes, **how))  # type: ignore[arg-type]
        return played[-1]

    yield make
    for one in played:
        if one.loop._thread.ident is None:
            one.loop._link.close()
            continue
        one.loop.stop()
        assert one.loop.join(2)


def pauses(played: Played, count: int) -> list[float]:
    return [played.loop._once() for _ in range(count)]


def test_pauses_after_failures_grow_at_random_and_have_an_end(play: Callable[..., Played]) -> None:
    found = pauses(play(Unreachable()), 40)

    assert all(SHORTEST_PAUSE_S <= pause <= min(LONGEST_PAUSE_S, 2**n) for n, pause in enumerate(found))
    assert max(found[20:]) > LONGEST_PAUSE_S * 0.6
    assert min(found[20:]) < LONGEST_PAUSE_S * 0.4


def test_success_makes_the_next_pause_short_again(play: Callable[..., Played]) -> None:
    played = play(*[Unreachable()] * 8, Step(), Unreachable())

    assert pauses(played, 10)[-1] <= 1


def test_kota_may_ask_for_a_longer_pause_within_reason(play: Callable[..., Played]) -> None:
    assert pauses(play(Busy(90)), 1) == [90]
    assert pauses(play(Busy(10**9)), 1) == [LONGEST_ASKED_PAUSE_S]


def test_a_full_disk_and_a_mistake_of_ours_are_tried_again(
    play: Callable[..., Played], caplog: pytest.LogCaptureFixture
) -> None:
    full = DiskFullError()
    played = play(full, ValueError("a bug"), Step())

    assert all(pause > 0 for pause in pauses(played, 3))
    assert played.told.get_nowait() is full
    assert played.told.get_nowait() == Step()
    assert "the step failed" in caplog.text
    caplog.clear()


def test_a_new_connection_that_cannot_be_made_is_tried_again(
    play: Callable[..., Played], caplog: pytest.LogCaptureFixture
) -> None:
    played = play(Step())
    renewals: list[Outcome] = [DiskFullError(), ValueError("a bug")]

    def renew() -> tuple[Link, Callable[[], Step]]:
        if renewals:
            raise renewals.pop(0)  # type: ignore[misc]  # both are exceptions
        return Link("https://127.0.0.1:1", throwaway.authority(Machine()).pem), played._step

    played.loop._renew = renew
    played.loop.cut()

    assert [pause > 0 for pause in pauses(played, 3)] == [True] * 3
    assert isinstance(played.told.get_nowait(), DiskFullError)
    assert played.told.get_nowait() == Step()
    assert "the step failed" in caplog.text
    caplog.clear()


def test_work_that_is_left_is_done_at_once_and_idle_lanes_rest(play: Callable[..., Played]) -> None:
    assert pauses(play(Step(more=True)), 1) == [0]
    assert pauses(play(Step(Changed(frozenset({"a"})))), 1) == [0]
    assert pauses(play(Step()), 1) == [15]


def test_a_kota_that_does_not_wait_is_not_asked_without_end(play: Callable[..., Played]) -> None:
    played = play(Step(), lane=Lane.PULL, idle_s=0)

    assert pauses(played, 1) == [1]


def test_a_nudge_ends_the_pause(play: Callable[..., Played]) -> None:
    played = play(Busy(300))
    played.loop.start()
    played.steps.get(timeout=5)

    played.loop.nudge()

    played.steps.get(timeout=5)
