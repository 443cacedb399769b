"""Backups of all that Kota holds: each one SQLite file, from whichever database, checked before it has its name.

A backup has no keys in it: these stand in the folder of Kota and do not change. It does hold everything else, so it
is readable by its owner only. What is never done: to count a backup that was not read again and proven whole.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from sync import durable, sqlite
from sync.central.audit import Audited, ChainBrokenError, audit
from sync.central.home import Home
from sync.central.store import database, meta
from sync.central.store.database import (
    Connection,
    DatabaseDamagedError,
    StoreFailedError,
)
from sync.words import SpokenError, mark
from sync.world import World

log = logging.getLogger(__name__)

# Of the backups there are: these many newest stay, and the newest of each of these many days. Counted, not by age: a
# clock that jumps must not throw backups away.
KEPT_NEWEST = 24
KEPT_DAYS = 30

# In the copy only: whose it is, and when it was made.
OWNER = "backup-of"
MADE = "backup-made-ms"

_NAME = re.compile(r"kota-(\d{8}-\d{6}-\d{3})\.backup")
_MOMENT = "%Y%m%d-%H%M%S"


class BackupNotWrittenError(SpokenError):
    """The copy could not be stored."""

    sentence = mark(
        "The backup cannot be written into {folder} ({reason}); make room or name another folder with --to. The backups "
        "there are were not touched."
    )


class BackupUnreadableError(SpokenError):
    """The file is none of ours, or not whole."""

    sentence = mark(
        "{file} is not a whole backup of a Kota ({reason}); take another one. Nothing was changed."
    )


class BackupOfOtherError(SpokenError):
    """The keys of this Kota are not the keys of that backup."""

    sentence = mark(
        "{file} is the backup of another Kota: the desks would not believe this one. Name the folder with its keys with "
        "--home. Nothing was changed."
    )


class Backup(Struct, frozen=True):
    """One backup: its file, when it was made by Kota's clock, and its size."""

    file: Path
    made_ms: int
    bytes: int


class Proven(Struct, frozen=True):
    """A backup that was read from end to end. ``made_ms`` is None of a copy that was made by hand."""

    made_ms: int | None
    audited: Audited


def kept(folder: Path) -> list[Backup]:
    """The backups in ``folder``, the newest first."""
    if not folder.is_dir():
        return []
    found = [(file, _NAME.fullmatch(file.name)) for file in folder.iterdir()]
    made = [Backup(file, _moment(match[1]), file.stat().st_size) for file, match in found if match]
    return sorted(made, key=lambda one: one.made_ms, reverse=True)


def make(home: Home, world: World, folder: Path) -> tuple[Backup, Proven]:
    """Make one while everybody goes on working, prove it whole, and remove those that are spare.

    Raises `BackupNotWrittenError`, `DatabaseDamagedError`, `ChainBrokenError`, and what `Home` raises.
    """
    try:
        with home.store():
            # As long as this is open nobody replaces the database.
            return _make(home, world, folder)
    except DatabaseDamagedError:
        raise
    except (OSError, StoreFailedError) as error:
        raise BackupNotWrittenError(folder=folder, reason=_reason(error)) from error


def _reason(error: Exception) -> str:
    """What the operating system or the database says, without the statement it was about."""
    cause = error.__cause__ or error
    return str(getattr(cause, "strerror", None) or getattr(cause, "orig", None) or cause)


def _make(home: Home, world: World, folder: Path) -> tuple[Backup, Proven]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob("kota-*.part*"):
        # Of one that was cut off.
        left.unlink()
    newest = next(iter(kept(folder)), None)
    # A clock that was set back must not make the newest look like the oldest.
    made_ms = world.wall_ms() if newest is None else max(world.wall_ms(), newest.made_ms + 1)
    file = folder / f"kota-{label(made_ms)}.backup"
    part = file.with_suffix(".part")
    part.touch(mode=0o600, exist_ok=False)
    try:
        database.copy(home.place(), part)
        _sign(part, home, made_ms)
        proven = prove(part, home)
        durable.sync_file(part)
        part.rename(file)
    except BaseException:
        for left in folder.glob(f"{part.name}*"):
            left.unlink()
        raise
    durable.sync_folder(folder)
    for one in spare(kept(folder)):
        one.file.unlink()
        log.info("backup %s was removed: newer ones stay", one.file.name)
    return Backup(file, made_ms, file.stat().st_size), proven


def _sign(part: Path, home: Home, made_ms: int) -> None:
    database.own(part).write(lambda c: _mark(c, _owner(home), made_ms))
    with closing(sqlite.connect(part)) as connection:
        # One file, that can be read from a medium nobody can write to.
        connection.execute("PRAGMA journal_mode = DELETE")


def _mark(connection: Connection, owner: str, made_ms: int) -> None:
    meta.save(connection, OWNER, owner)
    meta.save(connection, MADE, str(made_ms))


def _owner(home: Home) -> str:
    return home.signing_key().public_key().public_bytes_raw().hex()


def prove(file: Path, home: Home) -> Proven:
    """Read ``file`` from end to end: every page, every reference between rows, every chain and signature.

    Raises `BackupUnreadableError`, `BackupOfOtherError` or `NewerDatabaseError`.
    """
    try:
        if not sqlite.sound(file, thorough=True):
            raise BackupUnreadableError(file=file, reason="damaged")
        owner, proven = database.own(file).look(_look)
    except sqlite.WrongKeyError as error:
        raise BackupUnreadableError(file=file, reason="not a database") from error
    except (StoreFailedError, sqlite.DatabaseError, OSError) as error:
        raise BackupUnreadableError(file=file, reason=_reason(error)) from error
    except ChainBrokenError as error:
        place = "{owner}, {number}".format_map(error.values)
        raise BackupUnreadableError(file=file, reason=place) from error
    if owner not in (None, _owner(home)):
        raise BackupOfOtherError(file=file)
    return proven


def _look(connection: Connection) -> tuple[str | None, Proven]:
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise StoreFailedError("a row names another that is not there")
    made = meta.find(connection, MADE)
    proven = Proven(None if made is None else int(made), audit(connection))
    return meta.find(connection, OWNER), proven


def spare(backups: Sequence[Backup]) -> list[Backup]:
    """Which of ``backups``, the newest first, need not be kept."""
    staying = set(backups[:KEPT_NEWEST]) | set(_newest_of_days(backups)[:KEPT_DAYS])
    return [one for one in backups if one not in staying]


def _newest_of_days(backups: Iterable[Backup]) -> list[Backup]:
    days: dict[str, Backup] = {}
    for one in backups:
        days.setdefault(label(one.made_ms)[:8], one)
    return list(days.values())


def label(made_ms: int) -> str:
    """A moment as it stands in the name of a file."""
    moment = datetime.fromtimestamp(made_ms // 1000, UTC).strftime(_MOMENT)
    return f"{moment}-{made_ms % 1000:03}"


def _moment(label: str) -> int:
    day, time, thousandth = label.split("-")
    moment = datetime.strptime(f"{day}-{time}", _MOMENT).replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000 + int(thousandth)
