"""Copies of the desk's database, encrypted like it, made while everybody goes on working.

A copy has its name only once it is whole, checked and on the disk. The newest `KEPT` stay, fewer where they would
take more than their share of the disk. A copy is only ever read to salvage a damaged database: it never takes the
place of one, so that no old log comes back unnoticed.
"""

import logging
import re
import shutil
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection, func, select

from sync import durable, sqlite
from sync.desk.store import feed
from sync.desk.store.database import Database
from sync.desk.store.tables import log

_log = logging.getLogger(__name__)

KEPT = 3
# Of the disk, for all copies together; and how many times the size of a copy must be free for it to be made.
SHARE = 0.1
ROOM = 4

# The moment is the wall clock's, in milliseconds; it only labels and sorts. A wipe finds every name of this shape.
_NAME = re.compile(r"desk-(\d{13})\.db")


class Backup(Struct, frozen=True):
    """One copy: its file, when it was made by the clock of this PC, and its size."""

    file: Path
    made_ms: int
    bytes: int


def kept(folder: Path) -> list[Backup]:
    """The copies in ``folder``, the newest first."""
    if not folder.is_dir():
        return []
    found = [(file, _NAME.fullmatch(file.name)) for file in folder.iterdir()]
    made = [Backup(file, int(match[1]), file.stat().st_size) for file, match in found if match]
    return sorted(made, key=lambda one: one.made_ms, reverse=True)


def make(database: Database, folder: Path, now_ms: int) -> Backup | None:
    """Make a copy and drop the oldest; None where the disk has no room for it.

    Raises `DatabaseDamagedError` if the database cannot be read whole, `DiskFullError`, ``OSError``.
    """
    disk = shutil.disk_usage(database.folder)
    if disk.free < ROOM * database.bytes:
        _log.warning("no backup is made: the disk is almost full")
        return None
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.glob("desk-*.db.part*"):
        left.unlink()
    # A clock set back must not make the newest copy look like the oldest.
    newest = next(iter(kept(folder)), None)
    made_ms = now_ms if newest is None else max(now_ms, newest.made_ms + 1)
    file = folder / f"desk-{made_ms:013}.db"
    part = file.with_suffix(".db.part")
    part.touch(mode=0o600)
    try:
        database.copy_into(part)
        durable.sync_file(part)
        part.rename(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    durable.sync_folder(folder)
    _drop(folder, int(disk.total * SHARE))
    return Backup(file, made_ms, file.stat().st_size)


def _drop(folder: Path, most_bytes: int) -> None:
    """Keep the newest, at least one."""
    total = 0
    for place, one in enumerate(kept(folder)):
        total += one.bytes
        if place and (place >= KEPT or total > most_bytes):
            one.file.unlink()


def good(backup: Backup, key: bytes) -> bool:
    """Whether every page of it can be read."""
    try:
        return sqlite.sound(backup.file, key=key)
    except (sqlite.WrongKeyError, sqlite.DatabaseError):
        return False


def changes(connection: Connection) -> int:
    """A number that grows with every event and every entry."""
    entries: int = connection.execute(select(func.count()).select_from(log)).scalar_one()
    return entries + feed.standing(connection).head.number
