"""Wakes the long-polls of a unit when its feed has grown, whoever made it grow.

A commit of this process says itself which feeds it made grow; one of another process (the command line, another node)
is noticed within `LOOK_EVERY_S`, by reading the heads of all feeds: some fifty rows, and only while somebody waits. Nothing
is added to the transactions of those who write. All waiters of a unit share one future. Being woken is a hint and never carries data: whoever wakes reads again.
"""

import asyncio
import contextlib
import logging
from asyncio import AbstractEventLoop, Future
from collections.abc import Mapping

from sync.central.store import feeds
from sync.central.store.database import Store, StoreFailedError

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.04
AFTER_FAILURE_S = 1.0


class Watch:
    """Made and used on one event loop; `run` is its task."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loop: AbstractEventLoop = asyncio.get_running_loop()
        self._seen: dict[str, int] = {}
        self._waiting: dict[str, Future[None]] = {}
        self._released = False
        store.on_commit(self._committed)

    def _committed(self, grown: Mapping[str, int]) -> None:
        """Called in the writer's thread; the loop may be gone when a last write ends."""
        if grown:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._reach, grown)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._waiting:
                await self._look()

    async def _look(self) -> None:
        try:
            ends = await self._store.read(feeds.ends)
        except StoreFailedError:
            # Whoever waits reads again at the end of the wait; the next look comes soon.
            log.warning("watch: the database could not be read")
            await asyncio.sleep(AFTER_FAILURE_S)
            return
        self._reach(ends)

    def _reach(self, ends: Mapping[str, int]) -> None:
        """Wake those whose feed reaches further than was known: a look may have begun before a commit we know of."""
        for unit, end in ends.items():
            if end > self._seen.get(unit, -1):
                self._seen[unit] = end
                self._wake(unit)

    def grown(self, unit: str) -> Future[None]:
        """Done when the feed of ``unit`` grows from now on. Ask *before* reading, so that nothing falls between."""
        waiting = self._waiting.get(unit)
        if waiting is None:
            waiting = self._waiting[unit] = self._loop.create_future()
            if self._released:
                waiting.set_result(None)
        return waiting

    @property
    def released(self) -> bool:
        """Whether nobody should wait any more."""
        return self._released

    def release(self) -> None:
        """Kota is stopping: wake everybody, and let nobody wait again."""
        self._released = True
        for unit in list(self._waiting):
            self._wake(unit)

    def _wake(self, unit: str) -> None:
        waiting = self._waiting.pop(unit, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
