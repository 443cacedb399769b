"""The database opens for its key and its version only, and says in a sentence why not."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite as dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from sync.desk import errors
from sync.desk.store import drafts, migrations
from sync.desk.store.database import Connection, Database
from sync.desk.store.tables import metadata
from tests.sync.desk.conftest import DATABASE_KEY, Site


def shape(database: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Tables with their columns, and indexes with theirs; without names SQLite makes up."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for kind, name, table in database.execute("SELECT type, name, tbl_name FROM sqlite_schema ORDER BY name"):
        pragma = "table_xinfo" if kind == "table" else "index_xinfo"
        found[f"{kind} {table} {name}"] = database.execute(f"PRAGMA {pragma}('{name}')").fetchall()
    return found


def test_the_steps_lead_to_the_tables_the_code_uses() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as stepped:
        for step in migrations.STEPS:
            for statement in migrations.statements(step):
                stepped.execute(statement)
        with contextlib.closing(sqlite3.connect(":memory:")) as declared:
            for table in metadata.sorted_tables:
                declared.execute(str(CreateTable(table).compile(dialect=dialect.dialect())))
                for index in table.indexes:
                    declared.execute(str(CreateIndex(index).compile(dialect=dialect.dialect())))
            assert shape(stepped) == shape(declared)


def test_a_wrong_key_opens_nothing_and_changes_nothing(site: Site) -> None:
    site.desk.keep_draft("o", "a", "गुप्त")
    site.desk.close()
    before = site.file.read_bytes()

    with pytest.raises(errors.WrongKeyError):
        Database(site.file, bytes(32))

    assert site.file.read_bytes() == before
    assert "गुप्त".encode() not in before


def test_a_database_of_a_newer_version_is_not_touched(site: Site) -> None:
    site.database.write(lambda c: c.exec_driver_sql(f"PRAGMA user_version = {migrations.VERSION + 1}"))
    site.desk.close()
    before = site.file.read_bytes()

    with pytest.raises(errors.DatabaseNewerError):
        Database(site.file, DATABASE_KEY)

    assert site.file.read_bytes() == before


def test_a_damaged_database_is_said_to_be_damaged_and_kept(site: Site) -> None:
    for number in range(50):
        site.desk.keep_draft("o", str(number), "x" * 4000)
    site.desk.close()
    whole = site.file.read_bytes()
    site.file.write_bytes(whole[: len(whole) // 2] + b"\0" * 4096 + whole[len(whole) // 2 + 4096 :])
    damaged = site.file.read_bytes()

    def look() -> bool:
        with contextlib.closing(Database(site.file, DATABASE_KEY)) as database:
            return database.sound()

    with pytest.raises(errors.DatabaseDamagedError):
        look()

    assert site.file.read_bytes() == damaged


def test_a_file_that_cannot_be_opened_is_said_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(errors.HomeUnreadableError) as found:
        Database(tmp_path / "gone" / "desk.db", DATABASE_KEY)

    assert found.value.values["folder"] == tmp_path / "gone"


def test_a_change_that_fails_leaves_nothing_behind(site: Site) -> None:
    def half(connection: Connection) -> None:
        drafts.keep(connection, "o", "a", "halb")
        raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        site.database.write(half)

    assert site.desk.draft("o", "a") == ""


def test_readers_cannot_write(site: Site) -> None:
    with pytest.raises(Exception, match="readonly"):
        site.database.read(lambda c: drafts.keep(c, "o", "a", "x"))


def test_what_is_written_is_on_the_disk_before_it_is_said(site: Site) -> None:
    """The settings as the open connection has them, not as the code meant them."""

    def settings(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "mmap_size")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    found = site.database.write(settings)

    assert found["journal_mode"] == "wal"
    assert found["synchronous"] == 2
    assert (found["foreign_keys"], found["secure_delete"]) == (1, 1)


def test_the_file_belongs_to_its_user_alone(site: Site) -> None:
    if os.name == "nt":
        pytest.skip("Windows keeps this in the folder's rights")
    assert site.file.stat().st_mode & 0o077 == 0


def test_closing_leaves_one_file(site: Site) -> None:
    site.desk.keep_draft("o", "a", "x")
    site.desk.queue_rows()
    site.desk.close()

    assert [file.name for file in Path(site.file.parent).iterdir()] == ["desk.db"]


def test_listing_the_queue_reads_the_index_only(site: Site) -> None:
    plan = site.database.read(
        lambda c: c.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT row FROM alert ORDER BY priority, received_ms, row"
        ).all()
    )

    assert [row[3] for row in plan] == ["SCAN alert USING COVERING INDEX alert_queue"]
