"""Kill -9 of a desk and of Kota at every commit, call and answer there is: nothing is lost, nothing doubled.

The points are not listed here: a first run passes them all and writes down their names, so none can be forgotten.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.case.entry import Note
from sync.desk import enrolment
from sync.desk.desk import Desk
from sync.desk.enrolment import Invitation
from sync.desk.errors import DeskError
from sync.desk.home import Home
from sync.world import Machine
from tests import postgresql
from tests.journeys import reports
from tests.journeys.dying import LIST
from tests.journeys.kota import RESET, Kota
from tests.journeys.scribe import WRITER

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(RESET)]


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


def enrol(kota: Kota, unit: str, folder: Path) -> Desk:
    invitation = Invitation(**json.loads(kota.invite(unit).read_bytes()))
    enrolment.enrol(Home(folder), invitation, Machine(), "PC")
    return Desk.open(Home(folder), Machine())


def report(number: int) -> bytes:
    body = reports.samples()[0]
    body["source"]["reference"] = f"CRASH-{number}"
    return reports.encoded(body)


# Calls that change nothing at either end: to die in one is to die between two others.
HARMLESS = ("/v1/hello", "/v1/token", "changes")


def points(file: Path) -> list[str]:
    """The points that were passed, each once."""
    passed = dict.fromkeys(file.read_text().splitlines())
    return [point for point in passed if not point.endswith(HARMLESS)]


def said_on(desk: Desk, number: str) -> list[str]:
    """The notes on an alert, in the order of the case."""
    alert = desk.find(number)
    case = desk.case(alert) if alert else None
    return [line.data.text for line in case.timeline if isinstance(line.data, Note)] if case else []


class Room:
    """A desk and the hub, a platform that sends until it is answered, and a Kota that may die at any moment."""

    def __init__(self, kota: Kota, desk: Desk, hub: Desk) -> None:
        self.kota = kota
        self.desk = desk
        self.hub = hub
        self.unanswered: list[bytes] = []
        self.saved: list[str] = []
        self.turns = 0
        self.number = ""

    def turn(self) -> None:
        """Everything there is to do, as far as Kota lives."""
        self.turns += 1
        self.unanswered.append(report(self.turns))
        self.unanswered = [raw for raw in self.unanswered if not self._answered(raw)]
        alert = self.desk.find(self.number)
        if alert is not None:
            self.desk.record(WRITER, alert, Note(f"note {self.turns}"))
            self.saved.append(f"note {self.turns}")
        for one in (self.desk, self.hub):
            try:
                one.sync()
            except DeskError:
                continue

    def _answered(self, raw: bytes) -> bool:
        try:
            answer = self.kota.report(raw)
        except httpx.TransportError:
            return False
        if answer.status_code == 200:
            self.number = self.number or answer.json()["alert"]
        return answer.status_code == 200


def test_kota_dies_at_every_point(kota: Kota, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with ExitStack() as stack:
        desk, hub = enrol(kota, "JJN", tmp_path / "jjn"), enrol(kota, "HUB-KOTA", tmp_path / "hub")
        stack.callback(desk.close)
        stack.callback(hub.close)
        room = Room(kota, desk, hub)
        room.turn()
        kota.stop()
        kota.start("-m", "tests.journeys.dying", f"{LIST}{tmp_path / 'points'}", "sync.central.cli")
        room.turn()
        kota.stop()
        passed = points(tmp_path / "points")
        assert {"before answer to POST /v1/entries", "after answer to POST /v1/intake/meta"} <= set(passed)
        if request.node.callspec.id == "postgresql":
            # Answers do not depend on the database, and a transaction that is not committed is one with an error.
            passed = [point for point in passed if "after commit" in point]
        assert sum("after commit" in point for point in passed) >= 5
        for point in passed:
            kota.start("-m", "tests.journeys.dying", point, "sync.central.cli")
            room.turn()
            assert kota.died(), point
        kota.start()
        room.turn()
        room.turn()

        assert room.unanswered == []
        assert desk.status().waiting == 0
        assert said_on(desk, room.number) == said_on(hub, room.number) == room.saved
        alerts = [one["number"] for one in kota.run("alerts")["alerts"]]
        assert len(set(alerts)) == len(alerts) == room.turns == len(hub.queue_rows())
        status = kota.run("status")
        assert (status["waiting"], status["drafts"]) == (0, 0)
        desk.audit()
        hub.audit()
        kota.run("audit")


def take_turn(home: Path, number: str, note: str, *how: str) -> tuple[int, bool]:
    """A turn in a process of its own; its exit code, and whether it said that the note was saved."""
    program = ["tests.journeys.turn"] if not how else ["tests.journeys.dying", *how, "tests.journeys.turn"]
    finished = subprocess.run(
        [sys.executable, "-m", *program, "--home", str(home), "--alert", number, "--note", note],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    return finished.returncode, finished.stdout == "saved\n"


@pytest.mark.parametrize("kota", ["sqlite"], indirect=True)
def test_a_desk_dies_at_every_point(kota: Kota, tmp_path: Path) -> None:
    home = tmp_path / "jjn"
    desk, hub = enrol(kota, "JJN", home), enrol(kota, "HUB-KOTA", tmp_path / "hub")
    number: str = kota.report(report(0)).json()["alert"]
    desk.sync()
    desk.close()
    assert take_turn(home, number, "first", f"{LIST}{tmp_path / 'points'}") == (0, True)
    passed = points(tmp_path / "points")
    assert {"before call POST /v1/entries", "after call POST /v1/receipts"} <= set(passed)
    assert sum("commit" in point for point in passed) >= 6
    said: dict[str, bool] = {"first": True}
    for point in passed:
        # Something new comes down as well, at every turn.
        assert kota.report(report(len(said))).status_code == 200
        code, said[point] = take_turn(home, number, point, point)
        assert code < 0, point
    assert take_turn(home, number, "last") == (0, True)

    hub.sync()
    arrived = said_on(hub, number)
    must = [note for note, saved in said.items() if saved] + ["last"]
    assert [note for note in arrived if note in must] == must
    assert len(arrived) == len(set(arrived))
    # Only what died between the commit and the word may be there without having been said.
    assert len(arrived) - len(must) <= 1
    reopened: Any = Desk.open(Home(home), Machine())
    with ExitStack() as stack:
        stack.callback(hub.close)
        stack.callback(reopened.close)
        assert said_on(reopened, number) == arrived
        assert len(reopened.queue_rows()) == len(said)
        reopened.audit()
    kota.run("audit")
