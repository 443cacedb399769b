"""Keeping this PC's copy: a large database is checked once the window stands, and backups are made when they are due.

A thread of its own does both, on connections of its own: nobody who reads or writes waits for it. Damage it finds is
met like any other: the database answers nothing more, and the next start salvages it.
"""

import logging
from collections.abc import Callable
from threading import Event, Thread

from sync.desk.errors import DatabaseDamagedError, DeskError
from sync.desk.home import Home
from sync.desk.projection import Changed
from sync.desk.store import backups
from sync.desk.store.backups import Backup
from sync.desk.store.database import Database
from sync.world import World

_log = logging.getLogger(__name__)

LOOK_S = 60
DAY_MS = 24 * 3600 * 1000
# What calls for a copy before the day is over, and how soon one may follow another.
MANY_CHANGES = 500
SOONEST_MS = 30 * 60 * 1000
STOP_TIMEOUT_S = 2


class Keeper:
    """Keeps one database. `step` does what is due; `start` does so every minute."""

    def __init__(self, database: Database, home: Home, world: World) -> None:
        self._database = database
        self._home = home
        self._world = world
        self._checked = False
        self._copied: tuple[int, int] | None = None
        self._stopping = Event()
        self._notify: Callable[[Changed], None] = lambda _: None
        self._thread = Thread(target=self._run, name="kota-keeper", daemon=True)

    def start(self, notify: Callable[[Changed], None]) -> None:
        """``notify`` is called on the keeper's thread when the database turns out damaged."""
        self._notify = notify
        self._thread.start()

    def stop(self) -> None:
        """End, at most `STOP_TIMEOUT_S` later; a copy that is being made then is no copy."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_TIMEOUT_S)

    def step(self) -> None:
        """Check once, then make a copy if one is due. Raises `DeskError`, ``OSError``."""
        if not self._checked:
            if not self._database.quickly_sound():
                raise DatabaseDamagedError
            self._checked = True
        if self._due():
            self.back_up()

    def back_up(self) -> Backup | None:
        """Make a copy; None where there is no room."""
        changes = self._database.read(backups.changes)
        made = backups.make(self._database, self._home.backups, self._world.wall_ms())
        # Where there is no room now there may be some after as many changes again.
        self._copied = (self._world.mono_ms(), changes)
        return made

    def _due(self) -> bool:
        if self._copied is None:
            newest = next(iter(backups.kept(self._home.backups)), None)
            # By the wall clock, as nothing else outlives the program; however wrong, it makes a copy too many at most.
            if newest is None or abs(self._world.wall_ms() - newest.made_ms) >= DAY_MS:
                return True
            self._copied = (self._world.mono_ms(), self._database.read(backups.changes))
        then_ms, changes = self._copied
        passed_ms = self._world.mono_ms() - then_ms
        many = abs(self._database.read(backups.changes) - changes) >= MANY_CHANGES
        return passed_ms >= DAY_MS or (many and passed_ms >= SOONEST_MS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step()
            except DatabaseDamagedError:
                _log.warning("the database is damaged; it is salvaged when it is opened next")
                self._notify(Changed(status=True))
                return
            except (DeskError, OSError) as error:
                _log.warning("this PC's copy could not be kept in order: %s", type(error).__name__)
            self._stopping.wait(LOOK_S)
