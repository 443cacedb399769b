"""Where a case stands: a fold over its entries, the same at Kota, at the desk, and over what is not sent yet.

The stage only moves forward. Only the responsible unit's acknowledgement stops the alarm: that somebody at the hub
has seen an alert does not mean that somebody in the district is getting up.
"""

from enum import IntEnum

import msgspec
from msgspec import Struct

from sync.case.entry import Acknowledgement, Dispatch, Entry, Note
from sync.case.unit import Officer


class Stage(IntEnum):
    """How far the case has come; later stages are larger."""

    NEW = 0
    ACKNOWLEDGED = 1
    DISPATCHED = 2


class CaseState(Struct, frozen=True):
    """What the entries so far add up to. ``unit`` is the one responsible."""

    unit: str
    stage: Stage = Stage.NEW
    acknowledged_by: Officer | None = None
    acknowledged_ms: int | None = None
    team: str | None = None
    notes: int = 0


def fold(state: CaseState, entry: Entry, unit: str) -> CaseState:
    """``state`` after one more entry, recorded by an officer of ``unit``."""
    match entry.data:
        case Acknowledgement():
            if unit != state.unit or state.acknowledged_by is not None:
                return state
            return msgspec.structs.replace(
                state,
                stage=max(state.stage, Stage.ACKNOWLEDGED),
                acknowledged_by=entry.officer,
                acknowledged_ms=entry.at.wall_ms,
            )
        case Dispatch(team=team):
            return msgspec.structs.replace(state, stage=Stage.DISPATCHED, team=team)
        case Note():
            return msgspec.structs.replace(state, notes=state.notes + 1)


def must_alarm(state: CaseState, at_unit: str) -> bool:
    """Whether the desk of ``at_unit`` must sound for this case now."""
    return state.unit == at_unit and state.acknowledged_by is None
