"""Every released database still opens, with all it held; and the steps lead to the tables the code uses."""

import asyncio
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine

from sync import resources, sqlite
from sync.case.entry import Note
from sync.central.audit import Audited, audit
from sync.central.home import Home
from sync.central.settings import Address, Listen
from sync.central.store import alerts, database, intake
from sync.central.store.database import NewerDatabaseError, Store
from sync.central.store.tables import metadata
from sync.wire.chain import Head
from sync.wire.messages import Enrolled, Outcome
from tests.postgresql import PostgresServer, name_of
from tests.sync.central.stage import OwnWorld, Stage, StageDesk, stage
from tests.sync.central.store import shape

FROZEN = Path(__file__).parents[3] / "migrations"

# What the frozen Kota of version 1 knows.
UNITS = list(resources.units().values())
DEVICE = "01a0c450-6c00-7238-abc9-f3c67d99e125"
DEVICE_KEY = bytes.fromhex("035c6082141e7be9388adecf07c59811c95fd76162511227cf5a48b485724b8d")
HEAD = Head(3, bytes.fromhex("89f2dad379296b793037c3e2ddb67a8e506529be70a64250c4e923374b1701a4"))
ALERT = "01a0c450-6c00-7965-b842-328884674035"
CODE = "5K5Z-0WQH-9GTQ"


def frozen_file(folder: Path, version: int) -> Home:
    home = Home(folder)
    home.create(("kota.test",), Listen("127.0.0.1", 8443), resources.units(), OwnWorld())
    shutil.copy(FROZEN / f"central-{version}.sqlite3", home.database_file)
    return home


def frozen_dump(server: PostgresServer, folder: Path, version: int) -> Home:
    home, address = Home(folder), server.new()
    home.create(("kota.test",), Listen("127.0.0.1", 8443), resources.units(), OwnWorld(), Address(address))
    dump = (FROZEN / f"central-{version}.sql").read_text()
    server.execute(name_of(address), "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", dump)
    return home


async def goes_on(kota: Stage) -> None:
    """All that was under way in the old version is carried to its end in this one."""
    store = kota.kota.store
    async with asyncio.timeout(10):
        while await store.read(intake.waiting):
            pass
    assert len(await store.read(alerts.everything)) == 2

    desk = StageDesk(kota, "JJN")
    desk.key = Ed25519PrivateKey.from_private_bytes(DEVICE_KEY)
    hello = (await kota.client.get("/v1/hello")).json()
    desk.enrolled = Enrolled(
        epoch=hello["epoch"],
        server_ms=0,
        device=DEVICE,
        incarnation=1,
        unit=resources.units()["JJN"],
        kota_key=kota.home.kota(store, kota.world).public_key(),
    )
    desk.head = HEAD
    await desk.sign_on()
    pushed = await desk.push(desk.entry(ALERT, Note("three")))
    assert [one.outcome for one in pushed.settled] == [Outcome.APPLIED]
    assert [event.kind for event in await desk.pull()] == ["alert", "officer", "entry", "entry", "entry"]

    assert (await StageDesk(kota, "JPR-E").enrol(CODE)).status_code == 200
    assert await store.read(audit) == Audited(feeds=53, events=12, logs=2, entries=4)


def play(home: Home) -> None:
    async def whole() -> None:
        world = OwnWorld()
        # None of the ids it gave before is given again.
        world._drawn = 10_000
        async with stage(home.folder, world) as kota:
            await goes_on(kota)

    asyncio.run(whole())


def test_the_steps_lead_to_the_tables_the_code_uses(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        declared = shape.of_sqlite(connection)
    engine.dispose()
    database.create(tmp_path / "db", UNITS, "epoch")
    with Store(tmp_path / "db") as store:
        assert store.read_now(shape.of_sqlite) == declared


def test_a_database_of_version_1_opens_and_goes_on(tmp_path: Path) -> None:
    home = frozen_file(tmp_path / "kota", 1)
    play(home)
    database.create(tmp_path / "fresh", UNITS, "epoch")
    with home.store() as grown, Store(tmp_path / "fresh") as fresh:
        assert grown.read_now(shape.of_sqlite) == fresh.read_now(shape.of_sqlite)


def test_a_step_that_breaks_leaves_the_old_version_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = frozen_file(tmp_path / "kota", 1)
    monkeypatch.setattr(
        "sync.central.store.migrations.STEPS", ("", "CREATE TABLE half (a TEXT); CREATE TABLE half (a TEXT)")
    )
    with pytest.raises(Exception, match="half already exists"):
        home.store()
    monkeypatch.undo()
    play(home)
    connection = sqlite.connect(home.database_file, read_only=True)
    assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'half'").fetchall()
    connection.close()


@pytest.mark.slow
def test_on_postgresql_the_steps_lead_to_the_same_tables(postgresql_server: PostgresServer) -> None:
    declared, stepped = postgresql_server.new(), postgresql_server.new()
    engine = create_engine(declared.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        metadata.create_all(connection)
        expected = shape.of_postgresql(connection)
    engine.dispose()
    database.create(database.server(stepped, None), UNITS, "epoch")
    with Store(database.server(stepped, None)) as store:
        assert store.read_now(shape.of_postgresql) == expected


@pytest.mark.slow
def test_a_postgresql_database_of_version_1_opens_and_goes_on(
    postgresql_server: PostgresServer, tmp_path: Path
) -> None:
    home = frozen_dump(postgresql_server, tmp_path / "kota", 1)
    play(home)
    fresh = database.server(postgresql_server.new(), None)
    database.create(fresh, UNITS, "epoch")
    with home.store() as grown, Store(fresh) as made:
        assert grown.read_now(shape.of_postgresql) == made.read_now(shape.of_postgresql)


@pytest.mark.slow
def test_a_postgresql_database_of_a_newer_version_is_left_alone(postgresql_server: PostgresServer) -> None:
    address = postgresql_server.new()
    database.create(database.server(address, None), UNITS, "epoch")
    postgresql_server.execute(name_of(address), "UPDATE meta SET value = '999' WHERE name = 'version'")
    with pytest.raises(NewerDatabaseError):
        Store(database.server(address, None))
