"""The last heartbeat of each device, and the commands given to devices."""

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, select, update

from sync.central.store.tables import command, heartbeat
from sync.wire.heartbeat import CommandKind, Heartbeat, Result


class HeartbeatRow(Struct, frozen=True):
    """The last word of a device about itself, and when it came."""

    device: str
    said: Heartbeat
    at_ms: int


class CommandRow(Struct, frozen=True, kw_only=True):
    """One command. ``result`` is None until the device answers."""

    id: str
    device: str
    kind: str
    given_ms: int
    result: Result | None = None
    answered_ms: int | None = None


def save(connection: Connection, device: str, said: Heartbeat, at_ms: int) -> None:
    """Keep ``said`` as the device's last word."""
    connection.execute(delete(heartbeat).where(heartbeat.c.device == device))
    body = msgspec.json.encode(said).decode()
    connection.execute(heartbeat.insert().values(device=device, body=body, at_ms=at_ms))


def last(connection: Connection) -> dict[str, HeartbeatRow]:
    """The last word of every device that ever said one, by device."""
    return {
        row.device: HeartbeatRow(row.device, msgspec.json.decode(row.body, type=Heartbeat), row.at_ms)
        for row in connection.execute(select(heartbeat))
    }


def give(connection: Connection, new: CommandRow) -> None:
    """Store a new command."""
    values = {"id": new.id, "device": new.device, "kind": new.kind, "given_ms": new.given_ms}
    connection.execute(command.insert().values(values))


def answered(connection: Connection, device: str, command_id: str, result: Result, at_ms: int) -> bool:
    """Note what ``device`` made of a command; False if it has no such command. Done stays done."""
    found = connection.execute(
        update(command)
        .where(command.c.id == command_id, command.c.device == device)
        .where(command.c.result.is_(None) | (command.c.result != Result.DONE))
        .values(result=result, answered_ms=at_ms)
    )
    return found.rowcount > 0


def undone(connection: Connection, device: str) -> list[CommandRow]:
    """The commands that ``device`` has not carried out, oldest first: what it could not do is asked again."""
    return [row for row in commands(connection, device) if row.result is not Result.DONE]


def must_wipe(connection: Connection, device: str) -> bool:
    """Whether ``device`` is under the order to destroy what it has, and has not said that it did."""
    return any(row.kind == CommandKind.WIPE for row in undone(connection, device))


def commands(connection: Connection, device: str | None = None) -> list[CommandRow]:
    """The commands of ``device``, or of all devices, oldest first."""
    query = select(command).order_by(command.c.given_ms, command.c.id)
    if device is not None:
        query = query.where(command.c.device == device)
    rows = connection.execute(query)
    return [
        CommandRow(
            id=row.id,
            device=row.device,
            kind=row.kind,
            given_ms=row.given_ms,
            result=None if row.result is None else Result(row.result),
            answered_ms=row.answered_ms,
        )
        for row in rows
    ]
