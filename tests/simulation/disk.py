"""The disk of a simulated machine: real SQLite files, and the moments at which things go wrong with them.

A commit is the only thing that lasts. With ``synchronous=FULL`` what is on the disk after a power cut is the state
of the last commit; a commit made with less is kept in mind and taken back by the next power cut.
"""

import shutil
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from sync.sqlite import dbapi
from tests.simulation.world import Crash

FULL = 2


class Point(StrEnum):
    """Where in a commit the machine stops."""

    BEFORE_COMMIT = "before the commit"
    AFTER_COMMIT = "after the commit"


class Disk:
    """``folder`` on a machine. ``stopped`` is called when a crash that was armed happens."""

    def __init__(self, folder: Path, stopped: Callable[[], None]) -> None:
        self.folder = folder
        self.stopped = stopped
        self.dead = False
        self.full = False
        self.commits = 0
        self._armed: tuple[Point, bool] | None = None
        self.cut = False
        self._synced: dict[Path, bytes] | None = None

    def arm(self, point: Point, *, power_cut: bool) -> None:
        """Stop at the next commit."""
        self._armed = (point, power_cut)

    def disarm(self) -> None:
        self._armed = None

    def committing(self, connection: Any) -> None:
        if self.dead:
            raise Crash
        if self.full:
            # As SQLite does: a COMMIT that finds no room takes the transaction back.
            connection.rollback()
            full = dbapi.OperationalError("database or disk is full")
            full.sqlite_errorname = "SQLITE_FULL"
            raise full
        self._stop_at(Point.BEFORE_COMMIT)
        (level,) = connection.execute("PRAGMA synchronous").fetchone()
        if level < FULL and self._synced is None:
            self._synced = {file: file.read_bytes() for file in self.folder.rglob("*") if file.is_file()}

    def committed(self) -> None:
        self.commits += 1
        self._stop_at(Point.AFTER_COMMIT)

    def _stop_at(self, point: Point) -> None:
        if self._armed is not None and self._armed[0] is point:
            self.cut = self._armed[1]
            self._armed, self.dead = None, True
            self.stopped()
            raise Crash

    def restart(self) -> None:
        """The machine comes back with what is on the disk; every connection must be closed."""
        if self.cut and self._synced is not None:
            shutil.rmtree(self.folder)
            for file, content in self._synced.items():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            self._synced = None
        self.dead = self.cut = self.full = False
        self._armed = None

    def image(self) -> dict[str, bytes]:
        """What somebody finds who copies the disk now: every commit so far."""
        return {
            file.name: file.read_bytes() for file in self.folder.glob("*") if not file.name.endswith("-shm")
        }

    def put(self, image: dict[str, bytes]) -> None:
        """Show ``image`` and nothing else; every connection must be closed."""
        for file in self.folder.glob("*"):
            file.unlink()
        for name, content in image.items():
            (self.folder / name).write_bytes(content)
        self._synced = None

    def durable(self) -> bool:
        """Whether a power cut now would take nothing back."""
        return self._synced is None


Connect = Callable[..., Any]


def connecting(disk_of: Callable[[str], Disk | None], real: Connect) -> Connect:
    """``driver.connect`` for simulated machines: connections that know the disk they write to."""

    def connect(name: str, /, **options: Any) -> Any:
        disk = None if name.endswith("mode=ro") else disk_of(name)
        if disk is None:
            return real(name, **options)
        connection = real(name, factory=_Connection, **options)
        connection.disk = disk
        return connection

    return connect


class _Connection(dbapi.Connection):  # type: ignore[misc,name-defined]  # the wheel ships no types
    disk: Disk

    def commit(self) -> None:
        if not self.in_transaction:
            return
        self.disk.committing(self)
        super().commit()
        self.disk.committed()


class Eye:
    """Sees what is in ``file`` for whoever comes after a power cut: committed rows only."""

    def __init__(self, file: Path, key: bytes | None) -> None:
        self._file = file
        self._key = key
        self._connection: Any = None

    def rows(self, query: str, *values: object) -> list[Any]:
        if self._connection is None:
            self._connection = dbapi.connect(
                f"{self._file.as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
            if self._key is not None:
                self._connection.execute(f"PRAGMA key = \"x'{self._key.hex()}'\"")
        found: list[Any] = self._connection.execute(query, values).fetchall()
        return found

    def close(self) -> None:
        """The file may be replaced; the next look opens it anew."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
