"""What people and platforms do, as data: reports, acknowledgements, notes, and what nobody should do.

An action names its desk and a number from which the rest follows, so that it means something in any shrunk plan.
"""

import random
from enum import StrEnum

from msgspec import Struct


class What(StrEnum):
    """Every kind of thing that is done."""

    REPORT = "Meta reports"
    REPEAT = "Meta repeats a report"
    UPDATE = "Meta sends more on a report"
    MALFORMED = "Meta sends what nobody can read"
    FORGED = "somebody forges a report"
    FUTURE = "Kota publishes an event of a later version"
    ACKNOWLEDGE = "an officer acknowledges"
    NOTE = "an officer writes a note"
    DISPATCH = "an officer sends a team"
    STRANGE = "a later version records an entry of an unknown kind"
    STRAY = "an entry is made on an alert this unit does not hold"
    BURST = "an officer writes many notes"
    LOOK = "an officer looks at the screen"


OF_PLATFORM = frozenset({What.REPORT, What.REPEAT, What.UPDATE, What.MALFORMED, What.FORGED, What.FUTURE})
_OFTEN = {What.REPORT: 5, What.NOTE: 8, What.ACKNOWLEDGE: 3, What.LOOK: 6}


class Action(Struct, frozen=True):
    """``value`` decides what the kind leaves open: which alert, which unit, how many."""

    at_ms: int
    what: What
    desk: int
    value: int

    def say(self) -> str:
        who = "" if self.what in OF_PLATFORM else f"desk {self.desk}: "
        return f"{self.at_ms / 1000:8.3f}  {who}{self.what} ({self.value})"


def draw(rng: random.Random, desks: int, until_ms: int, count: int) -> list[Action]:
    """``count`` actions; the first ones are reports, so that there is something to act on."""
    kinds = list(What)
    weights = [_OFTEN.get(kind, 1) for kind in kinds]
    drawn = [Action(rng.randrange(1_500), What.REPORT, 0, rng.randrange(1 << 30)) for _ in range(2)]
    drawn.extend(
        Action(rng.randrange(until_ms), kind, rng.randrange(desks), rng.randrange(1 << 30))
        for kind in rng.choices(kinds, weights, k=count)
    )
    return drawn
