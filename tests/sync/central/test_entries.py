"""A device's log reaches Kota once, in order, whole; one bad entry blocks no other; no other device can add to it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from sync.case.entry import Dispatch, Note
from sync.case.lifecycle import Stage as CaseStage
from sync.central.store import alerts, devices
from sync.wire.chain import extend, genesis, log_of
from sync.wire.messages import LIMIT_ENTRIES, LIMIT_PUSH_BYTES, EntryPublished, Outcome, Refusal
from sync.wire.packing import Encoding, pack
from tests.sync.central.stage import JHUNJHUNU, Stage, StageDesk, report_at, stage

pytestmark = pytest.mark.usefixtures("both_databases")


async def desk_with_alert(kota: Stage, unit: str = "JJN") -> tuple[StageDesk, str]:
    await kota.alert(report_at(*JHUNJHUNU))
    desk = await kota.desk(unit)
    (event,) = await desk.pull()
    assert event.alert is not None
    return desk, event.alert


async def held(kota: Stage, desk: StageDesk) -> int:
    found = await kota.kota.store.read(lambda c: devices.find(c, desk.device))
    assert found is not None
    return found.last.number


def refused(answer: httpx.Response, status: int, error: str, expected: int | None = None) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["error"], problem["expected"]) == (status, error, expected)


def test_entries_take_effect_and_reach_everybody_who_holds_the_alert(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            hub = await kota.desk("HUB-KOTA")
            await hub.pull()
            bodies = [
                desk.entry(alert),
                desk.entry(alert, Note("कमरे में रोशनी है")),
                desk.entry(alert, Dispatch("PCR 4")),
            ]

            pushed = await desk.push(*bodies)

            assert pushed.last == 3
            assert [(s.number, s.outcome) for s in pushed.settled] == [
                (n, Outcome.APPLIED) for n in (1, 2, 3)
            ]
            events = await hub.pull()
            published = [msgspec.json.decode(event.data, type=EntryPublished) for event in events]
            assert [bytes(one.entry) for one in published] == bodies
            assert {(one.device, one.unit) for one in published} == {(desk.device, "JJN")}
            assert await desk.pull() == events
            state = await kota.kota.store.read(lambda c: alerts.state(c, alert))
            assert (state.stage, state.notes, state.team) == (CaseStage.DISPATCHED, 1, "PCR 4")

    asyncio.run(play())


def test_a_push_that_is_sent_again_is_answered_as_it_was_and_changes_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            start = desk.head
            bodies = [desk.entry(alert), b"{}", desk.entry("no such alert")]
            first = await desk.push(*bodies)
            await desk.pull()
            kota.world.now_ms += 60_000
            settled = json.loads(msgspec.json.encode(first.settled))

            answer = await desk.post(desk.page(bodies, beyond=start))
            assert answer.json()["settled"] == settled
            part = await desk.post(desk.page(bodies[:2], beyond=start))
            assert part.json()["settled"] == settled[:2]
            assert part.json()["last"] == 3
            assert await desk.pull() == []

    asyncio.run(play())


def test_a_push_that_overlaps_what_is_held_adds_only_what_is_new(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            start = desk.head
            old, new = desk.entry(alert), desk.entry(alert, Note("new"))
            await desk.push(old)

            answer = await desk.post(desk.page([old, new], beyond=start))

            assert answer.json()["last"] == 2
            assert len(await desk.pull()) == 2

    asyncio.run(play())


def test_a_gap_is_named_and_nothing_is_stored(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            await desk.push(desk.entry(alert))
            beyond = extend(desk.head, b"lost")
            refused(await desk.post(desk.page([desk.entry(alert)], beyond=beyond)), 409, "log_gap", 2)
            assert await held(kota, desk) == 1

    asyncio.run(play())


def test_another_history_of_the_same_log_is_refused(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            await desk.push(desk.entry(alert, Note("1")), desk.entry(alert, Note("2")))
            start = genesis(log_of(desk.device, 1))
            fork = [desk.entry(alert, Note("other 1"))]

            # Shorter than, as long as, and longer than the log Kota holds.
            for bodies in (fork, [*fork, fork[0]], [*fork, fork[0], fork[0]]):
                refused(await desk.post(desk.page(bodies, beyond=start)), 409, "log_fork", 2)
            refused(
                await desk.post(desk.page(fork, beyond=extend(extend(start, b"a"), b"b"))),
                409,
                "log_fork",
                2,
            )
            assert await held(kota, desk) == 2

    asyncio.run(play())


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            raw = desk.page([desk.entry(alert, Note("at the station"))])
            refused(await desk.post(raw.replace(b"station", b"stadium")), 409, "head_mismatch", 0)
            assert await held(kota, desk) == 0

    asyncio.run(play())


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": "00" * 64},
        {"signature": "not hex"},
        {"head": "00"},
        {"upto": 7},
        {"after": -1, "upto": 0},
        {"device": "another"},
        {"incarnation": 2},
    ],
    ids="-".join,
)
def test_an_envelope_that_does_not_fit_stores_nothing(tmp_path: Path, changed: dict[str, Any]) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            refused(await desk.post(desk.page([desk.entry(alert)], **changed)), 422, "unreadable")
            assert await held(kota, desk) == 0

    asyncio.run(play())


@pytest.mark.parametrize("raw", [b"", b"\n", b"no page", b'{"device": 1}\n'])
def test_what_is_no_page_is_unreadable(tmp_path: Path, raw: bytes) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            refused(await desk.post(raw), 422, "unreadable")

    asyncio.run(play())


def test_a_device_cannot_add_to_the_log_of_another(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            other = await kota.desk("JJN")
            raw = desk.page([desk.entry(alert)])
            refused(await other.post(raw), 422, "unreadable")
            assert await held(kota, desk) == 0

    asyncio.run(play())


def test_another_epoch_is_refused(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            refused(await desk.post(desk.page([desk.entry(alert)], epoch="0" * 32)), 409, "epoch_changed")

    asyncio.run(play())


def test_too_many_entries_at_once_are_too_large(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            refused(await desk.post(desk.page([b"{}"] * (LIMIT_ENTRIES + 1))), 413, "too_large")

    asyncio.run(play())


def test_a_refused_entry_is_stored_and_stepped_over(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            other_kind = desk.entry(alert, entry_id="future").replace(b"acknowledgement", b"premonition")
            first = desk.entry(alert, Note("one"), entry_id="same")
            second = desk.entry(alert, Note("two"), entry_id="same")

            pushed = await desk.push(
                b"\xff not even JSON", other_kind, first, second, desk.entry("nothing"), desk.entry(alert)
            )

            assert [(s.id, s.why) for s in pushed.settled[:4]] == [
                ("", Refusal.UNREADABLE),
                ("future", Refusal.UNREADABLE),
                ("same", None),
                ("same", Refusal.REPEATED),
            ]
            assert [s.why for s in pushed.settled[4:]] == [Refusal.UNKNOWN_ALERT, None]
            assert pushed.last == 6
            assert [event.kind for event in await desk.pull()] == ["entry", "entry"]

    asyncio.run(play())


def test_an_alert_of_another_unit_is_answered_like_one_that_does_not_exist(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            stranger = await kota.desk("SIK")

            pushed = await stranger.push(stranger.entry(alert), stranger.entry("nothing"))

            assert [(s.outcome, s.why) for s in pushed.settled] == [
                (Outcome.REFUSED, Refusal.UNKNOWN_ALERT)
            ] * 2
            assert await desk.pull() == []
            state = await kota.kota.store.read(lambda c: alerts.state(c, alert))
            assert state.acknowledged_by is None

    asyncio.run(play())


def test_the_hub_may_write_on_any_alert_and_its_acknowledgement_does_not_stop_the_alarm(
    tmp_path: Path,
) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            hub, alert = await desk_with_alert(kota, "HUB-KOTA")
            pushed = await hub.push(hub.entry(alert))
            assert pushed.settled[0].outcome is Outcome.APPLIED
            state = await kota.kota.store.read(lambda c: alerts.state(c, alert))
            assert (state.unit, state.stage) == ("JJN", CaseStage.NEW)

    asyncio.run(play())


def test_a_desk_too_old_to_push_still_gets_its_feed(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            refused(await desk.post(desk.page([desk.entry(alert)], version=0)), 426, "update_needed")
            assert await held(kota, desk) == 0
            await kota.alert(report_at(*JHUNJHUNU, "REF-2"))
            assert len(await desk.pull()) == 1

    asyncio.run(play())


@pytest.mark.parametrize("encoding", list(Encoding))
def test_a_page_may_come_packed(tmp_path: Path, encoding: Encoding) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            await kota.alert(report_at(*JHUNJHUNU))
            desk = await kota.desk("JJN")
            [event] = await desk.pull()
            page = desk.page([desk.entry(str(event.alert))])
            headers = {**desk.headers, "Content-Encoding": encoding}

            async def send(raw: bytes) -> int:
                answer = await kota.client.post("/v1/entries", content=raw, headers=headers)
                return answer.status_code

            assert await send(page) == 422
            assert await send(pack(bytes(LIMIT_PUSH_BYTES + 1), encoding)) == 413
            headers["Content-Encoding"] = "br"
            assert await send(page) == 422
            headers["Content-Encoding"] = encoding
            assert await send(pack(page, encoding)) == 200

    asyncio.run(play())
