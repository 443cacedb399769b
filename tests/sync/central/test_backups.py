"""A backup is whole or there is none; a restore keeps what it replaces, and says what comes next."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from sync.case.entry import Note
from sync.central import backups, heartbeats
from sync.central.audit import Audited
from sync.central.backups import KEPT_DAYS, KEPT_NEWEST, Backup
from sync.central.cli import main
from sync.central.home import Home
from sync.wire.heartbeat import CommandKind
from sync.words import Tongue
from tests.postgresql import PostgresServer, name_of
from tests.sync.central.stage import JHUNJHUNU, OwnWorld, Stage, StageDesk, report_at, stage

HOUR_MS = 3_600_000
NOTHING_TO_SAY = {
    **dict.fromkeys(("log", "waiting", "refused", "feed", "skipped", "disk_free"), 0),
    **dict.fromkeys(("log_head", "unit", "app", "sqlite"), ""),
    "incarnation": 1,
    "schema": 1,
    "answers": [],
}


class Admin:
    """The command line on one Kota."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys

    def ask(self, *arguments: str) -> dict[str, Any]:
        code = main(["--home", str(self.home), *arguments, "--json"])
        out, err = self._capsys.readouterr()
        assert code == 0, err
        answer: dict[str, Any] = json.loads(out)
        return answer

    def read(self, *arguments: str) -> str:
        code = main(["--home", str(self.home), "--language", "en", *arguments])
        out, err = self._capsys.readouterr()
        assert code == 0, err
        return out

    def fail(self, *arguments: str) -> str:
        """The name of the error, after checking that both languages have one sentence for it."""
        for tongue in Tongue:
            code = main(["--home", str(self.home), "--language", tongue, *arguments, "--json"])
            out, err = self._capsys.readouterr()
            answer = json.loads(out)
            assert (code, err) == (1, answer["message"] + "\n")
            assert "{" not in err
        name: str = answer["error"]
        return name


@pytest.fixture
def admin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Admin:
    return Admin(tmp_path / "kota", capsys)


async def work(kota: Stage, reference: str) -> StageDesk:
    """A report, and a new desk that notes something on it."""
    await kota.alert(report_at(*JHUNJHUNU, reference))
    desk = await kota.desk("JJN")
    alert = (await desk.pull())[-1].alert
    assert alert is not None
    await desk.push(desk.entry(alert, Note("ein Hinweis")))
    return desk


@pytest.fixture
def filled(admin: Admin, both_databases: None) -> Admin:
    async def play() -> None:
        async with stage(admin.home) as kota:
            await work(kota, "REF-1")

    asyncio.run(play())
    return admin


def modes(folder: Path) -> dict[Path, int]:
    return {file: file.stat().st_mode & 0o777 for file in [folder, *folder.iterdir()]}


def test_a_backup_of_a_working_kota_is_whole_private_and_restorable(
    admin: Admin, both_databases: None
) -> None:
    async def play() -> None:
        async with stage(admin.home) as kota:
            await work(kota, "REF-1")
            busy = asyncio.gather(*(kota.alert(report_at(*JHUNJHUNU, f"BUSY-{n}")) for n in range(20)))
            made = await asyncio.to_thread(admin.ask, "backup")
            await busy

            file = Path(made["file"])
            assert modes(file.parent) == {file.parent: 0o700, file: 0o600}
            assert backups.prove(file, kota.home).audited.entries == 1
            # Whoever restores must not do it under a running Kota.
            for command in (["restore", str(file)], ["new-epoch"]):
                assert await asyncio.to_thread(admin.fail, *command) == "KotaRunningError"
            assert len(admin.ask("alerts")["alerts"]) == 21

    asyncio.run(play())


def test_a_restore_brings_back_the_moment_of_the_backup_under_a_new_epoch(filled: Admin) -> None:
    file = filled.ask("backup")["file"]
    before = filled.ask("status")

    async def go_on() -> None:
        async with stage(filled.home, world := OwnWorld()) as kota:
            world.now_ms += HOUR_MS
            await kota.alert(report_at(*JHUNJHUNU, "REF-2"))

    asyncio.run(go_on())
    after = filled.ask("status")
    done = filled.ask("restore", file)

    restored = filled.ask("status")
    assert after["alerts"] == 2
    assert restored | {"epoch": ""} == before | {"epoch": ""}
    assert restored["epoch"] == done["epoch"] != before["epoch"]
    assert filled.ask("audit") == {"feeds": 53, "events": 4, "logs": 1, "entries": 1}
    assert done["kept"]
    # New numbers go on where nothing has been given to another.
    asyncio.run(go_on())
    assert len({one["number"] for one in filled.ask("alerts")["alerts"]}) == 2
    # The same backup again: what is replaced now is kept as well.
    assert filled.ask("restore", file)["kept"] != done["kept"]


def test_what_a_restore_replaces_is_kept_as_it_was(
    filled: Admin, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    address = Home(filled.home).settings().database
    file = filled.ask("backup")["file"]
    kept = filled.ask("restore", file)["kept"]
    if address == "sqlite":
        assert Home(filled.home).database_file.exists()
        with sqlite3.connect(Path(kept) / "central.sqlite3") as old:
            assert old.execute("SELECT count(*) FROM alert").fetchone() == (1,)
        old.close()
        return
    server: PostgresServer = request.getfixturevalue("postgresql_server")
    schema = kept.removeprefix("schema ")
    assert server.execute(name_of(address), f'SELECT * FROM "{schema}".alert') == 1
    assert server.execute(name_of(address), "SELECT * FROM public.alert") == 1


def test_a_restore_says_what_happens_next(filled: Admin) -> None:
    said = filled.read("restore", filled.ask("backup")["file"])
    assert "is in place" in said
    assert "is kept in" in said
    assert "give back what the backup lacks" in said


def test_pcs_struck_off_after_the_backup_stay_struck_off(admin: Admin, both_databases: None) -> None:
    async def play() -> None:
        world = OwnWorld()
        async with stage(admin.home, world) as kota:
            lost = await work(kota, "REF-1")
            file = (await asyncio.to_thread(admin.ask, "backup"))["file"]
            late = await kota.desk("SIK")
            for desk, kind in ((lost, CommandKind.WIPE), (late, CommandKind.WIPE)):
                await kota.kota.store.write(
                    lambda c, d=desk, k=kind: heartbeats.order(c, world, d.device, k)  # type: ignore[misc]
                )
        assert (await asyncio.to_thread(admin.ask, "restore", file))["struck_off"] == 2
        async with stage(admin.home, world) as kota:
            for desk in (lost, late):
                desk.stage = kota
                await desk.sign_on()
                assert (await desk.ask()).status_code == 403
                heard = await kota.client.post("/v1/heartbeat", json=NOTHING_TO_SAY, headers=desk.headers)
                assert [one["kind"] for one in heard.json()["commands"]] == ["wipe"]

    asyncio.run(play())


def test_a_lost_database_is_said_and_restored(filled: Admin, request: pytest.FixtureRequest) -> None:
    address = Home(filled.home).settings().database
    file = filled.ask("backup")["file"]
    if address == "sqlite":
        for part in filled.home.glob("central.sqlite3*"):
            part.unlink()
        assert filled.fail("status") == "DatabaseMissingError"
        assert filled.fail("serve") == "DatabaseMissingError"
    else:
        server: PostgresServer = request.getfixturevalue("postgresql_server")
        server.execute(name_of(address), "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        assert filled.fail("status") == "NoKotaInDatabaseError"
    done = filled.ask("restore", file)
    assert (done["kept"], done["struck_off"]) == (None, None)
    assert filled.ask("audit")["entries"] == 1


def test_a_backup_of_one_database_is_restored_into_the_other(
    admin: Admin, postgresql_server: PostgresServer
) -> None:
    async def play() -> None:
        async with stage(admin.home) as kota:
            await work(kota, "REF-1")

    asyncio.run(play())
    file = admin.ask("backup")["file"]
    audited = admin.ask("audit")
    settings = admin.home / "kota.toml"
    text = settings.read_text()
    settings.write_text(text.replace('"sqlite"', f'"{postgresql_server.new()}"'))
    admin.ask("restore", file)
    assert admin.ask("audit") == audited

    async def again() -> None:
        async with stage(admin.home) as kota:
            # A number of a message that came with the backup is not given again.
            await kota.alert(report_at(*JHUNJHUNU, "REF-9"))

    asyncio.run(again())
    moved = admin.ask("backup")["file"]
    settings.write_text(text)
    admin.ask("restore", moved)
    assert admin.ask("status")["alerts"] == 2


@pytest.mark.slow
def test_a_node_that_lost_sight_of_the_database_is_not_let_in_after_a_restore(
    admin: Admin, postgresql_server: PostgresServer
) -> None:
    address = postgresql_server.new()
    admin.ask("init", "--host", "127.0.0.1", "--database", address)
    file = admin.ask("backup")["file"]
    everybody = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name_of(address)}'"

    async def play() -> None:
        async with stage(admin.home) as kota:
            await kota.alert(report_at(*JHUNJHUNU))
            postgresql_server.execute("postgres", everybody)
            await asyncio.to_thread(admin.ask, "restore", file)
            assert (await kota.report(report_at(*JHUNJHUNU, "REF-2"))).status_code == 503
        async with stage(admin.home) as kota:
            assert (await kota.report(report_at(*JHUNJHUNU, "REF-2"))).status_code == 200

    asyncio.run(play())


def test_a_backup_that_was_cut_off_leaves_nothing_behind(admin: Admin) -> None:
    admin.ask("init", "--host", "127.0.0.1")
    folder = Path(admin.ask("backup")["file"]).parent
    (folder / "kota-20260101-000000-000.part").write_bytes(b"half")
    (folder / "kota-20260101-000000-000.part-wal").write_bytes(b"half")
    assert len(admin.ask("backup")["backups"]) == len(list(folder.iterdir())) == 2


def spoil(file: Path, *statements: str) -> Path:
    with sqlite3.connect(file) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0
    connection.close()
    return file


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE feed_event SET hash = zeroblob(32)", "BackupUnreadableError"),
        ("UPDATE receipt SET device = 'nobody'", "BackupUnreadableError"),
        ("UPDATE meta SET value = '00' WHERE name = 'backup-of'", "BackupOfOtherError"),
        ("PRAGMA user_version = 99", "NewerDatabaseError"),
    ],
)
def test_a_backup_that_is_not_whole_or_not_ours_is_refused(admin: Admin, statement: str, error: str) -> None:
    async def play() -> None:
        async with stage(admin.home) as kota:
            desk = await work(kota, "REF-1")
            receipt = {"unit": "JJN", "epoch": desk.enrolled.epoch, "upto": 1, "head": desk.feed.hash.hex()}
            await kota.client.post("/v1/receipts", json=receipt, headers=desk.headers)

    asyncio.run(play())
    file = spoil(Path(admin.ask("backup")["file"]), statement)
    before = admin.ask("status")
    assert admin.fail("restore", str(file)) == error
    assert admin.ask("status") == before
    assert not list(admin.home.glob("re*"))


def test_no_file_and_a_file_of_something_else_are_refused(admin: Admin, tmp_path: Path) -> None:
    admin.ask("init", "--host", "127.0.0.1")
    (tmp_path / "letter").write_text("mine" * 5000)
    for name in ("letter", "nothing", "."):
        assert admin.fail("restore", str(tmp_path / name)) == "BackupUnreadableError"


def test_a_backup_that_cannot_be_written_is_said_and_leaves_nothing(admin: Admin, tmp_path: Path) -> None:
    admin.ask("init", "--host", "127.0.0.1")
    (tmp_path / "file").write_text("")
    assert admin.fail("backup", "--to", str(tmp_path / "file")) == "BackupNotWrittenError"


def damage(file: Path) -> None:
    """Overwrite everything behind the first pages, as a failing disk does."""
    content = bytearray(file.read_bytes())
    content[3 * 4096 :] = b"\xa5" * (len(content) - 3 * 4096)
    file.write_bytes(content)


def test_a_damaged_database_is_said_by_every_command_and_a_backup_of_it_is_none(admin: Admin) -> None:
    admin.ask("init", "--host", "127.0.0.1")
    good = admin.ask("backup")["file"]
    file = admin.home / "central.sqlite3"
    damage(file)
    for command in ("audit", "serve", "alerts", "backup", "status"):
        assert admin.fail(command) == "DatabaseDamagedError", command
    assert admin.fail("enrol-code", "--unit", "JJN") == "DatabaseDamagedError"
    assert [str(one.file) for one in backups.kept(admin.home / "backups")] == [good]
    assert admin.ask("restore", good)["struck_off"] is None
    assert admin.ask("audit") == {"feeds": 53, "events": 0, "logs": 0, "entries": 0}


def at(made_ms: int) -> Backup:
    return Backup(Path(f"{made_ms}"), made_ms, 1)


def test_the_newest_stay_and_one_of_each_day(tmp_path: Path) -> None:
    hourly = [at(hour * HOUR_MS) for hour in reversed(range(40 * 24))]
    left = [one for one in hourly if one not in backups.spare(hourly)]
    assert left[:KEPT_NEWEST] == hourly[:KEPT_NEWEST]
    assert [one.made_ms // HOUR_MS % 24 for one in left[KEPT_NEWEST:]] == [23] * (KEPT_DAYS - 1)
    # A clock that jumps by years costs none of the others.
    jumped = [at(1_000_000 * HOUR_MS), *left]
    assert len(backups.spare(jumped)) <= 2


def test_a_clock_set_back_does_not_make_the_newest_backup_the_oldest(tmp_path: Path) -> None:
    home = Home(tmp_path / "kota")
    assert main(["--home", str(home.folder), "init", "--host", "127.0.0.1"]) == 0
    world = OwnWorld()
    first, _ = backups.make(home, world, home.backups)
    world.now_ms -= 1000 * HOUR_MS
    second, proven = backups.make(home, world, home.backups)
    assert backups.kept(home.backups) == [second, first]
    assert second.made_ms == proven.made_ms == first.made_ms + 1
    assert proven.audited == Audited(feeds=53, events=0, logs=0, entries=0)
