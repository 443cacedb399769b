"""Wiping: destroying the key first, then everything that was encrypted under it.

Begun only on a verified command of Kota's, and once begun always finished: a marker is on the disk before anything is
destroyed, so that a power cut in between, or a file that Windows will not delete while it is open, leaves a PC that
goes on wiping at its next start and shows nothing until then.
"""

import logging
import os

from sync.desk import keys
from sync.desk.home import Home
from sync.desk.store.database import Database, suspect
from sync.world import World

_log = logging.getLogger(__name__)

# The database with its journals, its backups, and what was kept of damaged ones.
DATABASE_FILES = "desk*.db*"


def wipe(home: Home, database: Database, world: World) -> None:
    """Destroy all this desk holds; ``database`` answers nothing any more."""
    with home.wiped.open("wb") as marker:
        os.fsync(marker.fileno())
    database.retire()
    finish(home, world)


def finish(home: Home, world: World) -> None:
    """Destroy whatever is left; what cannot be deleted now is unreadable without the key, and deleted next time."""
    keys.destroy(home, world)
    for file in (
        *sorted(home.folder.rglob(DATABASE_FILES)),
        home.salvage,
        suspect(home.database),
        home.occupied,
    ):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("%s is wiped but cannot be deleted yet (%s)", file.name, type(error).__name__)


def forget(home: Home, world: World) -> None:
    """A new enrolment begins: what was wiped is gone, and so is the memory of it."""
    if home.wiped.exists():
        finish(home, world)
        home.wiped.unlink()
