"""One alert with all that happened on it, and the outbox: entries shown with how far each has got."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, func, select

from sync.case.entry import Entry
from sync.case.report import Report
from sync.desk.projection import CaseFile, Delivery, Notice, OutboxLine, TimelineLine
from sync.desk.store import blocks, queue
from sync.desk.store.log import State
from sync.desk.store.tables import alert, alert_update, feed_event, feed_lost, log, timeline
from sync.wire.messages import AlertPublished, EntryPublished, UpdatePublished
from sync.wire.reading import StrangeEntry, read_entry, read_event

_DELIVERY = {
    State.WAITING: Delivery.SAVED_HERE,
    State.SETTLED: Delivery.AT_KOTA,
    State.REFUSED: Delivery.REFUSED,
}

# Where a line stands: after which event, confirmed before own, then in the order of our log. Facts of the feed only,
# so that no clock can reorder what happened.
_Place = tuple[int, int, int]


def case(connection: Connection, unit: str, alert_id: str) -> CaseFile | None:
    """All there is on the alert, None if it is not here."""
    row = connection.execute(select(alert).where(alert.c.alert_id == alert_id)).one_or_none()
    if row is None:
        return None
    published = read_event(blocks.bodies(connection, [row.event])[row.event]).data
    if not isinstance(published, AlertPublished):
        raise TypeError(f"event {row.event} published alert {alert_id} and cannot be read any more")
    [line] = queue.with_own(connection, unit, [row])
    return CaseFile(
        row=line,
        report=published.report,
        route=published.route,
        updates=_updates(connection, alert_id),
        timeline=_timeline(connection, unit, alert_id),
        notices=notices(connection, alert_id),
    )


def notices(connection: Connection, alert_id: str | None) -> tuple[Notice, ...]:
    """What must be shown of events this version does not know, on one alert or on none, in the order of the feed."""
    about = feed_event.c.alert.is_(None) if alert_id is None else feed_event.c.alert == alert_id
    rows = connection.execute(
        select(feed_event.c.number, feed_event.c.body)
        .where(feed_event.c.skipped.is_not(None), about)
        .order_by(feed_event.c.number)
    ).all()
    read = ((row.number, read_event(row.body).plain) for row in rows)
    return tuple(
        Notice(event=number, hi=plain.hi, en=plain.en) for number, plain in read if plain is not None
    )


def outbox(connection: Connection, unit: str) -> list[OutboxLine]:
    """Entries that Kota has not got or has refused, oldest first."""
    found = connection.execute(
        select(log, alert.c.number.label("alert_number"))
        .join(alert, alert.c.alert_id == log.c.alert)
        .where(log.c.state.in_([State.WAITING, State.REFUSED]))
        .order_by(log.c.incarnation, log.c.number)
    ).all()
    read = ((row, read_entry(row.body)) for row in found)
    return [
        OutboxLine(alert_id=row.alert, alert_number=row.alert_number, line=_own_line(row, entry, unit))
        for row, entry in read
        if entry is not None
    ]


def own_line(connection: Connection, unit: str, entry_id: str) -> TimelineLine:
    """An entry of this device as the timeline shows it."""
    row = connection.execute(select(log).where(log.c.entry_id == entry_id)).one()
    entry = read_entry(row.body)
    if entry is None:
        raise ValueError(f"entry {entry_id} of our own log cannot be read")
    return _own_line(row, entry, unit)


def _updates(connection: Connection, alert_id: str) -> tuple[Report, ...]:
    events = connection.execute(
        select(alert_update.c.event).where(alert_update.c.alert == alert_id).order_by(alert_update.c.event)
    ).scalars()
    read = (read_event(body).data for _, body in sorted(blocks.bodies(connection, list(events)).items()))
    return tuple(update.report for update in read if isinstance(update, UpdatePublished))


def _timeline(connection: Connection, unit: str, alert_id: str) -> tuple[TimelineLine, ...]:
    """Every entry once, by its id: those of the feed, then ours that the feed has not brought back."""
    lines: dict[str, tuple[_Place, TimelineLine]] = {}
    for place, line in [*_confirmed(connection, alert_id), *_own(connection, unit, alert_id)]:
        # Ours comes second and knows more: after a restore of Kota, that it waits again.
        known = lines.get(line.entry_id)
        lines[line.entry_id] = (known[0] if known else place, line)
    return tuple(line for _, line in sorted(lines.values(), key=lambda placed: placed[0]))


def _confirmed(connection: Connection, alert_id: str) -> Iterator[tuple[_Place, TimelineLine]]:
    rows = connection.execute(
        select(timeline.c.event, func.coalesce(feed_lost.c.number, timeline.c.event).label("number"))
        .outerjoin(feed_lost, feed_lost.c.event == timeline.c.event)
        .where(timeline.c.alert == alert_id)
    ).all()
    bodies = blocks.bodies(connection, [row.event for row in rows])
    for row in rows:
        published = read_event(bodies[row.event]).data
        entry = read_entry(published.entry) if isinstance(published, EntryPublished) else None
        if isinstance(published, EntryPublished) and entry is not None:
            line = _line(entry, published.unit, Delivery.AT_KOTA, published.received_ms, None)
            yield (row.number, 0, 0), line


def _own(connection: Connection, unit: str, alert_id: str) -> Iterator[tuple[_Place, TimelineLine]]:
    """Each after all its officer could see, and after our entries made before it."""
    rows = connection.execute(
        select(log).where(log.c.alert == alert_id).order_by(log.c.incarnation, log.c.number)
    )
    after = 0
    for row in rows:
        entry = read_entry(row.body)
        if entry is not None:
            after = max(after, row.event or entry.base)
            yield (after, 1, row.number), _own_line(row, entry, unit)


def _own_line(row: Row[Any], entry: Entry | StrangeEntry, unit: str) -> TimelineLine:
    return _line(entry, unit, _DELIVERY[State(row.state)], row.kota_ms, row.why)


def _line(
    entry: Entry | StrangeEntry, unit: str, delivery: Delivery, kota_ms: int | None, refusal: str | None
) -> TimelineLine:
    return TimelineLine(
        entry_id=entry.id,
        officer=entry.officer,
        unit=unit,
        data=entry.data if isinstance(entry, Entry) else None,
        made_ms=entry.at.wall_ms,
        delivery=delivery,
        kota_ms=kota_ms,
        refusal=refusal,
    )
