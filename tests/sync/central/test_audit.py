"""One flipped byte, one lost row or one moved head is found, and nothing is found where nothing is wrong."""

import asyncio
from pathlib import Path

import pytest

from sync import sqlite
from sync.case.entry import Note
from sync.central.audit import Audited, ChainBrokenError, audit
from sync.central.home import Home
from tests.sync.central.stage import JHUNJHUNU, report_at, stage


def fill(folder: Path) -> None:
    async def play() -> None:
        async with stage(folder) as kota:
            await kota.alert(report_at(*JHUNJHUNU))
            desk = await kota.desk("JJN")
            (event,) = await desk.pull()
            assert event.alert is not None
            await desk.push(desk.entry(event.alert, Note("one")), desk.entry(event.alert, Note("two")))
            await desk.push(b"unreadable")

    asyncio.run(play())


def audited(folder: Path) -> Audited:
    with Home(folder).store() as store:
        return store.read_now(audit)


def test_whole_chains_are_counted(tmp_path: Path) -> None:
    fill(tmp_path / "kota")
    assert audited(tmp_path / "kota") == Audited(feeds=53, events=6, logs=1, entries=3)


@pytest.mark.parametrize(
    ("damage", "owner", "number"),
    [
        (
            "UPDATE feed_event SET body = CAST(replace(body, 'abhay-alert/1', 'abhay-alert/2') AS BLOB) WHERE unit = 'JJN' AND number = 1",
            "JJN",
            1,
        ),
        ("UPDATE feed_event SET hash = zeroblob(32) WHERE unit = 'JJN' AND number = 2", "JJN", 2),
        ("DELETE FROM feed_event WHERE unit = 'JJN' AND number = 2", "JJN", 2),
        ("DELETE FROM feed_event WHERE unit = 'JJN' AND number = 3", "JJN", 3),
        ("UPDATE feed_head SET number = 4 WHERE unit = 'JJN'", "JJN", 4),
        ("UPDATE device_log SET body = CAST(replace(body, 'two', 'six') AS BLOB) WHERE number = 2", None, 2),
        ("DELETE FROM device_log WHERE number = 3", None, 3),
        ("UPDATE device_log SET signature = zeroblob(64) WHERE number = 2", None, 2),
        ("UPDATE device_log SET signature = NULL WHERE number = 3", None, 3),
        ("UPDATE device SET last_hash = zeroblob(32)", None, 3),
    ],
)
def test_damage_is_found_where_it_is(tmp_path: Path, damage: str, owner: str | None, number: int) -> None:
    fill(tmp_path / "kota")
    connection = sqlite.connect(tmp_path / "kota" / "central.sqlite3")
    assert connection.execute(damage).rowcount == 1
    connection.close()

    with pytest.raises(ChainBrokenError) as found:
        audited(tmp_path / "kota")

    assert found.value.values["number"] == number
    assert owner is None or found.value.values["owner"] == owner
