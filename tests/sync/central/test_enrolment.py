"""A code makes one PC a device, once; after that only its key gets it in, by Kota's clock alone."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from sync.central import enrolment
from sync.central.enrolment import UnknownUnitError, code_sha256
from sync.central.store import devices
from sync.central.store.tables import enrol_code
from sync.central.tokens import NONCE_LASTS_S, TOKEN_LASTS_S
from tests.sync.central.stage import JHUNJHUNU, OwnWorld, StageDesk, back_up, report_at, stage

pytestmark = pytest.mark.usefixtures("both_databases")


def test_a_code_reads_the_same_however_people_type_it() -> None:
    same = ["K7QX-3MPD-0TW1", "k7qx3mpd0tw1", " k7qx 3mpd-otwl", "K7QX3MPDOTWI"]
    assert len({code_sha256(code) for code in same}) == 1


def test_a_code_makes_a_device_of_its_unit(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            code = await kota.code("JJN")
            answer = (await StageDesk(kota, "JJN").enrol(code.lower().replace("-", ""))).json()
            assert (answer["unit"]["code"], answer["incarnation"]) == ("JJN", 1)
            (device,) = await kota.kota.store.read(devices.everyone)
            assert (device.id, device.unit, device.name) == (answer["device"], "JJN", "pc-1")
            stored = await kota.kota.store.read(lambda c: c.execute(select(enrol_code)).all())
            assert code not in str(stored)
            assert code_sha256(code) in {row.code_sha256 for row in stored}

    asyncio.run(play())


def test_a_lost_reply_is_asked_for_again_even_after_the_code_has_expired(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, code = StageDesk(kota, "JJN"), await kota.code("JJN")
            first = (await desk.enrol(code)).json()
            kota.world.now_ms += 61 * 60_000
            again = await desk.enrol(code)
            assert (again.status_code, again.json()["device"]) == (200, first["device"])
            assert len(await kota.kota.store.read(devices.everyone)) == 1

    asyncio.run(play())


def test_a_used_an_expired_and_an_unknown_code_are_told_apart(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            used, late = await kota.code("JJN"), await kota.code("JJN")
            await StageDesk(kota, "JJN").enrol(used)
            kota.world.now_ms += 60 * 60_000

            async def enrol(code: str) -> tuple[int, str]:
                answer = await StageDesk(kota, "JJN").enrol(code)
                return answer.status_code, answer.json()["error"]

            assert await enrol(used) == (409, "code_used")
            assert await enrol(late) == (410, "code_expired")
            assert await enrol("0000-0000-0000") == (404, "unknown_code")
            assert await enrol("") == (404, "unknown_code")

    asyncio.run(play())


@pytest.mark.parametrize(
    "changed",
    [{"public_key": "00"}, {"public_key": "x" * 64}, {"public_key": None}, {"name": ""}, {"name": "x" * 201}],
)
def test_what_is_no_key_or_no_name_does_not_use_up_the_code(tmp_path: Path, changed: dict[str, Any]) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            code = await kota.code("JJN")
            answer = await StageDesk(kota, "JJN").enrol(code, **changed)
            assert (answer.status_code, answer.json()["error"]) == (422, "unreadable")
            assert (await StageDesk(kota, "JJN").enrol(code)).status_code == 200

    asyncio.run(play())


def test_a_code_for_an_unknown_unit_is_not_made(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            with pytest.raises(UnknownUnitError):
                await kota.code("XYZ")

    asyncio.run(play())


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": "00" * 64},
        {"signature": "zz"},
        {"device": "nobody"},
        {"incarnation": 2},
        {"nonce": "made up"},
    ],
    ids=lambda changed: "-".join(map(str, changed.values()))[:20],
)
def test_a_proof_that_fails_gets_no_token(tmp_path: Path, changed: dict[str, Any]) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            answer = await desk.prove(**changed)
            assert (answer.status_code, answer.json()["error"]) == (401, "token_needed")

    asyncio.run(play())


def test_a_nonce_and_a_token_last_by_the_clock_of_kota(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            old = (await kota.client.get("/v1/hello")).json()["nonce"]
            kota.world.now_ms += (NONCE_LASTS_S + 1) * 1000
            assert (await desk.prove(nonce=old)).status_code == 401
            kota.world.now_ms += (TOKEN_LASTS_S - NONCE_LASTS_S - 2) * 1000
            assert (await desk.ask()).status_code == 200
            kota.world.now_ms += 3000
            assert (await desk.ask()).json()["error"] == "token_needed"
            await desk.sign_on()
            assert (await desk.ask()).status_code == 200

    asyncio.run(play())


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x", "Basic abc", "Bearer " + "a." * 500])
def test_without_a_token_of_kota_nothing_is_given(tmp_path: Path, header: str | None) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            headers = {} if header is None else {"Authorization": header}
            answers = [
                await kota.client.get("/v1/feeds/JJN/changes?after=0&head=00", headers=headers),
                await kota.client.post("/v1/entries", content=b"{}\n", headers=headers),
                await kota.client.post(
                    "/v1/receipts", json={"unit": "JJN", "epoch": "", "upto": 0, "head": ""}, headers=headers
                ),
            ]
            assert [(a.status_code, a.json()["error"]) for a in answers] == [(401, "token_needed")] * 3

    asyncio.run(play())


def test_a_nonce_is_no_token(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            desk.token = (await kota.client.get("/v1/hello")).json()["nonce"]
            assert (await desk.ask()).status_code == 401

    asyncio.run(play())


def test_a_device_struck_off_is_told_so_at_every_door(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            await kota.kota.store.write(lambda c: enrolment.revoke(c, desk.device, 1))
            answers = [await desk.ask(), await desk.post(desk.page([b"{}"])), await desk.prove()]
            assert [(a.status_code, a.json()["error"]) for a in answers] == [(403, "device_revoked")] * 3

    asyncio.run(play())


def test_a_mistake_of_ours_is_answered_without_a_word_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("secret")

    async def play() -> None:
        monkeypatch.setattr(enrolment.Enrolment, "hello", fail)
        async with stage(tmp_path / "kota") as kota:
            with caplog.at_level(logging.CRITICAL, logger="sync.central.http.app"):
                answer = await kota.client.get("/v1/hello")
            assert (answer.status_code, answer.json()["error"]) == (500, "busy")
            assert answer.headers["X-Kota-Sync"] == "1"
            assert "secret" not in answer.text

    asyncio.run(play())


def test_every_answer_carries_the_mark_and_an_error_says_nothing_of_the_inside(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            for method, path, status in [
                ("GET", "/v1/hello", 200),
                ("GET", "/", 404),
                ("GET", "/v1/nothing", 404),
                ("DELETE", "/v1/hello", 405),
                ("POST", "/v1/enrol", 422),
                ("POST", "/v1/entries", 401),
            ]:
                answer = await kota.client.request(method, path)
                assert (answer.status_code, answer.headers["X-Kota-Sync"]) == (status, "1")
                assert {"epoch", "server_ms"} <= set(answer.json())
                if status >= 400:
                    assert set(answer.json()) == {"epoch", "server_ms", "error", "expected"}

    asyncio.run(play())


async def enrolled_after_the_backup(folder: Path, world: OwnWorld) -> StageDesk:
    async with stage(folder / "kota", world):
        pass
    back_up(folder / "kota", folder / "backup")
    async with stage(folder / "kota", world) as kota:
        return await kota.desk("JJN")


def test_a_device_that_a_restore_made_kota_forget_is_known_again_by_kotas_own_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        world = OwnWorld()
        desk = await enrolled_after_the_backup(tmp_path, world)
        async with stage(tmp_path / "backup", world) as kota:
            desk.stage = kota
            assert (await desk.prove()).status_code == 401
            desk.token = (await desk.prove(membership=desk.enrolled.membership)).json()["token"]
            await kota.alert(report_at(*JHUNJHUNU))
            (event,) = await desk.pull()
            assert event.alert is not None
            await desk.push(desk.entry(event.alert))
            # From now on like any other, and only once.
            answer = await desk.prove(membership=desk.enrolled.membership)
            assert answer.json()["membership"] == desk.enrolled.membership
            assert len(await kota.kota.store.read(devices.everyone)) == 1
            await kota.kota.store.write(lambda c: enrolment.revoke(c, desk.device, 1))
            assert (await desk.prove(membership=desk.enrolled.membership)).status_code == 403

    with caplog.at_level(logging.WARNING):
        asyncio.run(play())
    assert "was forgotten by a restore and came back" in caplog.text


def test_nobody_becomes_a_device_by_a_word_that_is_not_kotas_or_a_key_that_is_not_theirs(
    tmp_path: Path,
) -> None:
    async def play() -> None:
        world = OwnWorld()
        desk = await enrolled_after_the_backup(tmp_path, world)
        word = desk.enrolled.membership
        body, signature = word.split(".")
        other = bytes.fromhex(body).replace(b"JJN", b"SIK").hex()
        async with stage(tmp_path / "backup", world) as kota:
            desk.stage = kota
            for made_up in (
                "x",
                ".",
                "00.00",
                body,
                f"{other}.{signature}",
                f"{word}.00",
                "é.é",
                "0" * 10_000,
            ):
                assert (await desk.prove(membership=made_up)).status_code == 401, made_up
            assert (await desk.prove(membership=word, signature="00" * 64)).status_code == 401
            thief = await kota.desk("JJN")
            assert (await thief.prove(membership=word, device=desk.device)).status_code == 401
            assert [one.id for one in await kota.kota.store.read(devices.everyone)] == [thief.device]

    asyncio.run(play())


def test_a_pc_that_was_forgotten_gets_its_name_back_and_nobody_elses(tmp_path: Path) -> None:
    async def play() -> None:
        world = OwnWorld()
        desk = await enrolled_after_the_backup(tmp_path, world)
        async with stage(tmp_path / "backup", world) as kota:
            desk.stage = kota
            for name in ("", "x", desk.device.upper(), "{" + desk.device + "}"):
                made = (await StageDesk(kota, "JJN").enrol(await kota.code("JJN"), device=name)).json()
                assert made["device"] not in ("", name, desk.device)
            again = (await desk.enrol(await kota.code("JJN"), device=desk.device)).json()
            assert again["device"] == desk.device
            # Now it is somebody's.
            other = (await StageDesk(kota, "JJN").enrol(await kota.code("JJN"), device=desk.device)).json()
            assert other["device"] != desk.device

    asyncio.run(play())
