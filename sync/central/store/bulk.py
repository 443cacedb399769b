"""Many rows at once: the statement is compiled once for each kind of database, and the rows go to the driver as they are.

For the statements that run once for each entry or event; SQLAlchemy's own way looks at every value of every row.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Update
from sqlalchemy.dialects import sqlite

_SQLITE = sqlite.dialect(paramstyle="named")


class Bulk:
    """``statement`` for any number of rows, each with a value for every parameter and of the driver's own types."""

    def __init__(self, statement: Insert | Update) -> None:
        self._statement = statement
        self._sql: dict[str, str] = {}

    def __call__(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            connection.exec_driver_sql(self._compiled(connection.dialect), rows)

    def _compiled(self, dialect: Dialect) -> str:
        sql = self._sql.get(dialect.name)
        if sql is None:
            named = _SQLITE if dialect.name == _SQLITE.name else dialect
            sql = self._sql[dialect.name] = str(self._statement.compile(dialect=named))
        return sql
