"""What a run of feed events does to the projection: read what is there, fold in memory, write in bulk.

Confirmed facts only. What this desk has not delivered yet is laid over them when reading (`sync.desk.store.queue`),
so nothing ever has to be taken back here.
"""

import logging
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, bindparam, literal_column, null, select, update
from sqlalchemy.dialects.sqlite import insert

from sync.case.entry import Entry
from sync.case.lifecycle import CaseState, fold, must_alarm
from sync.case.report import Status, is_live, may_be_minor
from sync.desk.events import Reading, read_entry, read_event
from sync.desk.projection import Changed, place_of
from sync.desk.store.bulk import Bulk
from sync.desk.store.tables import alert, alert_update, feed_event, log, officer, timeline
from sync.wire.messages import AlertPublished, EntryPublished, OfficerPublished, UpdatePublished

_log = logging.getLogger(__name__)

_state = msgspec.json.Decoder(CaseState)


class Folding:
    """The effect of ``events`` (number and reading), worked out on construction, stored by `write`."""

    def __init__(
        self, connection: Connection, unit: str, device: str, events: Sequence[tuple[int, Reading]]
    ) -> None:
        self._connection = connection
        self._unit = unit
        self._device = device
        touched = {reading.alert for _, reading in events if reading.alert is not None}
        published = {str(r.alert) for _, r in events if isinstance(r.data, AlertPublished)}
        self._states = _states(connection, touched)
        # Of alerts published here, the entries known before: they are folded again for the unit now responsible.
        self._earlier = _entries(connection, published)
        self._alerts: dict[str, dict[str, Any]] = {}
        self._moved: set[str] = set()
        self._updates: list[dict[str, Any]] = []
        self._lines: dict[str, dict[str, Any]] = {}
        self._own: list[dict[str, Any]] = []
        self._officers: dict[str, dict[str, Any]] = {}
        self._touched = touched
        self._known = _known_entries(connection, events)
        for number, reading in events:
            self._take(number, reading)

    def _take(self, number: int, reading: Reading) -> None:
        match reading.data:
            case AlertPublished() as published:
                self._alert(number, str(reading.alert), published)
            case UpdatePublished():
                self._updates.append({"event": number, "alert": reading.alert})
            case EntryPublished() as published:
                self._entry(number, str(reading.alert), published)
            case OfficerPublished(officer=who, verifier=verifier, active=active):
                self._officers[who.id] = {
                    "id": who.id,
                    "name": who.name,
                    "verifier": verifier,
                    "active": int(active),
                }
            case None:
                _log.warning("event %d (%s) is kept but not shown: %s", number, reading.kind, reading.skipped)

    def _alert(self, number: int, alert_id: str, published: AlertPublished) -> None:
        report = published.report
        self._states[alert_id] = reduce(
            lambda state, entry: fold(state, *entry),
            self._earlier.get(alert_id, []),
            CaseState(unit=published.unit),
        )
        self._moved.add(alert_id)
        self._alerts[alert_id] = {
            "alert_id": alert_id,
            "number": published.number,
            "priority": int(published.judgement.priority),
            "why": published.judgement.why,
            "live": int(is_live(report)),
            "exercise": int(report.status is not Status.ACTUAL),
            "minor": int(may_be_minor(report)),
            "place": place_of(report),
            "received_ms": published.received_ms,
            "event": number,
        }

    def _entry(self, number: int, alert_id: str, published: EntryPublished) -> None:
        entry = read_entry(published.entry)
        if entry is None:
            _log.warning("event %d holds an entry that cannot be read; it is kept but not shown", number)
            return
        if entry.id in self._known:
            return
        self._known.add(entry.id)
        self._lines[entry.id] = {"event": number, "entry_id": entry.id, "alert": alert_id}
        if published.device == self._device:
            self._own.append({"id_": entry.id, "event_": number, "ms_": published.received_ms})
        if not isinstance(entry, Entry):
            return
        self._earlier.setdefault(alert_id, []).append((entry, published.unit))
        if alert_id in self._states:
            self._states[alert_id] = fold(self._states[alert_id], entry, published.unit)
            self._moved.add(alert_id)

    def write(self) -> Changed:
        """Store it all; what changed."""
        standing = {
            alert_id: {
                "state": msgspec.json.encode(self._states[alert_id]),
                "sounding": int(must_alarm(self._states[alert_id], self._unit)),
            }
            for alert_id in self._moved
        }
        _PUBLISHED(self._connection, [{**row, **standing[key]} for key, row in self._alerts.items()])
        _MOVED(
            self._connection,
            [{"id_": key, **values} for key, values in standing.items() if key not in self._alerts],
        )
        _UPDATED(self._connection, self._updates)
        _RECORDED(self._connection, list(self._lines.values()))
        _BACK_FROM_KOTA(self._connection, self._own)
        _MAY_SIGN_IN(self._connection, list(self._officers.values()))
        return Changed(frozenset(self._touched), status=True, officers=bool(self._officers))


def _latest(table: Table, key: str) -> Bulk:
    """Insert rows, or replace those that have the same ``key``; the primary key is SQLite's if it is another."""
    names = [column.name for column in table.columns if column.name == key or not column.primary_key]
    statement = insert(table).values({name: bindparam(name) for name in names})
    latest = {name: statement.excluded[name] for name in names if name != key}
    return Bulk(statement.on_conflict_do_update([key], set_=latest))


_PUBLISHED = _latest(alert, "alert_id")
_MOVED = Bulk(
    update(alert)
    .where(alert.c.alert_id == bindparam("id_"))
    .values(state=bindparam("state"), sounding=bindparam("sounding"))
)
_UPDATED = Bulk(insert(alert_update))
_RECORDED = Bulk(insert(timeline))
_MAY_SIGN_IN = _latest(officer, "id")
# Our own entry has come back in the feed, so Kota has it, whether or not its reply to the push ever arrived.
_BACK_FROM_KOTA = Bulk(
    update(log)
    .where(log.c.entry_id == bindparam("id_"))
    .values(
        event=bindparam("event_"), state=literal_column("'settled'"), why=null(), kota_ms=bindparam("ms_")
    )
)


def _states(connection: Connection, ids: Iterable[str]) -> dict[str, CaseState]:
    rows = connection.execute(select(alert.c.alert_id, alert.c.state).where(alert.c.alert_id.in_(list(ids))))
    return {row.alert_id: _state.decode(row.state) for row in rows}


def _entries(connection: Connection, ids: Iterable[str]) -> dict[str, list[tuple[Entry, str]]]:
    """The known entries on alerts ``ids`` with the unit of each, in the order of the feed."""
    rows = connection.execute(
        select(timeline.c.alert, feed_event.c.body)
        .join(feed_event, feed_event.c.number == timeline.c.event)
        .where(timeline.c.alert.in_(list(ids)))
        .order_by(timeline.c.event)
    )
    found: dict[str, list[tuple[Entry, str]]] = {}
    for row in rows:
        published = read_event(row.body).data
        entry = read_entry(published.entry) if isinstance(published, EntryPublished) else None
        if isinstance(published, EntryPublished) and isinstance(entry, Entry):
            found.setdefault(row.alert, []).append((entry, published.unit))
    return found


def _known_entries(connection: Connection, events: Sequence[tuple[int, Reading]]) -> set[str]:
    """Which of the entries in ``events`` an earlier event has brought already."""
    entries = (read_entry(r.data.entry) for _, r in events if isinstance(r.data, EntryPublished))
    ids = [entry.id for entry in entries if entry is not None]
    if not ids:
        return set()
    found = connection.execute(select(timeline.c.entry_id).where(timeline.c.entry_id.in_(ids)))
    return set(found.scalars())
