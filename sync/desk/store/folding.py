"""What a run of feed events does to the projection: read what is there, fold in memory, write in bulk.

Confirmed facts only. What this desk has not delivered yet is laid over them when reading (`sync.desk.store.queue`),
so nothing ever has to be taken back here.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, Table, bindparam, literal_column, null, select, update
from sqlalchemy.dialects.sqlite import insert

from sync.case.entry import Entry
from sync.case.lifecycle import CaseState
from sync.desk.projection import Changed
from sync.desk.store import blocks
from sync.desk.store.bulk import Bulk
from sync.desk.store.tables import alert, alert_update, log, officer, timeline
from sync.wire.folding import AlertLine, Earlier, EntryLine, Fold
from sync.wire.messages import AlertPublished, EntryPublished, OfficerPublished
from sync.wire.reading import Reading, read_entry, read_event

_log = logging.getLogger(__name__)

_state = msgspec.json.Decoder(CaseState)
_encode = msgspec.json.encode


class Folding:
    """The effect of ``events`` (number and reading), worked out on construction, stored by `write`."""

    def __init__(
        self, connection: Connection, unit: str, device: str, events: Sequence[tuple[int, Reading]]
    ) -> None:
        self._connection = connection
        self._device = device
        self._touched = {reading.alert for _, reading in events if reading.alert is not None}
        published = {str(r.alert) for _, r in events if isinstance(r.data, AlertPublished)}
        self._fold = Fold(
            unit,
            _states(connection, self._touched),
            _entries(connection, published),
            _known_entries(connection, events),
        )
        self._officers: dict[str, dict[str, Any]] = {}
        for number, reading in events:
            self._fold.take(number, reading)
            self._besides(number, reading)

    def _besides(self, number: int, reading: Reading) -> None:
        match reading.data:
            case OfficerPublished(officer=who, verifier=verifier, active=active):
                self._officers[who.id] = {
                    "id": who.id,
                    "name": who.name,
                    "verifier": verifier,
                    "active": int(active),
                }
            case None:
                _log.warning("event %d (%s) is kept but not shown: %s", number, reading.kind, reading.skipped)

    def write(self) -> Changed:
        """Store it all; what changed."""
        fold = self._fold
        _PUBLISHED(self._connection, [alert_row(line) for line in fold.published()])
        _MOVED(
            self._connection,
            [
                {"id_": key, "state": _encode(fold.states[key]), "sounding": fold.sounds(key)}
                for key in fold.moved()
            ],
        )
        _UPDATED(self._connection, [msgspec.structs.asdict(line) for line in fold.updates])
        entries_came(self._connection, self._device, fold.entries)
        _MAY_SIGN_IN(self._connection, list(self._officers.values()))
        return Changed(frozenset(self._touched), status=True, officers=bool(self._officers))


def alert_row(line: AlertLine) -> dict[str, Any]:
    """``line`` as the table of alerts has it."""
    return msgspec.structs.asdict(line) | {"state": _encode(line.state)}


def entries_came(connection: Connection, device: str, lines: Sequence[EntryLine]) -> None:
    """Confirmed entries; among them perhaps some of ``device``, which is this one."""
    _RECORDED(connection, [msgspec.structs.asdict(line) for line in lines])
    _BACK_FROM_KOTA(connection, [msgspec.structs.asdict(line) for line in lines if line.device == device])


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
    .where(log.c.entry_id == bindparam("entry_id"))
    .values(
        event=bindparam("event"),
        state=literal_column("'settled'"),
        why=null(),
        kota_ms=bindparam("received_ms"),
    )
)


def _states(connection: Connection, ids: Iterable[str]) -> dict[str, CaseState]:
    rows = connection.execute(_CASES, {"ids": list(ids)})
    return {row.alert_id: _state.decode(row.state) for row in rows}


_AMONG: BindParameter[str] = bindparam("ids", expanding=True)
_CASES = select(alert.c.alert_id, alert.c.state).where(alert.c.alert_id.in_(_AMONG))


def _entries(connection: Connection, ids: Iterable[str]) -> dict[str, Earlier]:
    """The known entries on alerts ``ids`` with the unit of each, in the order of the feed."""
    rows = connection.execute(_TIMELINES, {"ids": list(ids)}).all()
    bodies = blocks.bodies(connection, [row.event for row in rows])
    found: dict[str, Earlier] = {}
    for row in rows:
        published = read_event(bodies[row.event]).data
        entry = read_entry(published.entry) if isinstance(published, EntryPublished) else None
        if isinstance(published, EntryPublished) and isinstance(entry, Entry):
            found.setdefault(row.alert, []).append((entry, published.unit))
    return found


_TIMELINES = (
    select(timeline.c.alert, timeline.c.event).where(timeline.c.alert.in_(_AMONG)).order_by(timeline.c.event)
)


def _known_entries(connection: Connection, events: Sequence[tuple[int, Reading]]) -> set[str]:
    """Which of the entries in ``events`` an earlier event has brought already."""
    entries = (read_entry(r.data.entry) for _, r in events if isinstance(r.data, EntryPublished))
    ids = [entry.id for entry in entries if entry is not None]
    if not ids:
        return set()
    return set(connection.execute(_KNOWN, {"ids": ids}).scalars())


_KNOWN = select(timeline.c.entry_id).where(timeline.c.entry_id.in_(_AMONG))
