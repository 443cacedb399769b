"""A damaged database: nothing undelivered is lost without being said, and the work goes on."""

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from sync import sqlite
from sync.case.entry import Note
from sync.case.unit import Officer
from sync.desk import errors, keys, wiping
from sync.desk.desk import Desk
from sync.desk.home import Home
from sync.desk.keeping import Keeper
from sync.desk.pull import Pull
from sync.desk.push import Pusher
from sync.desk.store import backups, device, journal
from sync.desk.store.database import Database
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import EPOCH
from tests.sync.desk.still_world import StillWorld

WRITER = Officer("jjn-01", "मीना शर्मा")
ALERTS = 40


class Seat:
    """A desk in a home of its own, closed between what the test does to its files."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.home = Home(folder, lambda: "passphrase")
        self.world, self.kota, self.who = StillWorld(), site.kota, site.who
        self.home.prepare()
        self.key = keys.load_or_make(self.home, self.world)
        with closing(Database(self.home.database, self.key)) as database:
            database.write(lambda c: device.keep_key(c, self.who.private_key))
            database.write(lambda c: device.enrolled(c, self.who, EPOCH))

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        desk = Desk.open(self.home, self.world)
        try:
            yield desk
        finally:
            desk.close()

    def pull(self, desk: Desk) -> None:
        puller = Pull(desk._database, self.who, self.kota)
        while puller.step().changed:
            pass

    def push(self, desk: Desk) -> None:
        while Pusher(desk._database, self.who, self.kota).step().more:
            pass

    def damage(self, seed: int, pages: int, *, first: int = 1) -> None:
        """Overwrite part of ``pages`` pages at random, from page ``first`` (0 is the one with the tables' names) on."""
        chance = random.Random(seed)
        raw = bytearray(self.home.database.read_bytes())
        for page in chance.sample(range(first, len(raw) // sqlite.PAGE_BYTES), pages):
            start = page * sqlite.PAGE_BYTES + chance.randrange(16, 3_000)
            raw[start : start + 64] = chance.randbytes(64)
        self.home.database.write_bytes(raw)


@pytest.fixture
def seat(site: Site, tmp_path: Path) -> Seat:
    """With alerts from Kota, some delivered entries and some that wait."""
    return Seat(site, tmp_path / "home")


def fill(seat: Seat, waiting: int = 25, *, backup: bool = True) -> list[str]:
    """The texts that wait."""
    alerts = [f"alert-{n}" for n in range(ALERTS)]
    for alert in alerts:
        seat.kota.alert(alert)
    with seat.desk() as desk:
        seat.pull(desk)
        for n in range(30):
            desk.record(WRITER, alerts[n % ALERTS], Note(f"delivered {n} " + "x" * 300))
        seat.push(desk)
        seat.pull(desk)
        if backup:
            # As the keeper does at the first start.
            desk.back_up()
        texts = [f"waiting {n} " + "y" * 300 for n in range(waiting)]
        for n, text in enumerate(texts):
            desk.record(WRITER, alerts[n % ALERTS], Note(text))
    return texts


def waiting(desk: Desk) -> set[str]:
    return {line.line.data.text for line in desk.outbox() if isinstance(line.line.data, Note)}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_pages_are_damaged_an_entry_is_saved_or_said_to_be_lost(seat: Seat, seed: int) -> None:
    texts = fill(seat)
    seat.damage(seed, pages=6)
    before = seat.home.database.read_bytes()

    with seat.desk() as desk:
        told = desk.salvaged()
        assert told is not None
        assert (seat.home.folder / told.kept).read_bytes() == before
        seat.pull(desk)
        saved = waiting(desk)
        assert saved <= set(texts)
        if told.lost is not None:
            assert told.lost == len(texts) - len(saved)
        assert len(desk.queue_rows()) == ALERTS
        desk.audit()
    with seat.desk() as desk:
        assert desk.salvaged() == told
        desk.salvage_seen()
        assert (desk.salvaged(), waiting(desk)) == (None, saved)


def test_the_copy_is_there_without_a_link_as_far_as_its_chain_holds(seat: Seat) -> None:
    fill(seat)
    # The last pages hold what came last.
    raw = bytearray(seat.home.database.read_bytes())
    raw[-3 * sqlite.PAGE_BYTES + 50] ^= 1
    seat.home.database.write_bytes(raw)

    with seat.desk() as desk:
        told = desk.salvaged()
        assert told is not None
        assert told.events > ALERTS / 2
        assert len(desk.queue_rows()) >= told.events - 30


def test_without_the_pages_that_name_the_tables_the_backup_helps_and_doubt_is_said(seat: Seat) -> None:
    texts = fill(seat)
    with seat.desk() as desk:
        assert desk.back_up() is not None
    seat.home.front.unlink()
    raw = bytearray(seat.home.database.read_bytes())
    raw[100] ^= 1
    seat.home.database.write_bytes(raw)

    with seat.desk() as desk:
        told = desk.salvaged()
        assert told is not None
        assert (told.lost, told.backup_ms is not None) == (None, True)
        assert waiting(desk) == set(texts)
        desk.audit()


@pytest.mark.parametrize("byte", [3, 100, 4000])
def test_the_first_page_is_known_by_heart(seat: Seat, byte: int) -> None:
    texts = fill(seat, backup=False)
    raw = bytearray(seat.home.database.read_bytes())
    raw[byte] ^= 1
    seat.home.database.write_bytes(raw)

    with seat.desk() as desk:
        told = desk.salvaged()
        assert told is not None
        assert (told.lost, waiting(desk)) == (0, set(texts))
        desk.audit()


def test_without_identity_the_pc_asks_to_be_enrolled_and_keeps_what_it_has(seat: Seat) -> None:
    fill(seat, backup=False)
    seat.home.front.unlink()
    raw = bytearray(seat.home.database.read_bytes())
    raw[100] ^= 1
    seat.home.database.write_bytes(raw)

    for _ in range(2):
        with pytest.raises(errors.IdentityLostError):
            Desk.open(seat.home, seat.world)
    assert [file.read_bytes() for file in seat.home.folder.glob("desk-damaged-*.db")] == [bytes(raw)]


def test_another_database_under_another_key_is_left_alone(seat: Seat) -> None:
    seat.home.database.unlink()
    Database(seat.home.database, bytes(32)).close()
    before = seat.home.database.read_bytes()

    with pytest.raises(errors.WrongKeyError):
        Desk.open(seat.home, seat.world)
    assert seat.home.database.read_bytes() == before


@pytest.mark.parametrize("step", ["report", "database", "log", "new"])
def test_a_crash_in_the_middle_of_the_move_is_finished_by_the_next_start(
    seat: Seat, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    texts = fill(seat)
    seat.damage(3, pages=2)
    (seat.home.folder / "desk.db-shm").write_bytes(b"")
    moves = {"report": 0, "database": 1, "log": 2, "new": 3}[step]
    real, done = Path.rename, 0

    def rename(file: Path, target: Path) -> Path:
        nonlocal done
        if target != file and file.parent == seat.home.folder:
            if done == moves:
                raise KeyboardInterrupt
            done += 1
        return real(file, target)

    monkeypatch.setattr(Path, "rename", rename)
    with suppress(KeyboardInterrupt):
        Desk.open(seat.home, seat.world).close()
    monkeypatch.undo()

    with seat.desk() as desk:
        told = desk.salvaged()
        assert told is not None
        assert len(waiting(desk)) == len(texts) - (told.lost or 0)
        assert (seat.home.folder / told.kept).exists()
    assert len(list(seat.home.folder.glob("desk-damaged-*.db"))) == 1


def test_damage_met_while_running_stops_everything_and_is_mended_by_the_next_opening(seat: Seat) -> None:
    texts = fill(seat)
    with seat.desk() as desk:
        seat.damage(5, pages=8)
        assert not desk._database.quickly_sound()
        with pytest.raises(errors.DatabaseDamagedError):
            desk.status()
        with pytest.raises(errors.DatabaseDamagedError):
            desk.keep_draft("jjn-01", "alert-1", "text")

    with seat.desk() as desk:
        told = desk.salvaged()
        assert told is not None
        assert len(waiting(desk)) == len(texts) - (told.lost or 0)


def test_nothing_is_salvaged_while_another_process_works_here(seat: Seat) -> None:
    fill(seat)
    with seat.desk():
        seat.damage(5, pages=8)
        (seat.home.database.with_suffix(".suspect")).touch()
        with pytest.raises(errors.DatabaseInUseError):
            Desk.open(seat.home, seat.world)
    assert not list(seat.home.folder.glob("desk-damaged-*"))


def test_a_suspicion_that_is_not_confirmed_is_dropped(seat: Seat) -> None:
    texts = fill(seat)
    seat.home.database.with_suffix(".suspect").touch()

    with seat.desk() as desk:
        assert (desk.salvaged(), waiting(desk)) == (None, set(texts))
    assert not seat.home.database.with_suffix(".suspect").exists()


# ---- the write-ahead log ---------------------------------------------------------------------------------------


def killed(seat: Seat, waiting_count: int = 25) -> list[str]:
    """As `fill`, and the log is left as a kill leaves it."""
    texts = fill(seat, 0)
    with seat.desk() as desk:
        alerts = [f"alert-{n}" for n in range(ALERTS)]
        for n in range(waiting_count):
            texts.append(f"after {n}")
            desk.record(WRITER, alerts[n], Note(texts[-1]))
        files = [(part, (seat.home.folder / f"desk.db{part}").read_bytes()) for part in ("", "-wal")]
    for part, content in files:
        (seat.home.folder / f"desk.db{part}").write_bytes(content)
    return texts


def test_a_kill_is_no_damage(seat: Seat) -> None:
    texts = killed(seat)

    with seat.desk() as desk:
        assert (desk.salvaged(), waiting(desk)) == (None, set(texts))


def test_a_torn_last_commit_is_no_damage(seat: Seat) -> None:
    texts = killed(seat)
    log = seat.home.folder / "desk.db-wal"
    raw = bytearray(log.read_bytes())
    raw[-journal.FRAME_BYTES + 100] ^= 1
    log.write_bytes(raw)

    with seat.desk() as desk:
        assert (desk.salvaged(), waiting(desk)) == (None, set(texts[:-1]))


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_commits_behind_a_damaged_frame_of_the_log_are_not_silently_dropped(seat: Seat, place: float) -> None:
    texts = killed(seat)
    log = seat.home.folder / "desk.db-wal"
    raw = bytearray(log.read_bytes())
    frames = (len(raw) - journal.HEADER.size) // journal.FRAME_BYTES
    raw[journal.HEADER.size + int(frames * place) * journal.FRAME_BYTES + 100] ^= 1
    log.write_bytes(raw)

    with seat.desk() as desk:
        told = desk.salvaged()
        assert told is not None
        assert told.lost is not None
        assert len(waiting(desk)) == len(texts) - told.lost
        assert told.lost <= 5
        desk.audit()


# ---- backups ---------------------------------------------------------------------------------------------------


def test_backups_rotate_and_open_under_the_key_only(seat: Seat) -> None:
    fill(seat, backup=False)
    with seat.desk() as desk:
        for _ in range(5):
            made = desk.back_up()
            assert made is not None
            seat.world.pass_ms(1000)
        kept = desk.backups()

    assert (len(kept), kept[0]) == (backups.KEPT, made)
    assert all(backups.good(one, seat.key) for one in kept)
    assert not backups.good(kept[0], bytes(32))
    assert b"waiting 1" not in kept[0].file.read_bytes()


def test_a_backup_is_made_at_once_then_daily_or_after_many_changes(seat: Seat) -> None:
    fill(seat, backup=False)
    with seat.desk() as desk:
        keeper = Keeper(desk._database, seat.home, seat.world)
        keeper.step()
        assert len(desk.backups()) == 1
        seat.world.pass_ms(60_000)
        keeper.step()
        assert len(desk.backups()) == 1
        seat.world.pass_ms(24 * 3_600_000)
        keeper.step()
        assert len(desk.backups()) == 2
        for n in range(500):
            seat.kota.alert(f"more-{n}")
        seat.pull(desk)
        keeper.step()
        assert len(desk.backups()) == 2
        seat.world.pass_ms(30 * 60_000)
        keeper.step()
        assert len(desk.backups()) == 3


def test_a_clock_set_back_does_not_make_the_newest_backup_the_oldest(seat: Seat) -> None:
    fill(seat, backup=False)
    with seat.desk() as desk:
        for _ in range(4):
            made = desk.back_up()
            seat.world.wall -= 86_400_000
        assert desk.backups()[0] == made


def test_no_backup_is_made_where_it_would_fill_the_disk(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(seat, backup=False)
    with seat.desk() as desk:
        monkeypatch.setattr(backups, "ROOM", 10**12)
        assert desk.back_up() is None
        assert desk.backups() == []


def test_a_wipe_takes_backups_and_damaged_files_along(seat: Seat) -> None:
    fill(seat)
    with seat.desk() as desk:
        desk.back_up()
    seat.damage(5, pages=3)
    with seat.desk() as desk:
        assert desk.salvaged() is not None
        wiping.wipe(seat.home, desk._database, seat.world)

    left = {file.name for file in seat.home.folder.rglob("*") if file.is_file()}
    assert left == {"wiped"}
