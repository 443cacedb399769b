"""What one message of a platform becomes: a new alert, an update, a repeat, or a draft.

Each `Step` is one transaction: the alert, who holds it, and the events of every feed appear together or not at all.
A step that finds its message already dealt with changes nothing, so it may be tried again at any time.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from sync.case.lifecycle import CaseState
from sync.case.priority import judge
from sync.case.report import MessageKind, Report
from sync.central.events import publish
from sync.central.kota import Kota
from sync.central.routing import Route
from sync.central.store import alerts, intake
from sync.central.store.alerts import AlertRow
from sync.central.store.database import Connection
from sync.central.store.intake import IntakeOutcome, Message, Settlement
from sync.wire.messages import AlertPublished, DraftPublished, UpdatePublished
from sync.world import new_id

Step = Callable[[Connection], Settlement]

OPENING_CHARS = 200
REASON_CHARS = 300
NOTHING_TO_CANCEL = "it withdraws a report that never came"


@dataclass(frozen=True)
class Understood:
    """A message that could be read, and what follows from it alone. ``content`` is the hash of what it says."""

    message: Message
    report: Report
    route: Route
    content: bytes


def understand(message: Message, report: Report, route: Route) -> Understood:
    """All that needs no database."""
    return Understood(message, report, route, _content(report))


class Settling:
    """Makes the steps. ``hub`` is the unit that gets everything."""

    def __init__(self, kota: Kota, hub: str) -> None:
        self._kota = kota
        self._hub = hub

    def as_draft(self, message: Message, reason: str) -> Step:
        """Keep the message for a person at the hub, with the reason."""
        return lambda c: intake.outcome_of(c, message.id) or self._draft(c, message, reason)

    def as_report(self, understood: Understood) -> Step:
        """Take in a report: the first of its reference is an alert, whatever else it says it is."""
        return lambda c: intake.outcome_of(c, understood.message.id) or self._report(c, understood)

    def _draft(self, connection: Connection, message: Message, reason: str) -> Settlement:
        draft = DraftPublished(
            intake=message.id,
            received_ms=message.received_ms,
            sha256=message.sha256.hex(),
            reason=reason[:REASON_CHARS],
            opening=message.raw[: 4 * OPENING_CHARS].decode("utf-8", "replace")[:OPENING_CHARS],
        )
        publish(connection, self._kota.world, {self._hub}, draft)
        settlement = Settlement(IntakeOutcome.DRAFT, reason=draft.reason)
        return intake.settle(connection, message.id, settlement)

    def _report(self, connection: Connection, understood: Understood) -> Settlement:
        source = understood.report.source
        known = alerts.by_reference(connection, source.platform, source.reference)
        if known is not None:
            return self._more(connection, understood, known)
        if understood.report.message_kind is MessageKind.CANCEL:
            # To sound an alarm for it would be wrong, and so would silence.
            return self._draft(connection, understood.message, NOTHING_TO_CANCEL)
        return self._first(connection, understood)

    def _first(self, connection: Connection, understood: Understood) -> Settlement:
        message, report, route = understood.message, understood.report, understood.route
        published = AlertPublished(
            number=alerts.next_number(connection, self._year()),
            received_ms=message.received_ms,
            unit=route.unit,
            route=route.reason,
            judgement=judge(report),
            report=report,
        )
        alert = AlertRow(
            id=new_id(self._kota.world),
            number=published.number,
            platform=report.source.platform,
            reference=report.source.reference,
            status=report.status,
            judgement=published.judgement,
            route=route.reason,
            route_words=route.words,
            state=CaseState(unit=route.unit),
            created_ms=message.received_ms,
        )
        alerts.add(connection, alert, informed={self._hub} - {route.unit})
        publish(connection, self._kota.world, {route.unit, self._hub}, published, alert=alert.id)
        settlement = Settlement(IntakeOutcome.ALERT, alert=alert.id, content_sha256=understood.content)
        return intake.settle(connection, message.id, settlement)

    def _more(self, connection: Connection, understood: Understood, alert: str) -> Settlement:
        """A later message of a known reference: a repeat if it says nothing new, whatever it calls itself."""
        message, content = understood.message, understood.content
        alerts.lock(connection, [alert])
        if intake.has_content(connection, alert, content):
            outcome = IntakeOutcome.REPEAT
        else:
            outcome = IntakeOutcome.UPDATE
            update = UpdatePublished(received_ms=message.received_ms, report=understood.report)
            publish(connection, self._kota.world, alerts.holders(connection, alert), update, alert=alert)
        return intake.settle(connection, message.id, Settlement(outcome, alert=alert, content_sha256=content))

    def _year(self) -> int:
        """The year on the wall of the room in Kota."""
        passed = timedelta(milliseconds=self._kota.now_ms(), minutes=self._kota.world.offset_min())
        return (datetime(1970, 1, 1, tzinfo=UTC) + passed).year


def _content(report: Report) -> bytes:
    """The hash of what a report *says*: without the marks that every sending of it has anew."""
    withdraws = report.message_kind is MessageKind.CANCEL
    said = msgspec.structs.replace(
        report,
        message_id=UUID(int=0),
        sent_at=datetime(1970, 1, 1, tzinfo=UTC),
        message_kind=MessageKind.CANCEL if withdraws else MessageKind.NEW,
    )
    return hashlib.sha256(msgspec.json.encode(said)).digest()
