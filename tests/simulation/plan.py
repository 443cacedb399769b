"""One seed, written out: who is there, what is done, what goes wrong. Running a plan needs no other chance."""

import random

import msgspec
from msgspec import Struct

from tests.simulation import faults, officers
from tests.simulation.faults import Fault
from tests.simulation.officers import Action

YEAR_MS = 365 * 24 * 3600 * 1000


class Plan(Struct, frozen=True, kw_only=True):
    """``desks`` names the place in ``units`` of each desk; the first unit is the hub.

    ``joins_ms`` is when each desk is set up: one that comes late finds a feed that has grown without it.
    """

    seed: int
    units: int
    desks: tuple[int, ...]
    skews_ms: tuple[int, ...]
    joins_ms: tuple[int, ...]
    actions: tuple[Action, ...]
    faults: tuple[Fault, ...]
    until_ms: int

    def with_clocks(self, salt: str) -> "Plan":
        """The same seed where every clock shows another time."""
        rng = random.Random(f"{self.seed}-{salt}")
        return msgspec.structs.replace(self, skews_ms=_skews(rng, len(self.desks)))

    def say(self) -> str:
        lines = [f"seed {self.seed}: {self.units} units, desks of units {list(self.desks)}"]
        both: list[Action | Fault] = sorted([*self.actions, *self.faults], key=lambda one: one.at_ms)
        return "\n".join([*lines, *(one.say() for one in both)])


def draw(seed: int) -> Plan:
    """The plan of a seed: mostly a few desks, now and then a crowd."""
    rng = random.Random(seed)
    crowd = rng.random() < 0.01
    units = rng.randint(6, 12) if crowd else rng.choice([1, 2, 2, 2, 3, 4])
    count = rng.randint(10, 40) if crowd else rng.choice([1, 1, 1, 2, 2, 2, 3, 4])
    until_ms = rng.choice([5_000, 10_000, 20_000])
    desks = tuple(rng.randrange(units) for _ in range(count))
    return Plan(
        seed=seed,
        units=units,
        desks=desks,
        skews_ms=_skews(rng, count),
        joins_ms=tuple(rng.choice([0, 0, rng.randrange(until_ms // 3, until_ms)]) for _ in range(count)),
        actions=tuple(officers.draw(rng, count, until_ms, rng.randint(4, 12) + count)),
        faults=(
            *faults.draw(rng, count, until_ms, rng.choice([0, 2, 4, 6, 10]) + count // 4),
            *faults.draw_rare(random.Random(f"{seed}-rare"), count, until_ms),
        ),
        until_ms=until_ms,
    )


def _skews(rng: random.Random, count: int) -> tuple[int, ...]:
    """How wrong each PC's clock is: mostly a little, sometimes years."""
    return tuple(rng.choice([0, 90_000, -90_000, -8 * YEAR_MS, 10 * YEAR_MS]) for _ in range(count))
