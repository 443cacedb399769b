"""Who works in a home at this moment: many processes may, but only one while its database is replaced.

The lock is the operating system's and is gone with the process, however that ends.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sync.desk.home import Home

if sys.platform != "win32":
    import fcntl


class Occupancy:
    """Says that a process works in ``home``, from construction until `leave`."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = home.occupied.open("ab")
        self._share()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else works here; if so, nobody else begins to before the context ends."""
        try:
            yield self._take()
        finally:
            self._share()

    def leave(self) -> None:
        """Work here no more."""
        self._lock.close()

    if sys.platform == "win32":

        def _take(self) -> bool:
            # A file that somebody has open cannot be moved, not even to where it is.
            try:
                if self._home.database.exists():
                    self._home.database.rename(self._home.database)
            except OSError:
                return False
            return True

        def _share(self) -> None:
            pass

    else:

        def _take(self) -> bool:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        def _share(self) -> None:
            fcntl.flock(self._lock, fcntl.LOCK_SH)
