"""After a restore of Kota from a backup: what Kota lost comes back from its desks, and no screen shows less meanwhile."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.case.entry import Acknowledgement, Note
from sync.desk import enrolment
from sync.desk.desk import Desk
from sync.desk.home import Home
from sync.desk.projection import Delivery
from sync.desk.store import history
from tests.journeys.kota import Kota
from tests.sync.desk.model_kota import MEENA
from tests.sync.desk.test_with_kota import PASSWORD, WORLD, invitation, report_anew

pytestmark = pytest.mark.slow


@pytest.fixture
def kota(tmp_path: Path) -> Iterator[Kota]:
    with Kota(tmp_path / "kota") as kota:
        kota.init()
        kota.add_officer("JJN", MEENA.id, MEENA.name, PASSWORD)
        kota.start()
        yield kota


@pytest.fixture
def enrol(kota: Kota, tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    desks: list[Desk] = []

    def enrol(unit: str) -> Desk:
        home = Home(tmp_path / f"desk-{len(desks)}")
        enrolment.enrol(home, invitation(kota, unit), WORLD, "PC")
        desks.append(Desk.open(home, WORLD))
        return desks[-1]

    yield enrol
    for desk in desks:
        desk.close()


DATABASE = "central.sqlite3*"


def back_up(kota: Kota, backup: Path) -> None:
    kota.stop()
    backup.mkdir()
    for file in kota.home.glob(DATABASE):
        shutil.copy(file, backup)
    kota.start()


def restore(kota: Kota, backup: Path, *, with_new_epoch: bool) -> None:
    kota.kill()
    for file in kota.home.glob(DATABASE):
        file.unlink()
    for file in backup.iterdir():
        shutil.copy(file, kota.home)
    if with_new_epoch:
        kota.run("new-epoch")
    kota.start()


def seen(desk: Desk) -> dict[str, list[tuple[str, Delivery]]]:
    """Every alert with the notes on it, as the officer sees them."""
    found = {}
    for row in desk.queue(desk.queue_rows()):
        case = desk.case(row.alert_id)
        assert case is not None
        assert case.report.source.reference
        found[row.alert_id] = [
            (line.data.text, line.delivery) for line in case.timeline if isinstance(line.data, Note)
        ]
    return found


@pytest.mark.parametrize("with_new_epoch", [True, False])
@pytest.mark.parametrize("news_meanwhile", [True, False])
def test_a_restored_kota_gets_everything_back_and_nothing_is_doubled(
    kota: Kota, enrol: Callable[[str], Desk], tmp_path: Path, with_new_epoch: bool, news_meanwhile: bool
) -> None:
    desk, hub = enrol("JJN"), enrol("HUB-KOTA")
    report_anew(kota)
    desk.sync()
    first = desk.alarming()[0].alert_id
    desk.record(MEENA, first, Note("im Backup"))
    desk.sync()
    hub.sync()
    back_up(kota, tmp_path / "backup")
    report_anew(kota)
    desk.sync()
    second = next(row.alert_id for row in desk.alarming() if row.alert_id != first)
    desk.record(MEENA, first, Note("nach dem Backup"))
    desk.record(MEENA, second, Acknowledgement())
    desk.record(MEENA, second, Note("auf dem Neuen"))
    desk.sync()
    hub.sync()
    desk.record(MEENA, second, Note("noch nicht gesendet"))
    before = seen(desk)

    restore(kota, tmp_path / "backup", with_new_epoch=with_new_epoch)
    if news_meanwhile:
        report_anew(kota)
    for one in (desk, hub, desk):
        one.sync()
        assert set(seen(one)) >= set(before)

    after = seen(desk)
    assert {number: [text for text, _ in notes] for number, notes in after.items() if number in before} == {
        number: [text for text, _ in notes] for number, notes in before.items()
    }
    assert len(after) == len(before) + news_meanwhile
    assert all(delivery is Delivery.AT_KOTA for notes in after.values() for _, delivery in notes)
    assert {number: len(notes) for number, notes in seen(hub).items()} == {
        number: len(notes) for number, notes in after.items()
    }
    for one in (desk, hub):
        assert one.status().in_step
        assert len({row.number for row in one.queue(one.queue_rows())}) == len(after)
        assert one.status().waiting == 0
        one.audit()
        unit = one.unit.code
        assert one._database.read(lambda c, unit=unit: history.to_offer(c, unit)) is None  # type: ignore[misc]
    row = next(row for row in desk.queue(desk.queue_rows()) if row.alert_id == second)
    assert row.state.acknowledged_by == MEENA
    assert row.state.notes == 2
    kota.run("audit")
    held = kota.run("alerts")["alerts"]
    assert len({row["number"] for row in held}) == len(held)
    assert sorted(row["notes"] for row in held) == sorted(len(notes) for notes in after.values())


def test_a_desk_that_never_returns_is_replaced_by_what_the_others_saw(
    kota: Kota, enrol: Callable[[str], Desk], tmp_path: Path
) -> None:
    desk, hub = enrol("JJN"), enrol("HUB-KOTA")
    back_up(kota, tmp_path / "backup")
    report_anew(kota)
    desk.sync()
    desk.record(MEENA, desk.alarming()[0].alert_id, Note("von dem, der nicht wiederkommt"))
    desk.sync()
    hub.sync()
    restore(kota, tmp_path / "backup", with_new_epoch=True)

    hub.sync()

    (held,) = kota.run("alerts")["alerts"]
    assert (held["unit"], held["notes"]) == ("JJN", 1)
    other = enrol("JJN")
    other.sync()
    assert [len(notes) for notes in seen(other).values()] == [1]


def test_on_kotas_order_a_desk_takes_its_feed_anew_and_shows_everything_meanwhile(
    kota: Kota, enrol: Callable[[str], Desk]
) -> None:
    desk = enrol("JJN")
    report_anew(kota)
    desk.sync()
    desk.record(MEENA, desk.alarming()[0].alert_id, Note("bleibt"))
    desk.sync()
    before = seen(desk)
    kota.run("device", "resnapshot", "--device", desk.device)

    desk.sync()

    assert seen(desk) == before
    assert desk.status().in_step
    assert [officer.id for officer in desk.officers()] == [MEENA.id]
    desk.audit()
    left = desk._database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM feed_lost").scalar_one())
    assert left == 0
