"""A real desk and a real Kota over a line that has every trouble there is: nothing false is said, nothing is lost or
doubled, and when the trouble ends everything arrives by itself.
"""

import gc
import random
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.case.entry import Note
from sync.central.authority import certify_server, make_authority
from sync.desk import delivery, enrolment, link
from sync.desk.desk import Desk
from sync.desk.home import Home
from sync.desk.projection import Delivery, Link
from tests.journeys.cable import Cable, Trouble
from tests.journeys.kota import Kota
from tests.sync.desk.model_kota import MEENA
from tests.sync.desk.test_with_kota import WORLD, invitation, report_anew, until

pytestmark = [
    pytest.mark.slow,
    # Python leaves it to the collector to close a socket whose other end was gone before the handshake began.
    pytest.mark.filterwarnings(
        r"ignore:unclosed <ssl.SSLSocket fd=\d+, .*, laddr=\S+ \d+\)>$:ResourceWarning"
    ),
]

# With these a line is slow, and with the others there is no line.
PASSABLE = {Trouble.LATE, Trouble.THIN}
BAD = [trouble for trouble in Trouble if trouble is not Trouble.NONE]
NOTES = 3


@pytest.fixture(scope="module")
def kota(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kota]:
    with Kota(tmp_path_factory.mktemp("kota") / "home") as kota:
        kota.init()
        kota.start()
        yield kota
        kota.run("audit")


@pytest.fixture
def cable(kota: Kota, tmp_path: Path) -> Iterator[Cable]:
    """To Kota, or to a portal that has a certificate for the same address, from an authority nobody here trusts."""
    other = certify_server(make_authority(WORLD), ("127.0.0.1",), WORLD)
    file = tmp_path / "portal.pem"
    file.write_bytes(other.certificate_pem() + other.key_pem())
    portal = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    portal.load_cert_chain(file)
    with Cable(kota.port, portal) as cable:
        yield cable


@pytest.fixture
def desk(kota: Kota, cable: Cable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """At work, with less patience than in a control room: a dead line is to be noticed within the test's time."""
    monkeypatch.setattr(link, "READ_MARGIN_S", 1)
    monkeypatch.setattr(delivery, "WAIT_MAX_S", 1)
    home = Home(tmp_path / "desk")
    enrolment.enrol(home, invitation(kota, server=cable.url), WORLD, "PC")
    desk = Desk.open(home, WORLD)
    report_anew(kota)
    desk.start(lambda _: None)
    until(lambda: desk.status().in_step and desk.queue_rows())
    yield desk
    desk.close()
    gc.collect()


def work(desk: Desk, kota: Kota, text: str) -> None:
    """An officer writes, and the platform reports."""
    alert = desk.queue(desk.queue_rows())[0].alert_id
    for number in range(NOTES):
        desk.record(MEENA, alert, Note(f"{text} {number}"))
    report_anew(kota)


def arrived(desk: Desk, texts: list[str], alerts: int) -> None:
    """Everything did, once and in order."""
    until(lambda: desk.status().waiting == 0 and desk.status().in_step, within_s=30)
    until(lambda: len(desk.queue_rows()) == alerts)
    case = desk.case(desk.queue(desk.queue_rows())[0].alert_id)
    assert case is not None
    notes = [line for line in case.timeline if isinstance(line.data, Note) and line.officer == MEENA]
    mine = [line.data.text for line in notes if isinstance(line.data, Note) and line.data.text in texts]
    assert mine == texts
    assert {line.delivery for line in notes} == {Delivery.AT_KOTA}
    assert desk.audit().log.number == len(texts)


@pytest.mark.parametrize("trouble", BAD, ids=lambda trouble: trouble.name)
def test_a_line_in_trouble(desk: Desk, cable: Cable, kota: Kota, trouble: Trouble) -> None:
    alerts = len(desk.queue_rows())
    cable.suffer(trouble)
    work(desk, kota, trouble.name)
    texts = [f"{trouble.name} {number}" for number in range(NOTES)]

    if trouble in PASSABLE:
        arrived(desk, texts, alerts + 1)
    else:
        until(lambda: desk.status().link is Link.NOT_CONNECTED)
        said = desk.status()
        assert (said.in_step, said.waiting) == (False, NOTES)
        assert len(desk.queue_rows()) == alerts
    cable.mend()
    arrived(desk, texts, alerts + 1)


def test_a_line_that_has_them_all(desk: Desk, cable: Cable, kota: Kota) -> None:
    """In an order that the seed decides; while it lasts nobody waits for anything."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201  # shown if it fails
    chance = random.Random(seed)
    alerts = len(desk.queue_rows())
    texts: list[str] = []
    for turn in range(12):
        trouble = chance.choice(list(Trouble))
        cable.suffer(trouble)
        work(desk, kota, f"{turn} {trouble.name}")
        texts += [f"{turn} {trouble.name} {number}" for number in range(NOTES)]
        said = desk.status()
        assert not (said.in_step and said.waiting == 0), "what was just written cannot be at Kota yet"
        if chance.random() < 0.3:
            cable.cut()
    cable.mend()
    arrived(desk, texts, alerts + 12)
