"""The first contents of an empty desk: a snapshot taken over piece by piece, or else the feed page by page.

Blocks of events are proven and stored as they arrive, so that a bad line or a restart costs one piece at the most.
Nothing counts, and nothing is shown, before all of it is there and right. A snapshot that is not right is left for
the pages, which prove themselves: it must never keep a desk empty.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct, field

from sync.desk.failures import Answered
from sync.desk.status import Reply
from sync.desk.step import Step
from sync.desk.store import beginning, blocks, feed
from sync.desk.store.blocks import Packed
from sync.desk.store.database import Database
from sync.desk.store.device import Identity
from sync.wire import chain, packing, snapshot
from sync.wire.chain import Head
from sync.wire.errors import Code
from sync.wire.folding import RULE
from sync.wire.packing import BrokenPackError
from sync.wire.snapshot import HEADER_LIMIT, Snapshot

_log = logging.getLogger(__name__)

_PART_LIMIT = 64 * 1024 * 1024


class Snapshots(Protocol):
    """The one call this needs; `sync.desk.kota.Kota` is one."""

    def snapshot(self, unit: str, first: int, tag: str, into: bytearray) -> tuple[str, int]: ...


class Pulling(Protocol):
    """What brings the feed forward once it has begun; `sync.desk.pull.Pull` does."""

    def step(self, wait_s: int = 0) -> Step: ...


class _Refused(Exception):  # noqa: N818  # a reason, on its way to the log
    """The snapshot is not for us."""


class _Taking(Struct):
    """A snapshot under way: ``buffer`` holds its bytes from ``place`` on.

    Once the header is there, ``taken`` of its blocks are stored.
    """

    tag: str = ""
    size: int = 0
    place: int = 0
    buffer: bytearray = field(default_factory=bytearray)
    header: Snapshot | None = None
    taken: int = 0

    def pass_over(self, count: int) -> bytes:
        """The next ``count`` bytes of the buffer, which need not hold them all."""
        passed = bytes(self.buffer[:count])
        del self.buffer[:count]
        self.place += count
        return passed


class Bootstrap:
    """The pull, and before it the snapshot if this desk is empty and Kota has one."""

    def __init__(
        self, database: Database, who: Identity, kota: Snapshots, begin_pulling: Callable[[], Pulling]
    ) -> None:
        self._database = database
        self._who = who
        self._kota = kota
        # Not before it is needed: what the snapshot brought is not news to it then.
        self._begin_pulling = begin_pulling
        self._pull: Pulling | None = None
        self._key = Ed25519PublicKey.from_public_bytes(who.kota_key)
        self._taking = _Taking()
        self._over = False

    def step(self, wait_s: int = 0) -> Step:
        """Take one more piece, or pull. Raises `sync.desk.failures.LinkFailure`."""
        self._over = self._over or not self._database.read(beginning.is_empty)
        if self._over:
            self._pull = self._pull or self._begin_pulling()
            return self._pull.step(wait_s)
        try:
            return self._piece()
        except Answered as answer:
            if answer.code is Code.TOKEN_NEEDED:
                raise
            if answer.code is Code.SNAPSHOT_CHANGED:
                return self._begin_anew()
            return self._leave(answer.code)
        except (BrokenPackError, _Refused) as reason:
            return self._leave(str(reason))

    def _begin_anew(self) -> Step:
        self._taking = _Taking()
        return Step(more=True)

    def _leave(self, reason: str) -> Step:
        if reason != Code.NO_SNAPSHOT:
            _log.warning("the snapshot is left for the pages: %s", reason)
        self._over, self._taking = True, _Taking()
        self._database.write(blocks.forget)
        return Step(more=True)

    def _piece(self) -> Step:
        taking = self._taking
        if not taking.tag:
            # Whatever came of it before may be of another one.
            taking.buffer.clear()
        first = taking.place + len(taking.buffer)
        if first < taking.size or not taking.size:
            taking.tag, taking.size = self._kota.snapshot(
                self._who.unit.code, first, taking.tag, taking.buffer
            )
        header = taking.header or self._opened(taking)
        if header is None:
            return Step(reply=Reply(None), more=True)
        if not self._keep_blocks(taking, header):
            return self._begin_anew()
        if taking.place + len(taking.buffer) < taking.size:
            return Step(reply=Reply(None), more=True)
        return self._finish(taking, header)

    def _opened(self, taking: _Taking) -> Snapshot | None:
        """The header if it is there, proven; what is stored of its blocks already is passed over."""
        try:
            header, rest = snapshot.read_header(bytes(taking.buffer), blocks.ENCODING)
        except BrokenPackError:
            if len(taking.buffer) < min(taking.size, HEADER_LIMIT):
                return None
            raise
        opening = len(taking.buffer) - len(rest)
        self._prove(header, taking.size - opening)
        taking.pass_over(opening)
        stored = self._database.read(blocks.ends)
        if stored != [block.last for block in header.blocks[: len(stored)]]:
            self._database.write(blocks.forget)
            stored = []
        taking.pass_over(sum(block.size for block in header.blocks[: len(stored)]))
        taking.header, taking.taken = header, len(stored)
        return header

    def _prove(self, header: Snapshot, length: int) -> None:
        """Raises `_Refused` unless it is of our feed, by our rule, and Kota's."""
        standing = self._database.read(feed.standing)
        owner = chain.feed_of(self._who.unit.code)
        if (header.unit, header.epoch) != (self._who.unit.code, standing.epoch):
            raise _Refused("it is of another feed")
        if header.rule != RULE:
            raise _Refused(f"its lines follow rule {header.rule}")
        sizes = [*(block.size for block in header.blocks), *header.parts]
        if sum(sizes) != length or min(sizes) < 1 or [b.last for b in header.blocks][-1:] != [header.upto]:
            raise _Refused("it is not whole")
        try:
            head, signature = Head(header.upto, bytes.fromhex(header.head)), bytes.fromhex(header.signature)
        except ValueError as error:
            raise _Refused("its end is not hexadecimal") from error
        if not chain.signed_by(self._key, owner, head, signature, context=header.epoch):
            raise _Refused("its end is not signed by Kota")
        if not snapshot.lines_signed_by(self._key, header):
            raise _Refused("its lines are not signed by Kota")

    def _keep_blocks(self, taking: _Taking, header: Snapshot) -> bool:
        """Store the blocks that are there, each proven to follow. False if another process of this desk came between."""
        after = head = self._database.read(blocks.end) or chain.genesis(chain.feed_of(self._who.unit.code))
        new: list[Packed] = []
        for block in header.blocks[taking.taken :]:
            if len(taking.buffer) < block.size:
                break
            frame = taking.pass_over(block.size)
            head = chain.extend_all(head, snapshot.read_block(frame, blocks.ENCODING))[-1]
            if head.number != block.last:
                raise _Refused("a block holds another number of events")
            new.append(Packed(head, frame))
        taking.taken += len(new)
        return not new or self._database.write(lambda c: blocks.keep(c, after, new))

    def _finish(self, taking: _Taking, header: Snapshot) -> Step:
        packed = [taking.pass_over(size) for size in header.parts]
        if snapshot.hash_lines(map(_unpacked, packed)) != header.lines_sha256:
            raise _Refused("its lines are not those that Kota signed")
        lines = (line for part in packed for line in snapshot.read_lines(_unpacked(part)))
        changed = self._database.write(lambda c: beginning.take(c, self._who, header, lines))
        if changed is None:
            raise _Refused("its events do not lead to its end, or another process of this desk was faster")
        self._over = True
        return Step(changed, Reply(None), more=True)


def _unpacked(part: bytes) -> bytes:
    return packing.unpack(part, blocks.ENCODING, _PART_LIMIT)
