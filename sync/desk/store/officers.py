"""Who may sign in at this desk, as the feed says."""

from sqlalchemy import Connection, select

from sync.case.unit import Officer
from sync.desk.store.tables import officer


def active(connection: Connection) -> list[Officer]:
    """Those who may sign in, by name."""
    rows = connection.execute(select(officer).where(officer.c.active == 1).order_by(officer.c.name)).all()
    return [Officer(row.id, row.name) for row in rows]


def verifier(connection: Connection, officer_id: str) -> tuple[Officer, str] | None:
    """The officer with the argon2id verifier of their password; None if they may not sign in."""
    row = connection.execute(
        select(officer).where(officer.c.id == officer_id, officer.c.active == 1)
    ).one_or_none()
    return None if row is None else (Officer(row.id, row.name), row.verifier)
