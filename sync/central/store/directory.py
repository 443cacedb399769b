"""The directory: units, and the officers who sign in at their desks."""

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import Connection, select, update

from sync.case.unit import Unit, UnitKind
from sync.central.store.tables import officer, unit


class OfficerRow(Struct, frozen=True):
    """An officer in the directory; ``removed_ms`` is None while they may sign in."""

    id: str
    unit: str
    name: str
    removed_ms: int | None = None


def add_units(connection: Connection, units: Iterable[Unit]) -> None:
    """Add ``units``; none of them may be there yet."""
    connection.execute(
        unit.insert(),
        [
            {
                "code": one.code,
                "kind": one.kind,
                "name_en": one.name_en,
                "name_hi": one.name_hi,
                "districts": " ".join(one.districts),
            }
            for one in units
        ],
    )


def units(connection: Connection) -> dict[str, Unit]:
    """Every unit by its code."""
    return {
        row.code: Unit(row.code, UnitKind(row.kind), row.name_en, row.name_hi, tuple(row.districts.split()))
        for row in connection.execute(select(unit).order_by(unit.c.code))
    }


def officers(connection: Connection) -> list[OfficerRow]:
    """All officers, removed ones too, by unit and id."""
    rows = connection.execute(select(officer).order_by(officer.c.unit, officer.c.id))
    return [OfficerRow(row.id, row.unit, row.name, row.removed_ms) for row in rows]


def find_officer(connection: Connection, officer_id: str, *, lock: bool = False) -> OfficerRow | None:
    """The officer with that id, in whatever unit; with ``lock`` nobody else can change them before the commit."""
    query = select(officer).where(officer.c.id == officer_id)
    if lock:
        query = query.with_for_update(key_share=True)
    row = connection.execute(query).one_or_none()
    return None if row is None else OfficerRow(row.id, row.unit, row.name, row.removed_ms)


def save_officer(connection: Connection, row: OfficerRow, held: OfficerRow | None) -> None:
    """Add the officer, or change the one ``held``, whom the caller has locked.

    Who found nobody may only add: a change would also hit somebody whom another node added meanwhile.
    """
    values = {"unit": row.unit, "name": row.name, "removed_ms": row.removed_ms}
    if held is None:
        connection.execute(officer.insert().values(id=row.id, **values))
    else:
        connection.execute(update(officer).where(officer.c.id == held.id).values(values))
