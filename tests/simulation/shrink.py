"""Making a failing plan small: leave out what is not needed for it to fail, then say it in a few lines."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from tests.simulation.plan import Plan
from tests.simulation.run import Outcome, twice

T = TypeVar("T")

TRIES = 150


def shrink(failed: Outcome, run: Callable[[Plan], Outcome] = twice) -> Outcome:
    """The smallest outcome found that breaks one of the same promises."""
    wanted = failed.names()
    best = failed
    left = TRIES

    def still(plan: Plan) -> bool:
        nonlocal best, left
        left -= 1
        outcome = run(plan)
        if outcome.names() & wanted:
            best = outcome
            return True
        return False

    smaller = True
    while smaller and left > 0:
        before = best.plan
        for field in ("faults", "actions"):
            _without(best, field, still, lambda: left > 0)
        smaller = best.plan != before
    return best


def _without(best: Outcome, field: str, still: Callable[[Plan], bool], more: Callable[[], bool]) -> None:
    """Leave out halves, then quarters, and so on down to single ones."""
    plan = best.plan
    size = len(getattr(plan, field))
    while size >= 1 and more():
        start = 0
        while start < len(getattr(plan, field)) and more():
            kept: Sequence[object] = getattr(plan, field)
            fewer = msgspec.structs.replace(plan, **{field: (*kept[:start], *kept[start + size :])})
            if still(fewer):
                plan = fewer
            else:
                start += size
        size //= 2


def say(outcome: Outcome) -> str:
    """A failing outcome for people: the plan, what happened, what was broken."""
    broken = [f"BROKEN {one.checker}: {one.text}" for one in outcome.violations]
    return "\n".join(["plan", outcome.plan.say(), "history", *outcome.history, *broken])
