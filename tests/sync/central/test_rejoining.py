"""A Kota restored from a backup gets back what it lost: from the logs of its desks, and under its own old signature."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from sync.case.entry import Note, decode
from sync.central import rejoining
from sync.central.audit import audit
from sync.central.settings import SQLITE
from sync.central.store import alerts, intake
from sync.wire import page
from sync.wire.chain import Head, extend_all, feed_of, genesis, log_of
from sync.wire.messages import Changes, EntryPublished, Event, EventKind, Refusal
from sync.wire.rejoin import Offer, Offered, Point, Rejoin, Rejoined
from tests.sync.central.stage import JHUNJHUNU, OwnWorld, Stage, StageDesk, back_up, report_at, stage

pytestmark = pytest.mark.usefixtures("both_databases")


class Remembering:
    """The feed as a desk once got it: page by page, with Kota's signatures."""

    def __init__(self, desk: StageDesk) -> None:
        self.desk = desk
        self.pages: list[tuple[Changes, list[bytes]]] = []

    async def pull(self) -> None:
        answer = await self.desk.ask()
        header, bodies = page.split(answer.content, Changes)
        if bodies:
            self.pages.append((header, bodies))
            self.desk.feed = extend_all(self.desk.feed, bodies)[-1]

    def heads(self) -> list[Head]:
        bodies = [body for _, page_bodies in self.pages for body in page_bodies]
        return [genesis(feed_of(self.desk.unit)), *extend_all(genesis(feed_of(self.desk.unit)), bodies)]

    async def rejoin(self) -> Rejoined:
        points = tuple(Point(head.number, head.hash.hex()) for head in self.heads())
        body = msgspec.json.encode(Rejoin(unit=self.desk.unit, points=points))
        answer = await self.desk.stage.client.post("/v1/rejoin", content=body, headers=self.desk.headers)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=Rejoined)

    async def offer(self, number: int, **changed: Any) -> httpx.Response:
        header, bodies = self.pages[number]
        offer = Offer(
            unit=self.desk.unit,
            epoch=header.epoch,
            after=header.after,
            upto=header.upto,
            base=self.heads()[header.after].hash.hex(),
            head=header.head,
            signature=header.signature,
        )
        raw = page.join(msgspec.structs.replace(offer, **changed), bodies)
        return await self.desk.stage.client.post("/v1/rejoin/offer", content=raw, headers=self.desk.headers)

    async def give_back(self, number: int) -> Offered:
        answer = await self.offer(number)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=Offered)

    def at(self, kota: Stage) -> "Remembering":
        """The same desk in front of another Kota."""
        self.desk.stage = kota
        self.desk.feed = genesis(feed_of(self.desk.unit))
        return self


async def events(desk: StageDesk) -> list[Event]:
    desk.feed = genesis(feed_of(desk.unit))
    return await desk.pull()


async def lose(folder: Path, world: OwnWorld) -> tuple[Remembering, Remembering, bytes]:
    """A Kota whose backup lacks an alert, an entry and an update; the desks that saw them; the entry."""
    async with stage(folder / "kota", world) as kota:
        desk, hub = Remembering(await kota.desk("JJN")), Remembering(await kota.desk("HUB-KOTA"))
        await kota.alert(report_at(*JHUNJHUNU, "REF-1"))
        await desk.pull()
        await hub.pull()
    back_up(folder / "kota", folder / "backup")
    async with stage(folder / "kota", world) as kota:
        desk.desk.stage = hub.desk.stage = kota
        await kota.alert(report_at(*JHUNJHUNU, "REF-2"))
        await desk.pull()
        new = msgspec.json.decode(desk.pages[-1][1][0], type=Event).alert
        assert new is not None
        entry = desk.desk.entry(new, Note("ein Hinweis"))
        await desk.desk.push(entry)
        await kota.alert(report_at(28.2, 75.4, "REF-2", message_kind="update"))
        await desk.pull()
        await hub.pull()
    return desk, hub, entry


def test_lost_events_come_back_once_from_whoever_held_them(tmp_path: Path) -> None:
    async def play() -> None:
        world = OwnWorld()
        desk, hub, entry = await lose(tmp_path, world)
        async with stage(tmp_path / "backup", world) as kota:
            for one in (desk, hub):
                rejoined = await one.at(kota).rejoin()
                assert (rejoined.common, rejoined.end) == (1, 1)
            assert [held.last for held in (await desk.rejoin()).logs] == [0]

            assert (await hub.give_back(1)).adopted == len(hub.pages[1][1])
            back = [await desk.give_back(number) for number in (1, 2)]

            assert [one.adopted for one in back] == [0, 0]
            kinds = [event.kind for event in await events(desk.desk)]
            assert kinds == [EventKind.ALERT, EventKind.ALERT, EventKind.ENTRY, EventKind.UPDATE]
            assert [event.kind for event in await events(hub.desk)] == kinds
            lines = await kota.kota.store.read(alerts.everything)
            assert [line.state.notes for line in lines] == [0, 1]
            # The log comes too; its entry is known by now.
            desk.desk.head = genesis(log_of(desk.desk.device, 1))
            assert (await desk.desk.push(entry)).settled[0].why is Refusal.REPEATED
            assert len(await events(desk.desk)) == 4
            await kota.kota.store.read(audit)

    asyncio.run(play())


LOST = 12


async def lose_many(folder: Path, world: OwnWorld) -> tuple[Remembering, Remembering, StageDesk, list[bytes]]:
    """A Kota whose backup lacks many alerts and an entry on each; two desks that saw all, and who wrote them."""
    async with stage(folder / "kota", world) as kota:
        desk, hub = Remembering(await kota.desk("JJN")), Remembering(await kota.desk("HUB-KOTA"))
        writer = await kota.desk("JJN")
    back_up(folder / "kota", folder / "backup")
    entries = []
    async with stage(folder / "kota", world) as kota:
        for one in (desk.desk, hub.desk, writer):
            one.stage = kota
        for number in range(LOST):
            await kota.alert(report_at(*JHUNJHUNU, f"REF-{number}"))
            await desk.pull()
            alert = msgspec.json.decode(desk.pages[-1][1][0], type=Event).alert
            assert alert is not None
            entries.append(writer.entry(alert, Note(f"{number}")))
            await writer.push(entries[-1])
            await desk.pull()
            await hub.pull()
    return desk, hub, writer, entries


async def all_at_once(
    first: Stage, folder: Path, lost: tuple[Remembering, Remembering, StageDesk, list[bytes]]
) -> None:
    desk, hub, writer, entries = lost
    async with another(first, folder) as second:
        desk.at(first)
        hub.at(second)
        writer.stage = second
        writer.head = genesis(log_of(writer.device, 1))

        async def give(back: Remembering) -> None:
            for number in range(len(back.pages)):
                await back.give_back(number)

        async def push() -> None:
            for body in entries:
                await writer.push(body)

        async def report() -> None:
            # The platform never heard that we had them, and sends some that are new.
            for number in range(0, 2 * LOST, 2):
                await first.alert(report_at(*JHUNJHUNU, f"REF-{number}", sent_at="2026-01-01T00:00:00Z"))

        await asyncio.gather(give(desk), give(hub), push(), report())


def test_two_nodes_take_back_while_others_push_and_report_and_nobody_waits_in_a_circle(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        world = OwnWorld()
        lost = await lose_many(tmp_path, world)
        # Nobody thought of a new epoch, so nobody skipped the numbers that were given already.
        async with stage(tmp_path / "backup", world) as kota:
            await all_at_once(kota, tmp_path / "backup", lost)
            for back in lost[:2]:
                told = [event for event in await events(back.at(kota).desk) if event.kind == EventKind.ENTRY]
                assert sorted(said_in(event) for event in told) == sorted(map(str, range(LOST)))
            lines = await kota.kota.store.read(alerts.everything)
            assert sorted(line.state.notes for line in lines if line.state.notes) == [1] * LOST
            assert (await kota.kota.store.read(intake.counts)).keys() <= {"alert", "update"}
            await kota.kota.store.read(audit)

    caplog.set_level("INFO")
    asyncio.run(play())
    assert not [line for line in caplog.messages if "40P01" in line]


@asynccontextmanager
async def another(node: Stage, folder: Path) -> AsyncIterator[Stage]:
    """A second node beside ``node`` where the database allows it."""
    if node.home.settings().database == SQLITE:
        yield node
        return
    async with stage(folder, node.world) as second:
        yield second


def said_in(event: Event) -> str:
    published = msgspec.json.decode(event.data, type=EntryPublished)
    data = decode(bytes(published.entry)).data
    assert isinstance(data, Note)
    return data.text


def test_only_what_kota_signed_for_this_unit_is_taken(tmp_path: Path) -> None:
    async def play() -> None:
        world = OwnWorld()
        desk, hub, _ = await lose(tmp_path, world)
        async with stage(tmp_path / "backup", world) as kota:
            desk.at(kota)
            hub.at(kota)
            for changed in (
                {"signature": "00" * 64},
                {"signature": "no hex"},
                {"epoch": "another"},
                {"base": "00" * 32},
                {"head": "00" * 32},
                {"upto": 9},
                {"after": -1},
                {"unit": "SIKAR"},
            ):
                assert (await desk.offer(1, **changed)).status_code == 422, changed
            hub.desk.token = desk.desk.token
            assert (await hub.offer(1)).status_code == 403
            assert len(await events(desk.desk)) == 1

    asyncio.run(play())


def test_an_alert_sent_again_meanwhile_and_the_one_that_comes_back_both_stand(tmp_path: Path) -> None:
    async def play() -> None:
        world = OwnWorld()
        desk, _, _ = await lose(tmp_path, world)
        async with stage(tmp_path / "backup", world) as kota:
            await kota.kota.store.write(lambda c: rejoining.new_epoch(c, world))
            desk.at(kota)
            again = await kota.alert(report_at(*JHUNJHUNU, "REF-2"))

            assert (await desk.give_back(1)).adopted == 1

            numbers = [line.number for line in await kota.kota.store.read(alerts.everything)]
            assert len(set(numbers)) == 3
            assert again in numbers

    asyncio.run(play())


def test_a_new_epoch_is_in_every_answer_after_the_next_start(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            before = (await kota.client.get("/v1/hello")).json()["epoch"]
            epoch = await kota.kota.store.write(lambda c: rejoining.new_epoch(c, kota.world))
        async with stage(tmp_path / "kota") as kota:
            assert (await kota.client.get("/v1/hello")).json()["epoch"] == epoch != before

    asyncio.run(play())
