"""Watches in which order every transaction on PostgreSQL locks: the order that stands in `store/postgresql.py`.

Two transactions that keep to one order never wait for each other in a circle. A test that only runs them against each
other finds a circle by luck; this finds every step out of order that any test takes.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

ORDER = ["intake", "enrol_code", "device", "alert_year", "alert", "officer", "feed_head"]
LOCKS = re.compile(
    r"UPDATE (\w+)|INSERT INTO (\w+)|SELECT\s.*\sFROM (\w+)\s.*FOR (?:NO KEY )?UPDATE", re.DOTALL
)
# Who makes the tables is alone with them.
ALONE = "CREATE TABLE"


@contextmanager
def watched() -> Iterator[list[str]]:
    """Everything that was locked out of order until the context ends."""
    found: list[str] = []

    def begin(connection: Connection) -> None:
        connection.info[LOCKS] = []

    def execute(connection: Connection, _: object, statement: str, parameters: Any, *rest: object) -> None:
        if connection.dialect.name != "postgresql":
            return
        if ALONE in statement:
            connection.info[LOCKS] = None
        held = connection.info.get(LOCKS)
        lock = locked(statement, parameters)
        if lock is None or held is None or lock in held:
            return
        if held and lock < max(held):
            found.append(f"{lock} after {held}")
        held.append(lock)

    event.listen(Engine, "begin", begin)
    event.listen(Engine, "before_cursor_execute", execute)
    try:
        yield found
    finally:
        event.remove(Engine, "begin", begin)
        event.remove(Engine, "before_cursor_execute", execute)


def locked(statement: str, parameters: Any) -> tuple[int, str] | None:
    """What ``statement`` locks: the place of its table in the order, and of a feed its unit."""
    match = LOCKS.match(statement)
    table = match and next(filter(None, match.groups()))
    if table not in ORDER:
        return None
    # Heads are made all at once and moved one by one; a statement that names its unit otherwise must be learnt here.
    named = parameters.items() if table == "feed_head" and isinstance(parameters, dict) else ()
    return ORDER.index(table), next((value for name, value in named if name.startswith("unit")), "")
