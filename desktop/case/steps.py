"""What to do now: the instruction for each stage and the few rules that go with it. Values only.

The lines are the standing orders of a welfare check (domain report, section 7): nobody who reads them at three in
the morning should have to remember them.
"""

from msgspec import Struct

from desktop.shell.shortcuts import Key
from sync.case.lifecycle import Stage
from sync.case.report import may_be_minor
from sync.desk.projection import CaseFile
from sync.words import mark


class Step(Struct, frozen=True):
    """One instruction, the key that does it, the sentence on its button, and the rules beside it: all marked."""

    instruction: str
    key: Key
    action: str
    rules: tuple[str, ...]


AT_ONCE = mark("Tell the police station and 112 at the same time, not one after the other.")
PLAIN = mark("Plain clothes first; no siren and no crowd at the door.")
KINDLY = mark("Do not threaten. Do not film. One voice speaks.")
WOMAN = mark("A woman or a girl: a woman officer must go along.")
MINOR = mark("Under 18: call Child Helpline 1098 as well.")

NEW = Step(
    mark("Take up this alert"),
    Key.ACKNOWLEDGE,
    mark("Acknowledge"),
    (mark("The alarm stops when you acknowledge; Kota sees your name."), AT_ONCE),
)
ACKNOWLEDGED = Step(
    mark("Send a team now"),
    Key.DISPATCH,
    mark("Send team"),
    (AT_ONCE, PLAIN, KINDLY),
)
DISPATCHED = Step(
    mark("Write down what happens"),
    Key.NOTE,
    mark("Write a note"),
    (
        mark("Note the time the team arrives, whom it met, and who is with the person now."),
        mark("Ambulance 108. Counselling, day and night: Tele-MANAS 14416."),
        mark("Never to a lock-up: to family, a counsellor or a hospital."),
    ),
)
ELSEWHERE = Step(
    mark("Another unit is responsible for this alert"),
    Key.NOTE,
    mark("Write a note"),
    (mark("If its desk stays silent, phone its control room."),),
)


def step_for(case: CaseFile, at_unit: str) -> Step:
    """The step of the case's stage, seen from the desk of ``at_unit``, with what this person needs besides."""
    if case.row.state.unit != at_unit:
        return ELSEWHERE
    stage = case.row.state.stage
    if stage is Stage.NEW or case.row.state.acknowledged_by is None:
        return NEW
    step = ACKNOWLEDGED if stage is Stage.ACKNOWLEDGED else DISPATCHED
    extra = []
    if stage is Stage.ACKNOWLEDGED and case.report.subject.gender != "male":
        extra.append(WOMAN)
    if may_be_minor(case.report):
        extra.append(MINOR)
    return Step(step.instruction, step.key, step.action, (*step.rules[:3], *extra)) if extra else step
