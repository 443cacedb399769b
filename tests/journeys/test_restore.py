"""Kota loses its disk and an old backup takes its place: the desks give back what it lacks, also one enrolled since."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sync.case.entry import Note
from sync.case.unit import Officer
from sync.desk import enrolment, errors
from sync.desk.desk import Desk
from sync.desk.enrolment import Invitation
from sync.desk.home import Home
from sync.desk.projection import Delivery, LinkProblem
from sync.world import Machine
from tests import postgresql
from tests.journeys import reports
from tests.journeys.kota import Kota

pytestmark = pytest.mark.slow

OFFICER = Officer("o-1", "Meena")


@pytest.fixture(params=["sqlite", "postgresql"])
def kota(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kota]:
    with ExitStack() as stack:
        address = "sqlite"
        if request.param == "postgresql":
            address = stack.enter_context(postgresql.running()).new()
        kota = stack.enter_context(Kota(tmp_path / "kota"))
        kota.init(address)
        kota.start()
        yield kota


def open_desk(stack: ExitStack, kota: Kota, unit: str, folder: Path) -> Desk:
    invitation = Invitation(**json.loads(kota.invite(unit).read_bytes()))
    enrolment.enrol(Home(folder), invitation, Machine(), "PC")
    return reopen(stack, folder)


def reopen(stack: ExitStack, folder: Path) -> Desk:
    desk = Desk.open(Home(folder), Machine())
    stack.callback(desk.close)
    return desk


def report(kota: Kota, reference: str) -> str:
    body = reports.samples()[0]
    body["source"]["reference"] = reference
    number: str = kota.report(reports.encoded(body)).json()["alert"]
    return number


def write(desk: Desk, number: str, text: str) -> None:
    desk.sync()
    alert = desk.find(number)
    assert alert is not None
    desk.record(OFFICER, alert, Note(text))
    desk.sync()


def told(desk: Desk, number: str) -> list[tuple[str, Delivery]]:
    case = desk.case(desk.find(number) or "")
    assert case is not None
    return [(line.data.text, line.delivery) for line in case.timeline if isinstance(line.data, Note)]


def test_an_old_backup_in_the_place_of_a_lost_disk_costs_nothing(kota: Kota, tmp_path: Path) -> None:
    with ExitStack() as stack:
        old, hub = (open_desk(stack, kota, unit, tmp_path / unit) for unit in ("JJN", "HUB-KOTA"))
        before = report(kota, "BEFORE")
        write(old, before, "in the backup")
        backup = kota.run("backup")["file"]
        late = open_desk(stack, kota, "JJN", tmp_path / "late")
        after = report(kota, "AFTER")
        write(late, after, "by the PC that the backup does not know")
        write(old, before, "after the backup")
        hub.sync()

        kota.kill()
        restored = kota.run("restore", backup)
        assert restored["kept"]
        kota.start()
        meanwhile = report(kota, "MEANWHILE")
        for one in (late, old, hub, late, old, hub):
            one.sync()

        assert len({before, after, meanwhile}) == 3
        for one in (late, old, hub):
            assert told(one, after) == [("by the PC that the backup does not know", Delivery.AT_KOTA)]
            assert told(one, before) == [
                ("in the backup", Delivery.AT_KOTA),
                ("after the backup", Delivery.AT_KOTA),
            ]
            assert len(one.queue_rows()) == 3
            assert one.status().in_step
            one.audit()
        assert sorted(one["number"] for one in kota.run("alerts")["alerts"]) == sorted(
            [before, after, meanwhile]
        )
        assert kota.run("audit")["entries"] == 3
        assert len(kota.run("device", "list")["devices"]) == 3


@pytest.mark.parametrize("kota", ["sqlite"], indirect=True)
def test_a_desk_without_kotas_word_says_that_kota_does_not_know_it_and_can_be_enrolled_again(
    kota: Kota, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        backup = kota.run("backup")["file"]
        late = open_desk(stack, kota, "JJN", tmp_path / "late")
        number = report(kota, "AFTER")
        late.sync()
        # As one that was enrolled and last heard by a version that kept no such word.
        late._database.write(lambda c: c.exec_driver_sql("UPDATE device SET membership = NULL"))
        late.close()
        late = reopen(stack, tmp_path / "late")
        alert = late.find(number)
        assert alert is not None
        late.record(OFFICER, alert, Note("written meanwhile"))
        kota.stop()
        kota.run("restore", backup)
        kota.start()

        with pytest.raises(errors.DeviceForgottenError):
            late.sync()

        assert late.status().problem is LinkProblem.FORGOTTEN
        assert told(late, number) == [("written meanwhile", Delivery.SAVED_HERE)]
        late.audit()
        # With a code it becomes the same device again, and its log goes on.
        device = late.device
        invitation = Invitation(**json.loads(kota.invite("JJN").read_bytes()))
        enrolment.enrol(Home(tmp_path / "late"), invitation, Machine(), "PC")
        late.sync()
        assert told(late, number) == [("written meanwhile", Delivery.AT_KOTA)]
        assert [one["id"] for one in kota.run("device", "list")["devices"]] == [device]
        assert kota.run("audit")["entries"] == 1
        with pytest.raises(errors.AlreadyEnrolledError):
            enrolment.enrol(Home(tmp_path / "late"), invitation, Machine(), "PC")
