"""Three Kotas on one PostgreSQL, under load, one of them killed: nothing is lost or doubled, and all agree."""

import asyncio
import json
import shutil
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import httpx
import msgspec
import pytest

from sync.case.entry import Note, decode
from sync.central.home import Home
from sync.wire.chain import extend_all, genesis, log_of
from sync.wire.messages import Enrolled, EntryPublished, EventKind, Outcome, Pushed
from tests import postgresql
from tests.journeys.kota import Kota, free_port
from tests.sync.central.stage import JHUNJHUNU, OwnWorld, Stage, StageDesk, report_at

pytestmark = pytest.mark.slow

NODES = 3
PUSHES = 40
REPORTS = 30


class AnyNode(httpx.AsyncBaseTransport):
    """What stands in front of the nodes: takes them in turn, and the next one when one does not answer."""

    def __init__(self, nodes: list[Kota]) -> None:
        trust = ssl.create_default_context(cafile=str(nodes[0].home / "ca.pem"))
        self._inner = httpx.AsyncHTTPTransport(verify=trust)
        self._turn = cycle(nodes)
        self.answered = 0
        self.passed_over = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(20 * NODES):
            request.url = request.url.copy_with(host="127.0.0.1", port=next(self._turn).port)
            try:
                response = await self._inner.handle_async_request(request)
            except httpx.TransportError:
                # It may have done the work and died before it could say so: then the next one is asked again.
                self.passed_over += 1
                continue
            if response.status_code != 503:
                self.answered += 1
                return response
            await response.aread()
        raise AssertionError("no node answers")

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Kota]]:
    """Running nodes: the first was set up, the others are copies of its folder that listen elsewhere."""
    with ExitStack() as stack:
        server = stack.enter_context(postgresql.running())
        first = stack.enter_context(Kota(tmp_path / "node-0"))
        first.init(server.new())
        made = [first]
        for number in range(1, NODES):
            node = stack.enter_context(Kota(tmp_path / f"node-{number}", port=free_port()))
            shutil.copytree(first.home, node.home)
            settings = node.home / "kota.toml"
            settings.write_text(settings.read_text().replace(f"port = {first.port}", f"port = {node.port}"))
            made.append(node)
        for node in made:
            node.start()
        yield made


async def enrol(kota: Stage, node: Kota, unit: str) -> StageDesk:
    desk = StageDesk(kota, unit)
    answer = await desk.enrol(node.run("enrol-code", "--unit", unit)["code"])
    assert answer.status_code == 200, answer.text
    desk.enrolled = msgspec.json.decode(answer.content, type=Enrolled)
    desk.head = genesis(log_of(desk.device, 1))
    await desk.sign_on()
    return desk


async def write(desk: StageDesk, alert: str, said: list[str]) -> None:
    """Push notes, one to three at a time and each page to two nodes at once; keep what was said to be at Kota."""
    for turn in range(PUSHES):
        texts = [f"{desk.device} {turn} {part}" for part in range(1 + turn % 3)]
        bodies = [desk.entry(alert, Note(text)) for text in texts]
        page = desk.page(bodies)
        answers = await asyncio.gather(desk.post(page), desk.post(page))
        for answer in answers:
            assert answer.status_code == 200, answer.text
            pushed = msgspec.json.decode(answer.content, type=Pushed)
            assert [(one.outcome, one.why) for one in pushed.settled] == [(Outcome.APPLIED, None)] * len(
                texts
            )
        desk.head = extend_all(desk.head, bodies)[-1]
        said += texts


async def send(kota: Stage) -> list[str]:
    """Reports, each sent twice at once, as platforms do that do not wait; the numbers of their alerts."""
    numbers = []
    for number in range(REPORTS):
        body = report_at(*JHUNJHUNU, reference=f"LOAD-{number}")
        first, second = await asyncio.gather(kota.alert(body), kota.alert(body))
        assert first == second
        numbers.append(first)
    return numbers


async def drain(desk: StageDesk) -> list[tuple[str, str]]:
    """Kind and note of every event of the desk's feed, from the first on, chained and signed."""
    told: list[tuple[str, str]] = []
    while events := await desk.pull():
        for event in events:
            text = ""
            if event.kind == EventKind.ENTRY:
                published = msgspec.json.decode(event.data, type=EntryPublished)
                data = decode(bytes(published.entry)).data
                text = data.text if isinstance(data, Note) else ""
            told.append((event.kind, text))
    return told


async def play(nodes: list[Kota]) -> None:
    front = AnyNode(nodes)
    async with httpx.AsyncClient(transport=front, base_url="https://kota.test", timeout=30) as client:
        kota = Stage(Home(nodes[0].home), OwnWorld(), None, client)  # type: ignore[arg-type]  # nothing inside is touched
        desks = [await enrol(kota, nodes[0], unit) for unit in ("JJN", "JJN", "HUB-KOTA", "HUB-KOTA")]
        await kota.alert(report_at(*JHUNJHUNU))
        (event, *_) = await StageDesk.pull(desks[0])
        alert = event.alert
        assert alert is not None

        said: list[str] = []
        before = front.answered
        working = [asyncio.create_task(write(desk, alert, said)) for desk in desks]
        sending = asyncio.create_task(send(kota))
        while front.answered < before + PUSHES:
            await asyncio.wait([sending], timeout=0.01)
        nodes[1].kill()
        numbers = await sending
        await asyncio.gather(*working)
        assert front.passed_over > 0

        assert len(set(numbers)) == REPORTS
        for desk in (desks[1], desks[3]):
            told = await drain(desk)
            notes = [text for kind, text in told if kind == EventKind.ENTRY]
            assert sorted(notes) == sorted(said)
            # What one desk wrote stands in the order in which it was written.
            assert [text for text in notes if text.startswith(desks[0].device)] == [
                text for text in said if text.startswith(desks[0].device)
            ]
            assert sum(kind == EventKind.ALERT for kind, _ in told) == REPORTS + 1


def test_three_nodes_on_one_database_survive_the_kill_of_one(nodes: list[Kota]) -> None:
    asyncio.run(play(nodes))

    entries = 4 * sum(1 + turn % 3 for turn in range(PUSHES))
    found = nodes[2].run("audit")
    assert (found["logs"], found["entries"]) == (4, entries)
    alerts = nodes[0].run("alerts")["alerts"]
    assert sorted(one["number"][-6:] for one in alerts) == [f"{n:06d}" for n in range(1, REPORTS + 2)]
    # The fold of the case lost no note to two nodes that changed it at the same time.
    assert max(one["notes"] for one in alerts) == entries
    assert nodes[0].run("status")["waiting"] == 0
    nodes[1].start()
    assert nodes[1].run("audit") == found
    assert json.loads(nodes[1].client.get("/v1/hello").content)["epoch"] == nodes[0].run("status")["epoch"]
