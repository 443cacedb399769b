"""What a database consists of, in a form that can be compared: whether made in steps or as the code declares it."""

from sqlalchemy import Connection, text

Shape = set[tuple[object, ...]]

POSTGRESQL = (
    """SELECT table_name, column_name, ordinal_position, data_type, is_nullable, column_default
       FROM information_schema.columns WHERE table_schema = 'public'""",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'""",
)


def of_postgresql(connection: Connection) -> Shape:
    """Columns, indexes and constraints, with their names."""
    return {tuple(row) for query in POSTGRESQL for row in connection.execute(text(query))}


def of_sqlite(connection: Connection) -> Shape:
    """The statements SQLite keeps, without what has no meaning in them: spaces, and the order of constraints."""
    rows = connection.execute(text("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
    return {(row.type, row.name, frozenset(_parts(row.sql))) for row in rows}


def _parts(sql: str) -> list[str]:
    head, _, rest = sql.partition("(")
    body, _, tail = rest.rpartition(")")
    parts, depth, start = [head, tail], 0, 0
    for place, letter in enumerate(body):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(body[start:place])
            start = place + 1
    return ["".join(part.split()) for part in [*parts, body[start:]]]
