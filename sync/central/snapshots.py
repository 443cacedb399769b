"""Snapshots: what a new desk takes over instead of reading its unit's feed event by event.

The files in ``folder`` are a copy of what the database holds and may be deleted at any time. A snapshot is given out
only as long as the feed still goes the way it went when it was made.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

from sync.central import making
from sync.central.enrolment import standing
from sync.central.kota import Kota
from sync.central.making import Made, News, Published
from sync.central.problem import ProblemError
from sync.central.store import feeds
from sync.central.store.database import Connection, Store, StoreFailedError
from sync.central.tokens import Claim
from sync.wire.chain import Head
from sync.wire.errors import Code
from sync.wire.folding import RULE
from sync.wire.packing import BrokenPackError, Encoding

log = logging.getLogger(__name__)

# Fewer events than this come quickly by pages.
WORTH_IT = 2_000
# A snapshot is due again when the feed has grown by this part of it.
GROWN_BY = 10
# As much as is folded at once, in memory.
STRIDE = 20_000
LOOK_EVERY_S = 60.0
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Given:
    """A snapshot as it goes out: its file, its ETag, and its bytes in all."""

    file: Path
    tag: str
    size: int


class Snapshots:
    """Keeps them and gives them out; `run` is the task that keeps them up."""

    def __init__(self, store: Store, kota: Kota, folder: Path) -> None:
        self._store = store
        self._kota = kota
        self._folder = folder
        self._stopping = False
        self._packing = Lock()

    async def run(self) -> None:
        """Look until cancelled; what is under way is ended first."""
        while True:
            work = asyncio.create_task(asyncio.to_thread(self.keep_up))
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                self._stopping = True
                await asyncio.wait([work])
                raise
            except StoreFailedError:
                log.warning("snapshots: the database could not be read")
            except OSError as error:
                log.warning("snapshots: the folder cannot be written: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)

    def keep_up(self) -> dict[str, int]:
        """Make those that are due; how far those of which units reach now."""
        made: dict[str, int] = {}
        for unit, end in self._store.read_now(feeds.ends).items():
            if end < WORTH_IT:
                continue
            held = self._held(unit)
            upto = 0 if held is None else held.header.upto
            if end - upto > upto // GROWN_BY:
                made[unit] = self._make(unit, held)
        return made

    def _make(self, unit: str, held: Made | None) -> int:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        upto = 0 if held is None else held.header.upto
        while not self._stopping and (events := self._store.read_now(partial(_events, unit, upto))):
            news = News(unit, events, lambda number: self._store.read_now(partial(_body, unit, number)))
            try:
                held = making.make(self._kota, held, news, self._file(unit))
                upto = held.header.upto
            except BrokenPackError as error:
                log.warning("snapshots: the one of %s is damaged and is made anew: %s", unit, error)
                held, upto = None, 0
        log.info("snapshots: the one of %s reaches to %d", unit, upto)
        return upto

    def _file(self, unit: str) -> Path:
        return self._folder / f"{unit}.{making.ENCODING}"

    def _held(self, unit: str) -> Made | None:
        """The snapshot of ``unit``, if it is of the feed as it is."""
        made = Made.read(self._file(unit))
        return made if made is not None and self._store.read_now(lambda c: self._fits(c, made)) else None

    def _fits(self, connection: Connection, made: Made) -> bool:
        header = made.header
        if header.epoch != self._kota.epoch or header.rule != RULE:
            return False
        if header.upto > feeds.end(connection, header.unit).number:
            return False
        return feeds.hash_at(connection, header.unit, header.upto).hex() == header.head

    async def of(self, claim: Claim, unit: str, encoding: Encoding) -> Given:
        """The snapshot for a device of ``unit``.

        Raises `ProblemError`: `standing`'s, 403 for another unit's, 404 if there is none (yet).
        """
        await self._store.read(lambda c: _entitled(c, claim, unit))
        given = await asyncio.to_thread(self._given, unit, encoding)
        if given is None:
            raise ProblemError(Code.NO_SNAPSHOT)
        return given

    def _given(self, unit: str, encoding: Encoding) -> Given | None:
        held = self._held(unit)
        if held is None:
            return None
        tag, file = held.header.tag(encoding), held.file
        if encoding is not making.ENCODING:
            # Named by what it holds, so that one of an older snapshot is never taken for it.
            file = self._folder / f"{unit}.{tag.replace(':', '-')}"
            with self._packing:
                if not file.exists():
                    for old in self._folder.glob(f"{unit}.*-{encoding}"):
                        old.unlink()
                    making.gzipped(held, file)
        return Given(file, tag, file.stat().st_size)


async def chunks(given: Given, first: int, last: int) -> AsyncIterator[bytes]:
    """The bytes from ``first`` up to and with ``last``."""
    # Held open: it may be replaced meanwhile.
    with await asyncio.to_thread(given.file.open, "rb") as opened:
        opened.seek(first)
        left = last + 1 - first
        while left and (chunk := await asyncio.to_thread(opened.read, min(left, CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk


def _entitled(connection: Connection, claim: Claim, unit: str) -> None:
    if standing(connection, claim).unit != unit:
        raise ProblemError(Code.NOT_YOUR_FEED)


def _events(unit: str, after: int, connection: Connection) -> list[Published]:
    return [
        Published(Head(line.number, line.hash), line.body)
        for line in feeds.lines(connection, unit, after, STRIDE)
    ]


def _body(unit: str, number: int, connection: Connection) -> bytes:
    return feeds.body_at(connection, unit, number)
