"""What became of Kota's commands, kept until Kota knows."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from sync.desk.store.tables import command_answer
from sync.wire.heartbeat import CommandAnswer, Result


def untold(connection: Connection) -> tuple[CommandAnswer, ...]:
    """The answers that no heartbeat has brought through."""
    rows = connection.execute(select(command_answer).order_by(command_answer.c.id))
    return tuple(CommandAnswer(id=row.id, result=Result(row.result)) for row in rows)


def keep(connection: Connection, answer: CommandAnswer) -> None:
    """Keep ``answer`` for the next heartbeat."""
    statement = insert(command_answer).values(id=answer.id, result=answer.result)
    connection.execute(statement.on_conflict_do_update(["id"], set_={"result": statement.excluded.result}))


def told(connection: Connection, answers: Iterable[CommandAnswer]) -> None:
    """Kota has these."""
    for answer in answers:
        same = (command_answer.c.id == answer.id) & (command_answer.c.result == answer.result)
        connection.execute(delete(command_answer).where(same))
