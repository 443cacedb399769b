"""What is true of the database as a whole: the name of its history."""

from sqlalchemy import Connection, update

from sync.central.store.tables import meta

EPOCH = "epoch"


def set_epoch(connection: Connection, value: str) -> None:
    """Another history begins here."""
    connection.execute(update(meta).where(meta.c.name == EPOCH).values(value=value))
