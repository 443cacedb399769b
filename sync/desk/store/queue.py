"""The queue: confirmed facts from the projection, with this desk's own undelivered entries laid over them."""

from array import array
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, or_, select

from sync.case.entry import Entry
from sync.case.lifecycle import CaseState, fold, must_alarm
from sync.case.priority import Judgement, Priority, Why
from sync.desk.projection import QueueRow
from sync.desk.store.log import State
from sync.desk.store.tables import alert, log
from sync.wire.reading import read_entry

_state = msgspec.json.Decoder(CaseState)

AlertRow = Row[Any]


class _Own(Struct):
    """Our entries on one alert that the confirmed fold does not hold, and how many Kota has not got."""

    entries: list[Entry]
    waiting: int = 0


def numbers(connection: Connection) -> Sequence[int]:
    """Every row number in the order of the queue: the most urgent first, then the oldest."""
    found = connection.exec_driver_sql("SELECT row FROM alert ORDER BY priority, received_ms, row")
    return array("q", found.scalars())


def rows(connection: Connection, unit: str, wanted: Sequence[int]) -> list[QueueRow]:
    """The rows ``wanted`` in that order, without those that do not exist."""
    found = connection.execute(select(alert).where(alert.c.row.in_(list(wanted)))).all()
    by_number = {row.row: row for row in with_own(connection, unit, found)}
    return [by_number[number] for number in wanted if number in by_number]


def alarming(connection: Connection, unit: str) -> list[QueueRow]:
    """Those that must sound now, the most urgent first."""
    found = connection.execute(
        select(alert).where(alert.c.sounding == 1).order_by(alert.c.priority, alert.c.received_ms)
    ).all()
    return [row for row in with_own(connection, unit, found) if row.alarming]


def row_of(connection: Connection, alert_id: str) -> int | None:
    """The row number of an alert."""
    return connection.execute(select(alert.c.row).where(alert.c.alert_id == alert_id)).scalar_one_or_none()


def find(connection: Connection, number: str) -> str | None:
    """The id of the alert with Kota's ``number``."""
    return connection.execute(select(alert.c.alert_id).where(alert.c.number == number)).scalars().first()


def with_own(connection: Connection, unit: str, found: Sequence[AlertRow]) -> list[QueueRow]:
    """Projection rows as the officer sees them."""
    own = _own(connection, [row.alert_id for row in found])
    return [_row(unit, row, own.get(row.alert_id, _Own([]))) for row in found]


def _own(connection: Connection, ids: Iterable[str]) -> dict[str, _Own]:
    undelivered = connection.execute(
        select(log.c.alert, log.c.state, log.c.event, log.c.body)
        .where(log.c.alert.in_(list(ids)), or_(log.c.event.is_(None), log.c.state == State.WAITING))
        .order_by(log.c.incarnation, log.c.number)
    )
    found: dict[str, _Own] = {}
    for line in undelivered:
        own = found.setdefault(line.alert, _Own([]))
        own.waiting += line.state == State.WAITING
        entry = read_entry(line.body)
        if line.event is None and line.state != State.REFUSED and isinstance(entry, Entry):
            own.entries.append(entry)
    return found


def _row(unit: str, row: AlertRow, own: _Own) -> QueueRow:
    state = reduce(lambda state, entry: fold(state, entry, unit), own.entries, _state.decode(row.state))
    return QueueRow(
        row=row.row,
        alert_id=row.alert_id,
        number=row.number,
        judgement=Judgement(Priority(row.priority), Why(row.why)),
        live=bool(row.live),
        exercise=bool(row.exercise),
        minor=bool(row.minor),
        place=row.place,
        received_ms=row.received_ms,
        state=state,
        alarming=must_alarm(state, unit),
        waiting=own.waiting,
    )
