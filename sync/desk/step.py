"""What one step of a lane did. A step never waits and never retries; the threads do (`sync.desk.loops`)."""

from msgspec import Struct

from sync.desk.projection import Changed
from sync.desk.status import Reply


class Step(Struct, frozen=True):
    """``reply`` is the verified reply it got, if it had to ask; ``more`` says that the next step has work already."""

    changed: Changed = Changed()
    reply: Reply | None = None
    more: bool = False
