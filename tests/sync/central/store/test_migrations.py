"""Every released database still opens, with all it held; and the steps lead to the tables the code uses."""

from pathlib import Path

from sqlalchemy import create_engine

from sync import resources
from sync.central.store import database, migrations
from sync.central.store.database import Store
from sync.central.store.sqlite import TYPES
from sync.central.store.tables import metadata
from tests.sync.central.store import shape


def test_the_steps_lead_to_the_tables_the_code_uses(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        declared = shape.of_sqlite(connection)
    engine.dispose()
    database.create(tmp_path / "db", list(resources.units().values()), "epoch")
    with Store(tmp_path / "db") as store:
        assert store.read_now(shape.of_sqlite) == declared


def test_a_statement_is_whole(tmp_path: Path) -> None:
    assert all(one.startswith("CREATE ") for one in migrations.statements(0, **TYPES))
