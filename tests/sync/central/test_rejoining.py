"""A Kota restored from a backup gets back what it lost: from the logs of its desks, and under its own old signature."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from sync.case.entry import Note
from sync.central import rejoining
from sync.central.audit import audit
from sync.central.store import alerts
from sync.wire import page
from sync.wire.chain import Head, extend_all, feed_of, genesis, log_of
from sync.wire.messages import Changes, Event, EventKind, Refusal
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
