"""The platform can look whether we are there, change its secret without a gap, and is told when it sends too much."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from sync.central.store import intake
from sync.central.webhook_secrets import (
    FORMER,
    NothingToRetireError,
    TwoLiveError,
    WebhookSecrets,
)
from tests.sync.central.stage import JHUNJHUNU, Stage, report_at, stage

pytestmark = pytest.mark.usefixtures("both_databases")


def signed(secret: bytes, reference: str) -> tuple[bytes, bytes]:
    raw = json.dumps(report_at(*JHUNJHUNU, reference=reference)).encode()
    return raw, b"sha256=" + hmac.new(secret, raw, hashlib.sha256).hexdigest().encode()


async def status(kota: Stage, secret: bytes, reference: str) -> int:
    raw, signature = signed(secret, reference)
    return (await kota.report(raw, signature=signature)).status_code


def test_two_secrets_are_live_until_the_former_is_retired(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            secrets = WebhookSecrets(kota.home)
            (first,) = secrets.live()
            with pytest.raises(NothingToRetireError):
                secrets.retire()

            secrets.rotate(kota.world)
            second, former = secrets.live()
            assert former == first != second
            assert [await status(kota, first, "A"), await status(kota, second, "B")] == [200, 200]
            with pytest.raises(TwoLiveError):
                secrets.rotate(kota.world)
            assert secrets.live() == [second, first]

            secrets.retire()
            assert [await status(kota, first, "C"), await status(kota, second, "D")] == [401, 200]

    asyncio.run(play())


def test_a_change_of_secret_that_was_cut_off_is_completed_by_the_next(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            secrets = WebhookSecrets(kota.home)
            (first,) = secrets.live()
            kota.home.secret_file(FORMER).write_bytes(first)
            secrets.rotate(kota.world)
            second, former = secrets.live()
            assert former == first != second

    asyncio.run(play())


@pytest.mark.parametrize(
    ("mode", "right", "expected"), [("subscribe", True, 200), ("subscribe", False, 401), ("x", True, 401)]
)
def test_the_platform_looks_whether_we_are_there(
    tmp_path: Path, mode: str, right: bool, expected: int
) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            token = kota.home.secret_file("meta-verify").read_text().strip() if right else "ä"
            asked = {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "1158201444"}
            answer = await kota.client.get("/v1/intake/meta", params=asked)
            assert answer.status_code == expected
            assert (answer.text == "1158201444") == (expected == 200)

    asyncio.run(play())


def test_too_many_messages_are_told_to_come_again_and_none_taken_is_lost(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as first:
            settings = first.home.settings_file
        settings.write_text(
            settings.read_text().replace("burst = 2000", "burst = 2").replace("= 200\n", "= 1\n")
        )
        async with stage(tmp_path / "kota") as kota:
            for _ in range(5):
                # What others forge costs the platform nothing.
                assert (await kota.report(b"{}", signature=b"sha256=00")).status_code == 401
            assert [(await kota.report(report_at(*JHUNJHUNU, reference=r))).status_code for r in "AB"] == [
                200,
                200,
            ]
            shed = await kota.report(report_at(*JHUNJHUNU, reference="C"))
            assert (shed.status_code, shed.headers["Retry-After"]) == (429, "1")
            assert shed.json()["error"] == "busy"
            assert await kota.kota.store.read(intake.counts) == {"alert": 2}

            kota.world.now_ms += 1000
            assert (await kota.report(report_at(*JHUNJHUNU, reference="C"))).status_code == 200

    asyncio.run(play())


NUL = json.dumps(report_at(*JHUNJHUNU, reference="nul\0here")).encode()


@pytest.mark.parametrize(
    "raw",
    [
        NUL,
        b'{"x":' * 100_000,
        b'{"schema":"\xff"}',
        b'{"x":1e999999}',
        b'{"x":' + b"9" * 100_000 + b"}",
        b"[" + b"0," * 100_000 + b"0]",
    ],
    ids=["NUL", "deep", "bad UTF-8", "huge exponent", "huge number", "long array"],
)
def test_hostile_input_becomes_a_draft_and_no_mistake_of_ours(tmp_path: Path, raw: bytes) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            answer = await kota.report(raw)
            assert (answer.status_code, answer.json()["draft"]) == (200, 1)

    asyncio.run(play())
