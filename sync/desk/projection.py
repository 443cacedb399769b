"""What the officer sees: feed events and the desk's own undelivered entries, folded together.

Values only, and the pure rules that make them; the store reads rows and calls these. Nothing here may claim more
than was verified: *at Kota* is said of an entry only after Kota said so.
"""

from enum import StrEnum

from msgspec import Struct

from sync.case.entry import EntryData
from sync.case.lifecycle import CaseState
from sync.case.priority import Judgement
from sync.case.report import Report
from sync.case.unit import Officer, Unit


class Delivery(StrEnum):
    """How far an entry has got, as far as this desk knows for certain."""

    SAVED_HERE = "saved_here"
    AT_KOTA = "at_kota"
    REFUSED = "refused"


class TimelineLine(Struct, frozen=True, kw_only=True):
    """One thing that happened on an alert.

    ``data`` is None for an entry of a kind this version does not know; it is shown all the same. ``made_ms`` is by
    the clock of the desk that made it, ``kota_ms`` by Kota's; ``refusal`` is a `sync.wire.messages.Refusal` value.
    """

    entry_id: str
    officer: Officer
    unit: str
    data: EntryData | None
    made_ms: int
    delivery: Delivery
    kota_ms: int | None = None
    refusal: str | None = None


class QueueRow(Struct, frozen=True, kw_only=True):
    """One alert in the queue. ``waiting`` counts this desk's entries on it that Kota has not confirmed."""

    row: int
    alert_id: str
    number: str
    judgement: Judgement
    live: bool
    exercise: bool
    minor: bool
    place: str
    received_ms: int
    state: CaseState
    alarming: bool
    waiting: int


class OutboxLine(Struct, frozen=True, kw_only=True):
    """One entry that Kota has not got, or has refused, with the alert it is on."""

    alert_id: str
    alert_number: str
    line: TimelineLine


class Notice(Struct, frozen=True, kw_only=True):
    """Something this version cannot show in full: in both languages, as Kota wrote it for old desks."""

    event: int
    hi: str
    en: str


class CaseFile(Struct, frozen=True, kw_only=True):
    """All the desk has on one alert. ``notices`` are what only a newer version shows in full, ``updates`` later messages of the platform, oldest first."""

    row: QueueRow
    report: Report
    route: str
    updates: tuple[Report, ...]
    timeline: tuple[TimelineLine, ...]
    notices: tuple[Notice, ...] = ()


class Link(StrEnum):
    """What is known of the link, from replies that were verified to be Kota's."""

    NOT_TRIED = "not_tried"
    CONNECTED = "connected"
    NOT_CONNECTED = "not_connected"


class LinkProblem(StrEnum):
    """Why there is no contact; each has its own advice on the screen."""

    UNREACHABLE = "unreachable"
    NOT_KOTA = "not_kota"
    NOT_TRUSTED = "not_trusted"
    REVOKED = "revoked"
    FORGOTTEN = "forgotten"
    BUSY = "busy"
    DIFFERS = "differs"
    OUTDATED = "outdated"
    STUCK = "stuck"


class StoreProblem(StrEnum):
    """Why what arrives cannot be kept on this PC. What was kept before stays; Kota's answer is not at fault."""

    FULL = "full"
    FAILING = "failing"
    BUSY = "busy"


class DeskStatus(Struct, frozen=True, kw_only=True):
    """The facts for the truth strip. ``*_ms`` are wall milliseconds of this PC, for labels only.

    ``checked_ago_s`` is since the last verified reply, by the monotonic clock; None if there was none yet. ``since``
    is when contact was lost. ``in_step`` says that the last reply had nothing newer than what is stored here.
    ``kota_ahead_ms`` is how far Kota's clock is ahead of this PC's. ``skipped`` counts events that are stored but
    that this version cannot show. ``storing`` says that news of Kota could not be kept here, and why.
    """

    unit: Unit
    link: Link
    problem: LinkProblem | None = None
    checked_ago_s: int | None = None
    since_ms: int | None = None
    in_step: bool = False
    waiting: int = 0
    oldest_waiting_ms: int | None = None
    refused: int = 0
    kota_ahead_ms: int = 0
    skipped: int = 0
    storing: StoreProblem | None = None


class Changed(Struct, frozen=True):
    """What a step changed, for whoever watches: the alerts, the status, or nothing."""

    alerts: frozenset[str] = frozenset()
    status: bool = False
    officers: bool = False

    def __or__(self, other: "Changed") -> "Changed":
        return Changed(
            self.alerts | other.alerts, self.status or other.status, self.officers or other.officers
        )

    def __bool__(self) -> bool:
        return bool(self.alerts) or self.status or self.officers
