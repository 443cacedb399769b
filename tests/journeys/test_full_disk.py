"""A disk that is really full, at either end: what was saved stays saved, the state is said, and it recovers by itself."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from sync.case.entry import Note
from sync.case.unit import Officer
from sync.desk import enrolment
from sync.desk.desk import Desk
from sync.desk.errors import DiskFullError
from sync.desk.home import Home
from sync.desk.projection import DeskStatus, Link, StoreProblem
from sync.world import Machine
from tests.journeys import reports
from tests.journeys.kota import Kota

WRITER = Officer("jjn-01", "मीना शर्मा")
SIZE = 16 * 1024 * 1024
TIMEOUT_S = 30


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own; only an administrator can make one."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting needs root on Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    made = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)]
    if subprocess.run(made, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room there is, and what became free since."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as out:
        for size in (64 * 1024, 4096):
            try:
                while True:
                    out.write(bytes(size))
            except OSError:
                continue
    return ballast


def until(condition: Callable[[], bool]) -> None:
    waiting = Event()
    for _ in range(TIMEOUT_S * 20):
        if condition():
            return
        waiting.wait(0.05)
    raise AssertionError("it never came about")


@pytest.mark.slow
def test_a_desk_on_a_full_disk_says_so_keeps_what_it_has_and_goes_on_when_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    home = Home(small_disk / "home", lambda: "passphrase")
    with Kota(tmp_path / "kota") as kota:
        kota.init()
        kota.start()
        enrolment.enrol(home, enrolment.read_invitation(kota.invite("JJN")), Machine(), "PC")
        first = kota.report(reports.encoded(reports.samples()[0])).json()["alert"]
        desk = Desk.open(home, Machine())
        desk.sync()
        alert = desk.find(first)
        assert alert is not None
        try:
            ballast = fill(small_disk)
            saved = []
            with suppress(DiskFullError):
                for n in range(100_000):
                    desk.record(WRITER, alert, Note(f"note {n} " + "x" * 2_000))
                    saved.append(n)
            assert len(saved) < 100_000
            assert len(desk.outbox()) == len(saved)

            fill(small_disk)
            desk.start(lambda changed: None)
            with_hub = Home(tmp_path / "hub", lambda: "passphrase")
            enrolment.enrol(with_hub, enrolment.read_invitation(kota.invite("HUB-KOTA")), Machine(), "hub")
            hub = Desk.open(with_hub, Machine())
            try:
                hub.sync()
                for n in range(1_500):
                    hub.record(WRITER, alert, Note(f"hub {n} " + "x" * 3_900))
                hub.sync()
            finally:
                hub.close()

            def said(status: DeskStatus) -> bool:
                return (status.link, status.storing) == (Link.CONNECTED, StoreProblem.FULL)

            until(lambda: said(desk.status()))
            assert not desk.status().in_step

            ballast.unlink()
            until(lambda: desk.status().in_step and not desk.status().waiting)
            assert desk.status().storing is None
            case = desk.case(alert)
            assert case is not None
            assert sum(isinstance(line.data, Note) for line in case.timeline) == len(saved) + 1_500
            desk.audit()
        finally:
            desk.close()
        assert kota.run("audit")["entries"] == len(saved) + 1_500


@pytest.mark.slow
def test_kota_on_a_full_disk_asks_to_wait_and_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    with Kota(small_disk / "kota") as kota:
        kota.init()
        kota.start()
        home = Home(tmp_path / "home", lambda: "passphrase")
        enrolment.enrol(home, enrolment.read_invitation(kota.invite("JJN")), Machine(), "PC")
        sample = reports.encoded(reports.samples()[0])
        first = kota.report(sample)
        desk = Desk.open(home, Machine())
        try:
            desk.sync()
            alert = desk.find(first.json()["alert"])
            assert alert is not None
            ballast = fill(small_disk)
            for n in range(400):
                desk.record(WRITER, alert, Note(f"note {n} " + "x" * 2_000))
            desk.start(lambda changed: None)
            until(lambda: desk.status().problem is not None)
            answers = [kota.report(reports.encoded(report)) for report in reports.samples()[1:]]
            assert {answer.status_code for answer in answers} <= {200, 503}
            assert desk.status().waiting

            ballast.unlink()
            until(lambda: not desk.status().waiting)
            later = [kota.report(reports.encoded(report)) for report in reports.samples()[1:]]
            assert {answer.status_code for answer in later} == {200}
            until(lambda: desk.status().in_step)
        finally:
            desk.close()
        found = kota.run("audit")
        assert found["entries"] == 400
