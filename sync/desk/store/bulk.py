"""Many rows at once: the statement is compiled once, and the rows go to the driver as they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Update
from sqlalchemy.dialects import sqlite

_DIALECT = sqlite.dialect(paramstyle="named")


class Bulk:
    """``statement`` for any number of rows, each with a value for every parameter and of the driver's own types."""

    def __init__(self, statement: Insert | Update) -> None:
        self._sql = str(statement.compile(dialect=_DIALECT))

    def __call__(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            connection.exec_driver_sql(self._sql, rows)
