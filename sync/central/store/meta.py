"""What is true of the database as a whole, by name."""

from sqlalchemy import Connection, delete, select, update

from sync.central.store.tables import meta

# Names this history.
EPOCH = "epoch"


def find(connection: Connection, name: str) -> str | None:
    """What is known under ``name``."""
    return connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one_or_none()


def save(connection: Connection, name: str, value: str) -> None:
    """Know ``value`` under ``name`` from now on."""
    if connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount == 0:
        connection.execute(meta.insert().values(name=name, value=value))


def forget(connection: Connection, name: str) -> None:
    """Know nothing under ``name`` any more."""
    connection.execute(delete(meta).where(meta.c.name == name))
