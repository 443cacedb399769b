"""The words for priorities and stages, as the queue, the case and the alarm all say them."""

from sync.case.lifecycle import Stage
from sync.case.priority import Priority, Why
from sync.words import mark

PRIORITY = {
    Priority.P1: mark("Most urgent (live)"),
    Priority.P2: mark("Urgent"),
    Priority.P3: mark("Soon"),
    Priority.P4: mark("For information"),
}
WHY = {
    Why.LIVE: mark("it is happening now"),
    Why.TIME_OR_PLAN: mark("a time or a plan was stated"),
    Why.MINOR: mark("may be under 18"),
    Why.CONCERN: mark("serious concern; no time or plan stated"),
    Why.INFORMATION: mark("sent for information"),
}
STAGE = {
    Stage.NEW: mark("New"),
    Stage.ACKNOWLEDGED: mark("Acknowledged"),
    Stage.DISPATCHED: mark("Team sent"),
}
