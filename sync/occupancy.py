"""Who works on a file at this moment: many processes may, but only one while the file is replaced.

The lock is the operating system's and is gone with the process, however that ends.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

if sys.platform != "win32":
    import fcntl


class Occupancy:
    """Says that a process works on ``file``, by a lock on another one, from construction until `leave`."""

    def __init__(self, lock: Path, file: Path) -> None:
        self._file = file
        self._lock = os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab")
        self._share()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else works on it; if so, nobody else begins to before the context ends."""
        try:
            yield self._take()
        finally:
            self._share()

    def leave(self) -> None:
        """Work on it no more."""
        self._lock.close()

    if sys.platform == "win32":

        def _take(self) -> bool:
            # A file that somebody has open cannot be moved, not even to where it is.
            try:
                if self._file.exists():
                    self._file.rename(self._file)
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
