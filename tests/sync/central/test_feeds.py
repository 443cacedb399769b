"""A desk reads its own unit's feed and no other, whole and signed, and is woken when it grows."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync.case.unit import Officer
from sync.central import enrolment, officers
from sync.central.home import Home
from sync.wire import page
from sync.wire.messages import LIMIT_EVENTS, Changes, OfficerPublished
from tests.sync.central.stage import JHUNJHUNU, report_at, stage

pytestmark = pytest.mark.usefixtures("both_databases")

# Far above what waking takes here, far below the wait that was asked for.
SOON_S = 5.0


def test_a_feed_comes_in_pages_that_are_chained_and_signed(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            for i in range(7):
                await kota.alert(report_at(*JHUNJHUNU, reference=f"REF-{i}"))
            desk = await kota.desk("JJN")

            header, bodies = page.split((await desk.ask(limit=3)).content, Changes)
            assert (header.after, header.upto, header.end, len(bodies)) == (0, 3, 7, 3)
            # Every page is checked against this desk's own chain in `pull`.
            assert [len(await desk.pull(limit=3)) for _ in range(4)] == [3, 3, 1, 0]

    asyncio.run(play())


def test_a_page_ends_before_it_gets_too_large_for_a_slow_link(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            large: dict[str, Any] = report_at(*JHUNJHUNU)
            large["content"] = [large["content"][0] | {"excerpt": "क" * 8000}] * 25
            for i in range(3):
                large["source"]["reference"] = f"LARGE-{i}"
                await kota.alert(large)
            desk = await kota.desk("JJN")
            assert [len(await desk.pull()) for _ in range(3)] == [1, 1, 1]

    asyncio.run(play())


def test_the_feed_of_another_unit_is_forbidden(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            for unit in ("SIK", "HUB-KOTA", "NO-SUCH-UNIT"):
                answer = await desk.ask(unit=unit)
                assert (answer.status_code, answer.json()["error"]) == (403, "not_your_feed")

    asyncio.run(play())


@pytest.mark.parametrize("changed", [{"head": "00" * 32}, {"after": 2}, {"after": 2**53 - 1}, {"after": 0}])
def test_a_desk_whose_feed_differs_is_told_so(tmp_path: Path, changed: dict[str, Any]) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            await kota.alert(report_at(*JHUNJHUNU))
            desk = await kota.desk("JJN")
            await desk.pull()
            answer = await desk.ask(**changed)
            problem = answer.json()
            assert (answer.status_code, problem["error"], problem["expected"]) == (409, "head_mismatch", 1)

    asyncio.run(play())


@pytest.mark.parametrize(
    "changed",
    [
        {"after": -1},
        {"after": "x"},
        {"after": 2**63},
        {"limit": 0},
        {"limit": LIMIT_EVENTS + 1},
        {"wait": 26},
        {"wait": -1},
    ],
)
def test_a_question_out_of_bounds_is_unreadable(tmp_path: Path, changed: dict[str, Any]) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            answer = await desk.ask(**changed)
            assert (answer.status_code, answer.json()["error"]) == (422, "unreadable")

    asyncio.run(play())


def test_a_waiting_desk_is_woken_by_its_own_alert_and_not_by_another(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            waiting = asyncio.create_task(desk.pull(wait=25))
            await asyncio.sleep(0)
            await kota.alert(report_at(None, None, reference="REF-HUB"))
            assert not waiting.done()
            await kota.alert(report_at(*JHUNJHUNU))
            async with asyncio.timeout(SOON_S):
                assert len(await waiting) == 1

    asyncio.run(play())


def test_a_waiting_desk_is_woken_by_what_another_process_published(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            waiting = asyncio.create_task(desk.pull(wait=25))
            with Home(kota.home.folder).store() as other:
                await other.write(
                    lambda c: officers.add(c, kota.world, "JJN", Officer("jjn-01", "मीना"), "$argon2id$…")
                )
            async with asyncio.timeout(SOON_S):
                (event,) = await waiting
            assert msgspec.json.decode(event.data, type=OfficerPublished).officer.id == "jjn-01"

    asyncio.run(play())


def test_a_wait_in_vain_ends_with_an_empty_page(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            loop = asyncio.get_running_loop()
            start = loop.time()
            assert await desk.pull(wait=1) == []
            assert loop.time() - start >= 1

    asyncio.run(play())


def test_everybody_who_waits_is_released_when_kota_stops(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            waiting = asyncio.create_task(desk.pull(wait=25))
            await asyncio.sleep(0)
            kota.kota.watch.release()
            async with asyncio.timeout(SOON_S):
                assert await waiting == []
                assert await desk.pull(wait=25) == []

    asyncio.run(play())


def test_a_device_struck_off_while_it_waits_gets_nothing_more(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            waiting = asyncio.create_task(desk.ask(wait=25))
            await asyncio.sleep(0)
            await kota.kota.store.write(lambda c: enrolment.revoke(c, desk.device, 1))
            await kota.alert(report_at(*JHUNJHUNU))
            async with asyncio.timeout(SOON_S):
                answer = await waiting
            assert (answer.status_code, answer.json()["error"]) == (403, "device_revoked")

    asyncio.run(play())


def test_desks_that_wait_together_each_get_what_is_theirs(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desks = [await kota.desk("JJN") for _ in range(4)]
            asking = [asyncio.create_task(desk.ask(wait=25)) for desk in desks]
            gone, struck_off, *_ = asking
            await asyncio.sleep(0.1)
            gone.cancel()
            await kota.kota.store.write(lambda c: enrolment.revoke(c, desks[1].device, 1))
            await kota.alert(report_at(*JHUNJHUNU))
            async with asyncio.timeout(SOON_S):
                refused, *pages = await asyncio.gather(struck_off, *asking[2:])
            assert refused.status_code == 403
            assert [answer.content.count(b"\n") for answer in pages] == [2, 2]
            for desk in desks[2:]:
                assert len(await desk.pull()) == 1

    asyncio.run(play())


def test_receipts_only_go_forward_and_only_for_what_was_published(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            epoch = desk.enrolled.epoch
            heads = [desk.feed]
            for i in range(2):
                await kota.alert(report_at(*JHUNJHUNU, reference=f"REF-{i}"))
                await desk.pull()
                heads.append(desk.feed)

            async def receipt(upto: int, head: str, unit: str = "JJN", of: str = epoch) -> tuple[int, object]:
                body = {"unit": unit, "epoch": of, "upto": upto, "head": head}
                answer = await kota.client.post("/v1/receipts", json=body, headers=desk.headers)
                said = answer.json()
                return answer.status_code, said.get("error", said.get("upto"))

            assert await receipt(0, heads[0].hash.hex()) == (200, 0)
            assert await receipt(2, heads[2].hash.hex()) == (200, 2)
            assert await receipt(1, heads[1].hash.hex()) == (200, 2)
            assert await receipt(0, heads[0].hash.hex()) == (200, 2)
            assert await receipt(2, heads[1].hash.hex()) == (409, "head_mismatch")
            assert await receipt(3, heads[2].hash.hex()) == (409, "head_mismatch")
            assert await receipt(2, heads[2].hash.hex(), of="0") == (409, "epoch_changed")
            assert await receipt(1, heads[1].hash.hex(), unit="SIK") == (403, "not_your_feed")
            assert await receipt(-1, heads[1].hash.hex()) == (422, "unreadable")

    asyncio.run(play())


def test_the_quick_way_answers_as_the_framework_does(tmp_path: Path) -> None:
    """The same question, once plain and once put in a way that only the framework reads."""

    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            for number in range(4):
                await kota.alert(report_at(*JHUNJHUNU, reference=f"REF-{number}"))
            head = desk.feed.hash.hex()
            for unit, question, headers, status in [
                ("JJN", f"after=0&head={head}", desk.headers, 200),
                ("JJN", "after=0&head=00", desk.headers, 409),
                ("JJN", "after=7&head=00", desk.headers, 409),
                ("SIK", f"after=0&head={head}", desk.headers, 403),
                ("JJN", f"after=0&head={head}", {}, 401),
                ("JJN", f"after=0&head={head}", desk.headers | {"Accept-Encoding": "gzip"}, 200),
            ]:
                address = f"/v1/feeds/{unit}/changes"
                quick = await kota.client.get(f"{address}?{question}", headers=headers)
                framed = await kota.client.get(f"{address}?{question}&unknown=1", headers=headers)
                assert quick.status_code == framed.status_code == status
                assert (quick.headers, quick.content) == (framed.headers, framed.content)

    asyncio.run(play())


@pytest.mark.parametrize(
    "question",
    [
        "",
        "after=0",
        "after=-1&head=00",
        "after=x&head=00",
        "after=0&head=00&limit=0",
        "after=0&head=00&wait=26",
    ],
)
def test_a_question_that_is_none_is_refused(tmp_path: Path, question: str) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            answer = await kota.client.get(f"/v1/feeds/JJN/changes?{question}", headers=desk.headers)
            assert (answer.status_code, answer.json()["error"]) == (422, "unreadable")

    asyncio.run(play())


def test_a_page_that_others_fetched_before_grows_with_the_feed(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            first, second = [await kota.desk("JJN") for _ in range(2)]
            await kota.alert(report_at(*JHUNJHUNU, reference="REF-1"))
            assert len(await first.pull()) == 1
            await kota.alert(report_at(*JHUNJHUNU, reference="REF-2"))
            assert len(await second.pull()) == 2
            assert len(await second.pull()) == 0
            assert len(await first.pull()) == 1
            struck_off = await kota.desk("JJN")
            await kota.kota.store.write(lambda c: enrolment.revoke(c, struck_off.device, 1))
            assert (await struck_off.ask()).status_code == 403

    asyncio.run(play())
