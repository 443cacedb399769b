"""How urgent an alert is to *us*, P1 to P4, and why (domain report, section 4.2).

The reason travels as a code so that each screen says it in its own language.
"""

from enum import IntEnum, StrEnum

from msgspec import Struct

from sync.case.report import Level, Report, is_live, may_be_minor


class Priority(IntEnum):
    """1 is the most urgent."""

    P1 = 1
    P2 = 2
    P3 = 3
    P4 = 4


class Why(StrEnum):
    """What decided the priority."""

    LIVE = "live"
    TIME_OR_PLAN = "time_or_plan"
    MINOR = "minor"
    CONCERN = "concern"
    INFORMATION = "information"


class Judgement(Struct, frozen=True):
    """A priority with its reason."""

    priority: Priority
    why: Why


def judge(report: Report) -> Judgement:
    """Live is P1 whatever else; a stated time or plan, or a platform that calls it imminent, is P2.

    A minor is raised from P3 to P2. What a platform calls ``high`` without plan or time is P3.
    """
    risk = report.risk
    if is_live(report):
        return Judgement(Priority.P1, Why.LIVE)
    if risk.level is Level.IMMINENT or risk.plan_stated or risk.time_stated:
        return Judgement(Priority.P2, Why.TIME_OR_PLAN)
    if risk.level is Level.INFO:
        return Judgement(Priority.P4, Why.INFORMATION)
    if may_be_minor(report):
        return Judgement(Priority.P2, Why.MINOR)
    return Judgement(Priority.P3, Why.CONCERN)
