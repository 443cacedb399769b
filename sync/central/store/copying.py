"""Everything one database holds, written into another: the two may be of either kind."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from sync.central.store.bulk import Bulk
from sync.central.store.tables import meta, metadata

# As many rows as are in memory at a time.
ROWS = 500


def copy_rows(source: Connection, into: Connection, besides: Collection[str] = ()) -> None:
    """Write every row of ``source`` into the empty tables of ``into``; of `meta` not the names ``besides``."""
    for table in metadata.sorted_tables:
        query = select(table)
        if table is meta:
            query = query.where(meta.c.name.not_in(besides))
        add = Bulk(table.insert())
        rows = source.execute(query, execution_options={"yield_per": ROWS}).mappings()
        for part in rows.partitions(ROWS):
            add(into, [dict(row) for row in part])
