"""A damaged database: keep the file, save what can be saved into a new one, and say what became of it.

The damaged file is moved aside under a dated name, with its write-ahead log, and never changed or deleted (but by a
wipe). A crash at any moment leaves either the damaged database in its place, or a move that the next start finishes.
What an officer must know stands in ``salvage.json`` until somebody has read it: counts and times only.
"""

import errno
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from sync import durable, sqlite
from sync.desk import errors
from sync.desk.home import Home
from sync.desk.store import backups, front, journal, rescue
from sync.desk.store.database import Database, suspect
from sync.desk.store.rescue import Found
from sync.occupancy import Occupancy
from sync.words import Words, mark
from sync.world import World

_log = logging.getLogger(__name__)

# The database, its write-ahead log, and the index of that. In this order: a log must never outlive its database.
PARTS = ("", "-wal", "-shm")
# Below this a file is checked before anything is shown; a larger one afterwards, by the keeper.
SMALL_BYTES = 64 * 1024 * 1024

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

WAS_DAMAGED = mark(
    "The file with the alerts on this PC was damaged. It is kept, and a new one was made from it."
)
ALL_SAFE = mark("Nothing that was saved here is lost; entries not yet at Kota: {waiting}.")
SOME_LOST = mark(
    "Entries that were saved here, were not yet at Kota and can no longer be read: {lost}. Look at your last cases "
    "and write them again."
)
PERHAPS_LOST = mark(
    "Entries that were saved here last and were not yet at Kota may be missing. Look at your last cases and write "
    "again what is not there."
)
COMES_BACK = mark(
    "What Kota has comes back by itself; work goes on. Tell Kota that the disk of this PC may be failing."
)


class Salvaged(Struct, frozen=True, kw_only=True):
    """What a salvage did. ``moved`` and ``seen`` say how far it, and its telling, are.

    ``lost`` counts undelivered entries that are known to be missing; None where it cannot be told. ``backup_ms`` is
    the moment of the copy that helped, if one was needed. Without ``enrolled`` the PC is no desk any more.
    """

    at_ms: int
    kept: str
    enrolled: bool
    waiting: int
    lost: int | None
    events: int
    backup_ms: int | None = None
    moved: bool = False
    seen: bool = False


def told(home: Home) -> Salvaged | None:
    """What has to be said of the last salvage, until `seen`."""
    last = _last(home)
    return None if last is None or last.seen else last


def say(salvaged: Salvaged, words: Words) -> list[str]:
    """What happened, what is safe, and what to do."""
    if salvaged.lost == 0:
        safe = words.text(ALL_SAFE, waiting=salvaged.waiting)
    elif salvaged.lost is None:
        safe = words.text(PERHAPS_LOST)
    else:
        safe = words.text(SOME_LOST, lost=salvaged.lost)
    return [words.text(WAS_DAMAGED), safe, words.text(COMES_BACK)]


def seen(home: Home) -> None:
    """Somebody has read it."""
    last = _last(home)
    if last is not None:
        _keep(home, msgspec.structs.replace(last, seen=True))


def put_right(home: Home, key: bytes, world: World, here: Occupancy) -> None:
    """Finish a salvage that was cut off, and salvage the database if it is damaged.

    Raises `DatabaseInUseError` if another process must be ended first, `DiskFullError`, and `WrongKeyError` if the
    file is simply another one; nothing is changed then.
    """
    with here.alone() as alone, _said(home):
        if alone:
            finish(home)
            if not home.database.exists():
                return
            if _damaged(home, key):
                _salvage(home, key, world)
            if not _unclean(home.database):
                front.keep(home.database, home.front, key)
        elif home.new_database.exists() or suspect(home.database).exists():
            raise errors.DatabaseInUseError


def _damaged(home: Home, key: bytes) -> bool:
    """Look at a small file whole, at a large one only if damage was met before: the keeper looks at it meanwhile."""
    file = home.database
    met = suspect(file).exists()
    try:
        if _unclean(file) and journal.damaged(_part(file, "-wal")):
            return True
        if met or file.stat().st_size <= SMALL_BYTES:
            sound = sqlite.sound(file, key=key, thorough=met)
            if sound:
                suspect(file).unlink(missing_ok=True)
            return not sound
        sqlite.connect(file, key=key, read_only=True).close()
    except sqlite.WrongKeyError as error:
        if not _right_key(home, key):
            raise errors.WrongKeyError from error
        return True
    except sqlite.DatabaseError as error:
        if sqlite.error_name(error).startswith("SQLITE_CORRUPT"):
            return True
        raise
    return False


def _unclean(file: Path) -> bool:
    """Whether the last process had no time to put its log into the database."""
    log = _part(file, "-wal")
    return log.exists() and log.stat().st_size > 0


def _right_key(home: Home, key: bytes) -> bool:
    """Whether it is the file's fault that it does not open: this key has opened what was there before."""
    if home.front.exists() or sqlite.key_fits(home.database, key):
        return True
    return any(backups.good(backup, key) for backup in backups.kept(home.backups))


@contextmanager
def _said(home: Home) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise errors.DiskFullError from error
        raise errors.HomeUnreadableError(folder=home.folder) from error


def _salvage(home: Home, key: bytes, world: World) -> None:
    now_ms = world.wall_ms()
    _remove(home.new_database)
    _remove(home.damaged_copy)
    found, backup_ms = _found(home, key)
    new = Database(home.new_database, key)
    try:
        written = rescue.write(new, found)
    finally:
        new.close()
    durable.sync_file(home.new_database)
    salvaged = Salvaged(
        at_ms=now_ms,
        kept=_name(home, now_ms),
        enrolled=written.enrolled,
        waiting=written.waiting,
        lost=written.lost,
        events=written.events,
        backup_ms=backup_ms,
    )
    _keep(home, salvaged)
    _log.warning(
        "the database was damaged and is kept as %s; saved: %d undelivered entries, %d events; lost entries: %s",
        *(
            salvaged.kept,
            salvaged.waiting,
            salvaged.events,
            "unknown" if written.lost is None else written.lost,
        ),
    )
    finish(home)


def _found(home: Home, key: bytes) -> tuple[Found, int | None]:
    """What the damaged file tells, and where that is not all, the newest good copy that helps."""
    found = Found()
    for part in PARTS[:2]:
        if _part(home.database, part).exists():
            shutil.copyfile(_part(home.database, part), _part(home.damaged_copy, part))
    try:
        front.mend(home.damaged_copy, home.front, key)
        journal.mend(_part(home.damaged_copy, "-wal"))
        opens = rescue.read(home.damaged_copy, key, found)
    finally:
        _remove(home.damaged_copy)
    identified = found.device is not None and found.device["device"] is not None
    if opens and identified and found.epoch and found.missing == set():
        return found, None
    for backup in backups.kept(home.backups):
        if backups.good(backup, key) and rescue.read_backup(backup.file, key, found):
            return found, backup.made_ms
    return found, None


def finish(home: Home) -> None:
    """Move the damaged file aside and the new one into its place, from wherever a crash left that."""
    last = _last(home)
    if last is None or last.moved:
        return
    kept = home.folder / last.kept
    home.front.unlink(missing_ok=True)
    if home.new_database.exists():
        for part in PARTS:
            if _part(home.database, part).exists():
                _part(home.database, part).rename(_part(kept, part))
        durable.sync_folder(home.folder)
        home.new_database.rename(home.database)
        durable.sync_folder(home.folder)
    suspect(home.database).unlink(missing_ok=True)
    _keep(home, msgspec.structs.replace(last, moved=True))


def _name(home: Home, now_ms: int) -> str:
    """A name nobody has. A wipe finds every name of this shape."""
    day = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%d-%H%M%S")
    names = (f"desk-damaged-{day}{again}.db" for again in ("", *(f"-{n}" for n in range(2, 10_000))))
    return next(name for name in names if not (home.folder / name).exists())


def _last(home: Home) -> Salvaged | None:
    try:
        return msgspec.json.decode(home.salvage.read_bytes(), type=Salvaged)
    except FileNotFoundError:
        return None


def _keep(home: Home, salvaged: Salvaged) -> None:
    durable.replace(home.salvage, msgspec.json.encode(salvaged))


def _remove(file: Path) -> None:
    for part in PARTS:
        _part(file, part).unlink(missing_ok=True)


def _part(file: Path, part: str) -> Path:
    return file.with_name(file.name + part)
