"""The alerts: their numbers, who holds them, and where each case stands."""

import re
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct
from sqlalchemy import BindParameter, Connection, bindparam, select, update

from sync.case.lifecycle import CaseState
from sync.case.priority import Judgement
from sync.central.store.bulk import Bulk
from sync.central.store.tables import alert, alert_year, assignment

RESPONSIBLE = "responsible"
INFORMED = "informed"


class AlertRow(Struct, frozen=True, kw_only=True):
    """One alert as Kota keeps it beside the feeds."""

    id: str
    number: str
    platform: str
    reference: str
    status: str
    judgement: Judgement
    route: str
    route_words: str
    state: CaseState
    created_ms: int


class AlertLine(Struct, frozen=True):
    """One alert as a list shows it: nothing of the person."""

    number: str
    status: str
    state: CaseState
    created_ms: int


def next_number(connection: Connection, year: int) -> str:
    """The next alert number of ``year``; numbers of a year have no holes."""
    last = connection.execute(_NEXT, {"year_": year}).scalar_one_or_none()
    if last is None:
        last = 1
        connection.execute(alert_year.insert().values(year=year, last=last))
    return f"RJ-{year}-{last:06d}"


_NEXT = (
    update(alert_year)
    .where(alert_year.c.year == bindparam("year_"))
    .values(last=alert_year.c.last + 1)
    .returning(alert_year.c.last)
)


_NUMBER = re.compile(r"RJ-(\d{4})-(\d{1,9})")


def reserve(connection: Connection, numbers: Iterable[str]) -> None:
    """See that none of ``numbers``, which were given once, is given again; nobody else gets one before the commit."""
    given: dict[int, int] = {}
    for match in filter(None, map(_NUMBER.match, numbers)):
        year, number = int(match[1]), int(match[2])
        given[year] = max(given.get(year, 0), number)
    for year, most in sorted(given.items()):
        row = select(alert_year.c.last).where(alert_year.c.year == year).with_for_update(key_share=True)
        last = connection.execute(row).scalar_one_or_none()
        if last is None:
            connection.execute(alert_year.insert().values(year=year, last=most))
        elif last < most:
            connection.execute(update(alert_year).where(alert_year.c.year == year).values(last=most))


def add(connection: Connection, new: AlertRow, informed: set[str]) -> None:
    """Store a new alert; ``new.state.unit`` is responsible, ``informed`` hold it too."""
    row = {
        "id": new.id,
        "number": new.number,
        "platform": new.platform,
        "reference": new.reference,
        "status": new.status,
        "priority": new.judgement.priority,
        "why": new.judgement.why,
        "route": new.route,
        "route_words": new.route_words,
        "state": _write(new.state),
        "created_ms": new.created_ms,
    }
    connection.execute(_ADD, row)
    holders = dict.fromkeys(informed, INFORMED) | {new.state.unit: RESPONSIBLE}
    connection.execute(
        _ASSIGN,
        [{"alert": new.id, "unit": unit, "gen": 1, "state": state} for unit, state in holders.items()],
    )


_ADD, _ASSIGN = alert.insert(), assignment.insert()


def inform(connection: Connection, alert_id: str, unit: str) -> None:
    """``unit`` holds the alert too."""
    connection.execute(_ASSIGN, {"alert": alert_id, "unit": unit, "gen": 1, "state": INFORMED})


def free_number(connection: Connection, number: str) -> str:
    """``number``, marked as returned if another alert has got it since."""
    while connection.execute(select(alert.c.id).where(alert.c.number == number)).first() is not None:
        number += "-R"
    return number


def free_reference(connection: Connection, platform: str, reference: str) -> str:
    """``reference``, marked as returned if the platform has sent it again since."""
    while by_reference(connection, platform, reference) is not None:
        reference += "-R"
    return reference


def skip_numbers(connection: Connection, count: int) -> None:
    """Leave ``count`` numbers of each year to alerts that may come back."""
    connection.execute(update(alert_year).values(last=alert_year.c.last + count))


def by_reference(connection: Connection, platform: str, reference: str) -> str | None:
    """The id of the alert that a platform's own reference names."""
    named = {"platform": platform, "reference": reference}
    return connection.execute(_BY_REFERENCE, named).scalar_one_or_none()


_BY_REFERENCE = select(alert.c.id).where(
    (alert.c.platform == bindparam("platform")) & (alert.c.reference == bindparam("reference"))
)


def lock(connection: Connection, alert_ids: Iterable[str]) -> None:
    """Keep everybody else from changing these alerts until the commit; ids of no alert are passed over.

    Whoever changes an alert by what it read of it, or of its holders, must have locked it before it read.
    """
    connection.execute(_LOCK, {"ids": list(alert_ids)}).all()


_AMONG: BindParameter[str] = bindparam("ids", expanding=True)
# In one order, so that two who lock some of the same never wait for each other.
_LOCK = select(alert.c.id).where(alert.c.id.in_(_AMONG)).order_by(alert.c.id).with_for_update(key_share=True)


def number_of(connection: Connection, alert_id: str | None) -> str | None:
    """The number people use, if there is such an alert."""
    return connection.execute(_NUMBER_OF, {"id": alert_id}).scalar_one_or_none()


_NUMBER_OF = select(alert.c.number).where(alert.c.id == bindparam("id"))


def holders(connection: Connection, alert_id: str) -> frozenset[str]:
    """The units that hold the alert; empty for an alert that does not exist."""
    return holders_of(connection, [alert_id]).get(alert_id, frozenset())


def holders_of(connection: Connection, ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """The units that hold each of the alerts ``ids``; without those that do not exist."""
    found: dict[str, set[str]] = {}
    for row in connection.execute(_HOLDERS, {"ids": list(ids)}):
        found.setdefault(row.alert, set()).add(row.unit)
    return {alert_id: frozenset(units) for alert_id, units in found.items()}


_HOLDERS = select(assignment.c.alert, assignment.c.unit).where(assignment.c.alert.in_(_AMONG))


def state(connection: Connection, alert_id: str) -> CaseState:
    """Where the case stands."""
    return states(connection, [alert_id])[alert_id]


def states(connection: Connection, ids: Iterable[str]) -> dict[str, CaseState]:
    """Where each of the cases stands."""
    return {row.id: _read(row.state) for row in connection.execute(_CASES, {"ids": list(ids)})}


_CASES = select(alert.c.id, alert.c.state).where(alert.c.id.in_(_AMONG))


def save_state(connection: Connection, alert_id: str, new: CaseState) -> None:
    """Where the case stands now."""
    save_states(connection, {alert_id: new})


def save_states(connection: Connection, new: Mapping[str, CaseState]) -> None:
    """Where cases stand now."""
    _STATES(connection, [{"id_": alert_id, "state_": _write(case)} for alert_id, case in new.items()])


_STATES = Bulk(update(alert).where(alert.c.id == bindparam("id_")).values(state=bindparam("state_")))


def everything(connection: Connection) -> list[AlertLine]:
    """All alerts, oldest first."""
    query = select(alert.c.number, alert.c.status, alert.c.state, alert.c.created_ms)
    return [
        AlertLine(row.number, row.status, _read(row.state), row.created_ms)
        for row in connection.execute(query.order_by(alert.c.created_ms, alert.c.number))
    ]


def _write(case: CaseState) -> str:
    return msgspec.json.encode(case).decode()


def _read(text: str) -> CaseState:
    return msgspec.json.decode(text, type=CaseState)
