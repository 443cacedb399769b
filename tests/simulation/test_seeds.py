"""The promises hold under whatever happens: fixed seeds, and others in each run."""

import secrets
from collections.abc import Iterable

import pytest

from tests.simulation.run import many
from tests.simulation.shrink import say, shrink

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def holds(seeds: Iterable[int]) -> None:
    broken = [outcome for outcome in many(list(seeds)) if outcome.violations]
    assert not broken, say(shrink(broken[0]))


def test_every_promise_holds_on_the_known_seeds() -> None:
    holds(range(40))


def test_every_promise_holds_on_seeds_nobody_has_seen() -> None:
    first = secrets.randbelow(1 << 32)
    holds(range(first, first + 10))
