"""Unfinished notes, each officer's own, kept so that no kill and no power cut takes them."""

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from sync.desk.store.tables import draft


def read(connection: Connection, officer: str, alert: str) -> str:
    """The officer's draft on the alert, empty if there is none."""
    found = connection.execute(
        select(draft.c.text).where(draft.c.officer == officer, draft.c.alert == alert)
    ).scalar_one_or_none()
    return found or ""


def keep(connection: Connection, officer: str, alert: str, text: str) -> None:
    """Keep ``text`` as the draft; empty removes it."""
    if not text:
        connection.execute(delete(draft).where(draft.c.officer == officer, draft.c.alert == alert))
        return
    statement = insert(draft).values(officer=officer, alert=alert, text=text)
    connection.execute(
        statement.on_conflict_do_update(["officer", "alert"], set_={"text": statement.excluded.text})
    )
