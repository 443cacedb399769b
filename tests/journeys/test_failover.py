"""Three nodes on one PostgreSQL: desks go on at another node when theirs dies, and nothing is lost or doubled."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from sync.case.entry import Note
from sync.case.unit import Officer
from sync.desk import enrolment
from sync.desk.desk import Desk
from sync.desk.enrolment import Invitation
from sync.desk.home import Home
from sync.desk.projection import Link
from sync.world import Machine
from tests import postgresql
from tests.journeys.kota import RESET, Kota, free_port
from tests.sync.desk.test_with_kota import report_anew, until

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(list(HOSTS)), pytest.mark.filterwarnings(RESET)]

OFFICER = Officer("o-1", "Meena")
NOTES = 20


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Kota]]:
    """As on three machines: each is a copy of the first one's folder and listens on its own address."""
    port = free_port()
    with ExitStack() as stack:
        server = stack.enter_context(postgresql.running())
        made = [stack.enter_context(Kota(tmp_path / f"node-{host}", port=port, host=host)) for host in HOSTS]
        made[0].init(server.new(), HOSTS)
        for node in made[1:]:
            shutil.copytree(made[0].home, node.home)
        for node in made:
            node.start()
        yield made


def open_desk(stack: ExitStack, node: Kota, unit: str, folder: Path) -> Desk:
    invitation = Invitation(**json.loads(node.invite(unit).read_bytes()))
    assert len(invitation.server.split()) == len(HOSTS)
    enrolment.enrol(Home(folder), invitation, Machine(), "PC")
    desk = Desk.open(Home(folder), Machine())
    stack.callback(desk.close)
    desk.start(lambda _: None)
    return desk


def notes(desk: Desk, alert: str) -> list[str]:
    case = desk.case(alert)
    return [line.data.text for line in case.timeline if isinstance(line.data, Note)] if case else []


def alarms(desk: Desk, count: int) -> bool:
    return len(desk.alarming()) == count


def in_step(desk: Desk) -> bool:
    status = desk.status()
    return status.in_step and status.link is Link.CONNECTED


def test_desks_go_on_at_another_node_when_theirs_is_killed_under_load(
    nodes: list[Kota], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        desk = open_desk(stack, nodes[0], "JJN", tmp_path / "jjn")
        hub = open_desk(stack, nodes[0], "HUB-KOTA", tmp_path / "hub")
        report_anew(nodes[0])
        alert = until(desk.alarming)[0].alert_id
        said = [f"note {number}" for number in range(3 * NOTES)]
        for place, victim in ((0, nodes[0]), (1, nodes[1])):
            for text in said[place * NOTES : (place + 1) * NOTES]:
                desk.record(OFFICER, alert, Note(text))
            victim.kill()
            # Whoever reports goes to a node that lives, and the desk, too.
            report_anew(nodes[2])
            until(partial(alarms, desk, place + 2))
        nodes[0].start()
        nodes[2].kill()
        for text in said[2 * NOTES :]:
            desk.record(OFFICER, alert, Note(text))
        until(lambda: desk.status().waiting == 0)
        until(lambda: notes(hub, alert) == said)
        for one in (desk, hub):
            until(partial(in_step, one))
            one.audit()
    assert nodes[1].run("audit")["entries"] == len(said)
    assert len(nodes[1].run("alerts")["alerts"]) == 3
