"""Every released desk database still opens: nothing an officer wrote is lost, and what waited goes out."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from sync.case.entry import Note, decode
from sync.desk.projection import Delivery
from sync.desk.store import migrations, tables
from sync.wire.messages import Outcome, Settled
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import MEENA, ModelKota

FROZEN = Path(__file__).parents[2] / "migrations"


def already_at(kota: ModelKota, connection: Connection, delivered: int) -> None:
    """Give ``kota`` what it had when the database was frozen."""
    kota.feed = list(connection.execute(select(tables.feed_event.c.body)).scalars())
    kota.log = list(connection.execute(select(tables.log.c.body)).scalars())[:delivered]
    kota.outcomes = [
        Settled(number=number, id=decode(body).id, outcome=Outcome.APPLIED, received_ms=7)
        for number, body in enumerate(kota.log, 1)
    ]


@pytest.fixture(params=range(1, migrations.VERSION))
def old(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """The desk that a released version left, two of its four entries delivered."""
    (tmp_path / "site").mkdir()
    shutil.copy(FROZEN / f"desk-{request.param}.db", tmp_path / "site" / "desk.db")
    site = Site(tmp_path / "site")
    site.database.read(lambda c: already_at(site.kota, c, 2))
    yield site
    site.desk.close()


def notes(site: Site) -> list[tuple[str, Delivery]]:
    case = site.desk.case("a-1")
    assert case is not None
    return [(line.data.text, line.delivery) for line in case.timeline if isinstance(line.data, Note)]


def test_a_desk_of_every_version_opens_with_its_outbox_and_delivers_it(old: Site) -> None:
    assert [line.line.data for line in old.desk.outbox()] == [Note("waiting one"), Note("waiting two")]
    assert old.desk.draft(MEENA.id, "a-1") == "half a sentence"
    assert old.desk.officers() == [MEENA]
    audit = old.desk.audit()
    assert (audit.feed.number, audit.log.number) == (len(old.kota.feed), 4)

    old.push()
    old.pull()

    assert old.desk.outbox() == []
    texts = ["delivered", "waiting one", "waiting two"]
    assert sorted(notes(old)) == [(text, Delivery.AT_KOTA) for text in texts]
    assert [decode(body).data for body in old.kota.log][1:] == [Note(text) for text in texts]
    assert old.desk.audit().feed.number == audit.feed.number + 2


def test_it_then_consists_of_what_a_fresh_one_does(old: Site, site: Site) -> None:
    assert shape(old) == shape(site)


def shape(site: Site) -> set[tuple[str, str]]:
    """The statements SQLite keeps of each table and index."""
    query = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    return site.database.read(lambda c: {(row.name, row.sql) for row in c.exec_driver_sql(query)})


def test_every_version_has_its_frozen_database_or_is_not_released() -> None:
    """The last step may still be under way; those before it are out, and stand here."""
    held = {int(file.stem.removeprefix("desk-")) for file in FROZEN.glob("desk-*.db")}
    assert set(range(1, migrations.VERSION)) <= held
