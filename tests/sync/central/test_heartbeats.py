"""Kota keeps a device's last word, and gives commands that only it can give, to that device only, until they are done."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.central import enrolment, heartbeats
from sync.central.store import heartbeats as stored
from sync.wire.heartbeat import (
    CommandAnswer,
    CommandKind,
    Heard,
    Heartbeat,
    Result,
    command_signed_by,
)
from tests.sync.central.stage import Stage, StageDesk, stage

pytestmark = pytest.mark.usefixtures("both_databases")


def words(**changed: Any) -> Heartbeat:
    said = Heartbeat(
        incarnation=1,
        log=0,
        log_head="00" * 32,
        waiting=0,
        refused=0,
        unit="JJN",
        feed=0,
        skipped=0,
        app="0.1.0",
        schema=1,
        sqlite="3.51.3",
        disk_free=10,
    )
    return msgspec.structs.replace(said, **changed)


async def beat(desk: StageDesk, *answers: CommandAnswer, **changed: Any) -> Heard:
    body = msgspec.json.encode(words(answers=answers, **changed))
    answer = await desk.stage.client.post("/v1/heartbeat", content=body, headers=desk.headers)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Heard)


async def order(kota: Stage, desk: StageDesk, kind: CommandKind) -> str:
    return await kota.kota.store.write(lambda c: heartbeats.order(c, kota.world, desk.device, kind))


def test_the_last_word_of_a_device_is_kept_with_the_time_it_came(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            await beat(desk, waiting=3, oldest_waiting_s=60)
            kota.world.now_ms += 60_000
            await beat(desk, waiting=0, last_error="TooSlow")

            row = (await kota.kota.store.read(stored.last))[desk.device]

            assert (row.at_ms, row.said.waiting, row.said.last_error) == (kota.world.now_ms, 0, "TooSlow")

    asyncio.run(play())


def test_a_command_is_signed_for_one_device_and_one_epoch_and_repeated_until_done(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, other = await kota.desk("JJN"), await kota.desk("JJN")
            given = await order(kota, desk, CommandKind.RESNAPSHOT)
            assert await order(kota, desk, CommandKind.RESNAPSHOT) == given

            heard = await beat(desk)

            (command,) = heard.commands
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(desk.enrolled.kota_key))
            assert (command.id, command.kind) == (given, CommandKind.RESNAPSHOT)
            assert command_signed_by(key, desk.device, command, heard.epoch)
            assert not command_signed_by(key, other.device, command, heard.epoch)
            assert not command_signed_by(key, desk.device, command, "another epoch")
            as_wipe = msgspec.structs.replace(command, kind=CommandKind.WIPE)
            assert not command_signed_by(key, desk.device, as_wipe, heard.epoch)

            assert (await beat(other)).commands == ()
            unverified = CommandAnswer(id=given, result=Result.UNVERIFIED)
            assert (await beat(desk, unverified)).commands == (command,)
            assert (await beat(desk, CommandAnswer(id=given, result=Result.DONE))).commands == ()
            await beat(desk, unverified)
            (row,) = await kota.kota.store.read(stored.commands)
            assert row.result is Result.DONE

    asyncio.run(play())


def test_nobody_can_answer_for_another_device(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, other = await kota.desk("JJN"), await kota.desk("JJN")
            given = await order(kota, desk, CommandKind.WIPE)

            await beat(other, CommandAnswer(id=given, result=Result.DONE))

            assert [command.id for command in (await beat(desk)).commands] == [given]

    asyncio.run(play())


def test_a_device_to_be_wiped_gets_that_order_and_nothing_else(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            await order(kota, desk, CommandKind.RESNAPSHOT)
            given = await order(kota, desk, CommandKind.WIPE)

            await desk.sign_on()
            assert [command.kind for command in (await beat(desk)).commands] == [CommandKind.WIPE]
            assert (await desk.ask()).status_code == 403
            assert (await desk.post(desk.page([desk.entry("a")]))).status_code == 403

            assert (await beat(desk, CommandAnswer(id=given, result=Result.DONE))).commands == ()
            assert (await desk.prove()).status_code == 403

    asyncio.run(play())


def test_a_device_that_is_only_struck_off_is_not_heard(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            await kota.kota.store.write(lambda c: enrolment.revoke(c, desk.device, 1))

            body = msgspec.json.encode(words())
            answer = await kota.client.post("/v1/heartbeat", content=body, headers=desk.headers)

            assert (answer.status_code, answer.json()["error"]) == (403, "device_revoked")

    asyncio.run(play())
