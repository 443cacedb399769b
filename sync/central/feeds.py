"""What a device reads of its unit's feed, and what it says it stores.

A page is the stored bytes, never encoded again, under a head that Kota signs together with its epoch. A device gets
the feed of its own unit and no other, and a feed that differs from what it holds is said to differ, never mended.
"""

import asyncio
from asyncio import Future, Task
from dataclasses import dataclass
from functools import partial

from sync.central.enrolment import standing
from sync.central.kota import Kota
from sync.central.problem import ProblemError
from sync.central.store import devices, feeds
from sync.central.store.database import Connection, Store
from sync.central.tokens import Claim
from sync.central.watch import Watch
from sync.wire import page
from sync.wire.chain import Head, feed_of, sign
from sync.wire.errors import Code
from sync.wire.messages import LIMIT_EVENTS, WAIT_MAX_S, Changes, Receipt, Received

# A page ends here even if fewer events than asked for are on it: one slow link must not hold many megabytes.
PAGE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """One request for changes: beyond ``after``, whose hash at the device is ``head``; wait so long for the first."""

    unit: str
    after: int
    head: str
    limit: int = LIMIT_EVENTS
    wait_s: int = 0


@dataclass(frozen=True)
class Found:
    """What one read of a feed gave: ``bodies``, of ``size`` bytes, lead to ``upto``; the feed reached to ``end``."""

    bodies: list[bytes]
    size: int
    upto: Head
    end: int


@dataclass(frozen=True)
class _Shared:
    """One read for all who asked the same and were woken by the same growth: the page, and the devices it is for."""

    asked: Asked
    grown: Future[None]
    page: Task[tuple[bytes | None, frozenset[str]]]


class Feeds:
    """Answers ``changes`` and ``receipts``."""

    def __init__(self, store: Store, kota: Kota, watch: Watch) -> None:
        self._store = store
        self._kota = kota
        self._watch = watch
        # The newest of each unit. Who waits is at the end of the feed, so it is the page of one or a few events.
        self._shared: dict[str, _Shared] = {}
        # The newest page of each unit, at most `PAGE_BYTES`. After an outage many desks ask for the same one, while it
        # still grows: each reads only what came since the last.
        self._newest: dict[str, tuple[_Page, Found]] = {}

    async def changes(self, claim: Claim, asked: Asked) -> bytes:
        """The page. Raises `ProblemError`: `standing`'s, 403 for another unit's feed, 409 if the feeds differ."""
        deadline = asyncio.get_running_loop().time() + min(asked.wait_s, WAIT_MAX_S)
        while True:
            grown = self._watch.grown(asked.unit)
            found = await self._store.read(partial(_look, claim=claim, asked=asked, held=self._held(asked)))
            left = deadline - asyncio.get_running_loop().time()
            if found.bodies:
                self._newest[asked.unit] = (_page_of(asked), found)
            if found.bodies or left <= 0 or self._watch.released:
                return self._page(asked, found)
            await asyncio.wait([grown], timeout=left)
            shared = await self._shared_page(claim, asked, found, grown) if grown.done() else None
            if shared is not None:
                return shared

    def _held(self, asked: Asked) -> Found | None:
        page_of, found = self._newest.get(asked.unit, (None, None))
        return found if page_of == _page_of(asked) else None

    async def _shared_page(
        self, claim: Claim, asked: Asked, held: Found, grown: Future[None]
    ) -> bytes | None:
        """The page for all who ask this and woke together: read, encoded and signed once. None if it is not for this one.

        ``held`` is what this one found before it waited.
        """
        shared = self._shared.get(asked.unit)
        if shared is None or shared.asked != asked or shared.grown is not grown:
            shared = _Shared(asked, grown, asyncio.create_task(self._for_all(asked, held)))
            self._shared[asked.unit] = shared
        # One who hangs up must not end it for the others.
        body, entitled = await asyncio.shield(shared.page)
        return body if claim.device in entitled else None

    async def _for_all(self, asked: Asked, held: Found) -> tuple[bytes | None, frozenset[str]]:
        found, entitled = await self._store.read(
            lambda c: (_read(c, asked, held), devices.in_unit(c, asked.unit))
        )
        return (self._page(asked, found) if found.bodies else None), entitled

    def _page(self, asked: Asked, found: Found) -> bytes:
        signature = sign(self._kota.key, feed_of(asked.unit), found.upto, context=self._kota.epoch)
        header = Changes(
            epoch=self._kota.epoch,
            server_ms=self._kota.now_ms(),
            unit=asked.unit,
            after=asked.after,
            upto=found.upto.number,
            end=found.end,
            head=found.upto.hash.hex(),
            signature=signature.hex(),
        )
        return page.join(header, found.bodies)

    async def receive(self, claim: Claim, receipt: Receipt) -> Received:
        """Keep a receipt. Raises `ProblemError`: `standing`'s, 403, 409 if epoch or hash are not Kota's."""
        if receipt.epoch != self._kota.epoch:
            raise ProblemError(Code.EPOCH_CHANGED)
        upto = await self._store.write(lambda c: self._receive(c, claim, receipt))
        return Received(epoch=self._kota.epoch, server_ms=self._kota.now_ms(), upto=upto)

    def _receive(self, connection: Connection, claim: Claim, receipt: Receipt) -> int:
        device = standing(connection, claim)
        if device.unit != receipt.unit:
            raise ProblemError(Code.NOT_YOUR_FEED)
        end = feeds.end(connection, receipt.unit)
        head = _same(connection, receipt.unit, receipt.upto, receipt.head, end)
        return devices.save_receipt(connection, device.id, receipt.unit, head, self._kota.now_ms())


# What makes two requests want the same page: unit, after, head and limit.
_Page = tuple[str, int, str, int]


def _page_of(asked: Asked) -> _Page:
    return asked.unit, asked.after, asked.head, asked.limit


def _look(connection: Connection, claim: Claim, asked: Asked, held: Found | None) -> Found:
    device = standing(connection, claim)
    if device.unit != asked.unit:
        raise ProblemError(Code.NOT_YOUR_FEED)
    return _read(connection, asked, held)


def _read(connection: Connection, asked: Asked, held: Found | None = None) -> Found:
    """The page, from the feed; or from ``held``, the same page when the feed was shorter, and the feed beyond it."""
    end = feeds.end(connection, asked.unit)
    if held is None:
        held = Found([], 0, _same(connection, asked.unit, asked.after, asked.head, end), end.number)
    bodies, size, upto = list(held.bodies), held.size, held.upto
    room = min(asked.limit, LIMIT_EVENTS) - len(bodies)
    if room > 0 and upto.number < end.number:
        for line in feeds.lines(connection, asked.unit, upto.number, room):
            if bodies and size + len(line.body) > PAGE_BYTES:
                break
            size += len(line.body)
            bodies.append(line.body)
            upto = Head(line.number, line.hash)
    return Found(bodies, size, upto, end.number)


def _same(connection: Connection, unit: str, number: int, claimed: str, end: Head) -> Head:
    """Kota's own head at ``number``, if the device holds the same one; else 409, or 422 for no number at all."""
    if number < 0:
        raise ProblemError(Code.UNREADABLE)
    if number > end.number:
        raise ProblemError(Code.HEAD_MISMATCH, expected=end.number)
    head = end if number == end.number else Head(number, feeds.hash_at(connection, unit, number))
    if head.hash.hex() != claimed:
        raise ProblemError(Code.HEAD_MISMATCH, expected=end.number)
    return head
