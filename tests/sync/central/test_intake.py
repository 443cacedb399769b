"""Reports come in signed, are stored before they are understood, and none is lost, doubled or dropped."""

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync.central.routing import Reason
from sync.central.store import alerts, intake
from sync.wire.messages import AlertPublished, DraftPublished, Event, UpdatePublished
from tests.sync.central.stage import JHUNJHUNU, Stage, report_at, stage

pytestmark = pytest.mark.usefixtures("both_databases")


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


async def messages(kota: Stage) -> dict[str, int]:
    return await kota.kota.store.read(intake.counts)


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "sha256=ä"])
def test_a_message_with_a_wrong_signature_is_turned_away_and_changes_nothing(
    tmp_path: Path, signature: str
) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            answer = await kota.report(report_at(*JHUNJHUNU), signature=signature.encode("latin-1"))
            assert answer.status_code == 401
            assert answer.json()["error"] == "token_needed"
            assert await messages(kota) == {}

    asyncio.run(play())


def test_a_message_without_a_signature_is_turned_away(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            answer = await kota.client.post("/v1/intake/meta", json=report_at(*JHUNJHUNU))
            assert answer.status_code == 401
            assert await messages(kota) == {}

    asyncio.run(play())


def test_a_report_with_a_place_reaches_its_unit_and_the_hub_and_nobody_else(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            answer = await kota.report(report_at(*JHUNJHUNU))
            unit, hub, other = [await kota.desk(code) for code in ("JJN", "HUB-KOTA", "SIK")]

            events = await unit.pull()
            (event,) = events
            published = msgspec.json.decode(event.data, type=AlertPublished)
            assert answer.json() | {"server_ms": 0} == {
                "alert": published.number,
                "draft": None,
                "repeat": False,
                "epoch": unit.enrolled.epoch,
                "server_ms": 0,
            }
            assert published.number == "RJ-2026-000001"
            assert (published.unit, published.route, event.must) == ("JJN", Reason.DISTRICT, True)
            assert await hub.pull() == events
            assert await other.pull() == []

    asyncio.run(play())


def test_a_report_without_a_place_reaches_the_hub_alone(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            await kota.alert(report_at(None, None))
            hub = await kota.desk("HUB-KOTA")
            (event,) = await hub.pull()
            assert msgspec.json.decode(event.data, type=AlertPublished).unit == "HUB-KOTA"

    asyncio.run(play())


@pytest.mark.parametrize(
    "again",
    [{}, {"message_id": "00000000-0000-4000-8000-000000000001", "sent_at": "2026-11-21T00:00:00+05:30"}],
    ids=["the same bytes", "the same report sent anew"],
)
def test_a_repeat_gets_the_number_of_the_first_and_publishes_nothing(
    tmp_path: Path, again: dict[str, Any]
) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            hub = await kota.desk("HUB-KOTA")
            first = await kota.alert(report_at(*JHUNJHUNU))
            assert kinds(await hub.pull()) == ["alert"]

            answer = (await kota.report(report_at(*JHUNJHUNU) | again)).json()

            assert (answer["alert"], answer["repeat"]) == (first, True)
            assert await hub.pull() == []

    asyncio.run(play())


def test_the_same_reference_of_another_platform_is_another_alert(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            other = report_at(*JHUNJHUNU)
            other["source"]["platform"] = "instagram"
            assert await kota.alert(report_at(*JHUNJHUNU)) == "RJ-2026-000001"
            assert await kota.alert(other) == "RJ-2026-000002"

    asyncio.run(play())


@pytest.mark.parametrize("kind", ["update", "cancel", "new"])
def test_more_on_a_known_reference_is_an_update_for_those_who_hold_the_alert(
    tmp_path: Path, kind: str
) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            first = await kota.alert(report_at(*JHUNJHUNU))
            unit, hub, other = [await kota.desk(code) for code in ("JJN", "HUB-KOTA", "KOT-C")]
            more = report_at(25.1803, 75.8452, message_kind=kind)

            answer = (await kota.report(more)).json()

            assert (answer["alert"], answer["repeat"]) == (first, False)
            events = await unit.pull()
            assert kinds(events) == ["alert", "update"]
            assert events[0].alert == events[1].alert
            update = msgspec.json.decode(events[1].data, type=UpdatePublished)
            assert update.report.locations[0].lat == 25.1803
            assert await hub.pull() == events
            assert await other.pull() == []

    asyncio.run(play())


def test_an_update_of_an_unknown_reference_is_a_new_alert(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            assert await kota.alert(report_at(*JHUNJHUNU, message_kind="update")) == "RJ-2026-000001"
            assert kinds(await (await kota.desk("JJN")).pull()) == ["alert"]

    asyncio.run(play())


def test_a_withdrawal_of_an_unknown_reference_alarms_nobody_and_is_shown_at_the_hub(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            answer = (await kota.report(report_at(*JHUNJHUNU, message_kind="cancel"))).json()
            assert (answer["alert"], answer["draft"]) == (None, 1)
            assert kinds(await (await kota.desk("HUB-KOTA")).pull()) == ["draft"]

    asyncio.run(play())


@pytest.mark.parametrize(
    "raw",
    [b"", b"not JSON", b"\xff\xfe\x00", b'{"schema": "abhay-alert/2"}', "{अधूरा".encode() * 200],
    ids=["empty", "text", "binary", "another schema", "long"],
)
def test_a_genuine_message_that_cannot_be_read_becomes_a_draft_at_the_hub(tmp_path: Path, raw: bytes) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            answer = await kota.report(raw)
            assert (answer.status_code, answer.json()["alert"], answer.json()["draft"]) == (200, None, 1)

            (event,) = await (await kota.desk("HUB-KOTA")).pull()
            draft = msgspec.json.decode(event.data, type=DraftPublished)
            assert (draft.intake, draft.sha256) == (1, hashlib.sha256(raw).hexdigest())
            assert draft.reason
            assert len(draft.opening) <= 200
            assert raw.decode("utf-8", "replace").startswith(draft.opening)

            again = (await kota.report(raw)).json()
            assert (again["draft"], again["repeat"]) == (1, True)

    asyncio.run(play())


def test_a_message_that_was_stored_before_a_crash_is_dealt_with_after_it(tmp_path: Path) -> None:
    raw = json.dumps(report_at(*JHUNJHUNU)).encode()

    async def until_crash() -> None:
        async with stage(tmp_path / "kota") as kota:
            digest = hashlib.sha256(raw).digest()
            await kota.kota.store.write(lambda c: intake.keep(c, "meta", raw, digest, 1))

    async def afterwards() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            assert kinds(await desk.pull(wait=20)) == ["alert"]
            # Meta never got an answer and sends it again.
            answer = (await kota.report(raw)).json()
            assert (answer["alert"], answer["repeat"]) == ("RJ-2026-000001", True)
            assert await desk.pull() == []

    asyncio.run(until_crash())
    asyncio.run(afterwards())


def test_a_mistake_of_ours_makes_a_draft_and_not_a_hole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> str:
        raise ZeroDivisionError

    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            monkeypatch.setattr(alerts, "next_number", fail)
            with caplog.at_level(logging.CRITICAL, logger="sync.central.intake"):
                answer = (await kota.report(report_at(*JHUNJHUNU))).json()
            assert (answer["alert"], answer["draft"]) == (None, 1)
            assert kinds(await (await kota.desk("HUB-KOTA")).pull()) == ["draft"]
            assert kinds(await (await kota.desk("JJN")).pull()) == []

    asyncio.run(play())


def test_many_reports_at_once_get_numbers_without_holes(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            numbers = await asyncio.gather(
                *(kota.alert(report_at(*JHUNJHUNU, reference=f"REF-{i}")) for i in range(30))
            )
            assert sorted(numbers) == [f"RJ-2026-{n:06d}" for n in range(1, 31)]
            assert len(await (await kota.desk("JJN")).pull()) == 30

    asyncio.run(play())


def test_a_message_beyond_the_limit_is_too_large(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            answer = await kota.report(b" " * (1024 * 1024 + 1))
            assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
            assert answer.headers["X-Kota-Sync"] == "1"

    asyncio.run(play())
