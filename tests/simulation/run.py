"""Running seeds: each twice, with other clocks the second time, and what came of it."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from msgspec import Struct

from tests.simulation.checkers import ALL, Violation
from tests.simulation.plan import Plan, draw
from tests.simulation.scene import staged
from tests.simulation.world import StuckError


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of one plan: violations, and the history that led to them."""

    plan: Plan
    violations: tuple[Violation, ...]
    history: tuple[str, ...]
    digest: str

    def names(self) -> set[str]:
        """The promises that were broken."""
        return {violation.checker for violation in self.violations}


def play(plan: Plan) -> Outcome:
    """Run a plan once."""
    with staged(plan, ALL) as scene:
        try:
            scene.run()
        except StuckError:
            scene.abandon()
            scene.violate("NoBlock", "a thread holds a lock while it waits for the link")
        except Exception as error:  # noqa: BLE001  # a mistake of ours; the plan that leads to it is what is wanted
            scene.violate("NoMistake", f"{type(error).__name__}: {error}")
        return Outcome(
            plan=plan,
            violations=tuple(scene.violations),
            history=tuple(scene.truth.history),
            digest=scene.truth.digest(),
        )


def twice(plan: Plan) -> Outcome:
    """Run a plan, and again where every clock shows another time: the history must be the same.

    A second history that differs is held against a third under the first clocks, to tell clocks from chance.
    """
    first = play(plan)
    if first.violations:
        return first
    other = play(plan.with_clocks("others"))
    if other.digest == first.digest:
        return first
    third = play(plan)
    name = "ClockFree" if third.digest == first.digest else "Deterministic"
    known, found = first.history, other.history
    at = next(
        (i for i, (a, b) in enumerate(zip(known, found, strict=False)) if a != b), min(len(known), len(found))
    )
    text = f"{known[at : at + 1]} became {found[at : at + 1]}"
    return Outcome(plan=plan, violations=(Violation(name, text),), history=known, digest=first.digest)


def seed(number: int) -> Outcome:
    """Run a seed."""
    return twice(draw(number))


def many(numbers: Sequence[int], workers: int | None = None) -> list[Outcome]:
    """Run seeds side by side, in processes of their own."""
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        return list(pool.map(seed, numbers, chunksize=2))
