"""Making a snapshot of a feed from the one before it and the events since.

Blocks are taken over as they are, and so is every part of the lines that the new events do not touch: the work grows
with what is new, and so does the memory it takes. Nothing here knows when a snapshot is due, or who may have it.
"""

import gzip
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from sync.case.entry import Entry
from sync.case.lifecycle import CaseState
from sync.central.kota import Kota
from sync.wire import packing, snapshot
from sync.wire.chain import Head, feed_of, sign
from sync.wire.folding import RULE, AlertLine, Earlier, EntryLine, Fold, Line
from sync.wire.messages import AlertPublished, EntryPublished
from sync.wire.packing import BrokenPackError, Encoding
from sync.wire.reading import Reading, read_entry, read_event
from sync.wire.snapshot import BLOCK_BYTES, Block, Snapshot

# What is made is packed like this; the other encoding is made from it.
ENCODING = Encoding.ZSTD
LINES_AT_ONCE = 1_000
# A part of the lines is far smaller; a file that says otherwise is not ours.
_PART_LIMIT = 64 * 1024 * 1024
_HEADER_AT_MOST = 1024 * 1024


@dataclass(frozen=True)
class Made:
    """A snapshot in a file: its header, how long the header is there, and all of it."""

    file: Path
    header: Snapshot
    opening: int
    size: int

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """The snapshot in ``file``; None if there is none that is whole."""
        try:
            with file.open("rb") as opened:
                start = opened.read(_HEADER_AT_MOST)
            header, rest = snapshot.read_header(start, ENCODING)
        except (OSError, BrokenPackError):
            return None
        opening, size = len(start) - len(rest), file.stat().st_size
        made = cls(file, header, opening, size)
        whole = opening + made.packed_events + sum(header.parts)
        return made if whole == size else None

    @property
    def packed_events(self) -> int:
        """Bytes of all blocks."""
        return sum(block.size for block in self.header.blocks)

    def lines(self) -> Iterator[tuple[bytes, bytes]]:
        """Each part of the lines, packed and unpacked. Raises `BrokenPackError`."""
        with self.file.open("rb") as opened:
            opened.seek(self.opening + self.packed_events)
            for size in self.header.parts:
                packed = opened.read(size)
                yield packed, packing.unpack(packed, ENCODING, _PART_LIMIT)

    def pieces(self) -> Iterator[bytes]:
        """Every piece behind the header, packed."""
        with self.file.open("rb") as opened:
            opened.seek(self.opening)
            for size in (*(block.size for block in self.header.blocks), *self.header.parts):
                yield opened.read(size)


@dataclass(frozen=True)
class Published:
    """An event of the feed: the head with it, and its bytes."""

    head: Head
    body: bytes


@dataclass(frozen=True)
class News:
    """Events of the feed of ``unit``, at least one, in a row; ``earlier`` gives the body of one before them."""

    unit: str
    events: Sequence[Published]
    earlier: Callable[[int], bytes]


def make(kota: Kota, before: Made | None, news: News, file: Path) -> Made:
    """The snapshot that reaches to the end of ``news``, which follow ``before``; it takes the place of ``file``.

    Raises `BrokenPackError` if ``before`` is damaged.
    """
    fold = _fold(before, news)
    parts, lines_sha256 = _parts(before, fold)
    unit, end = news.unit, news.events[-1].head
    packed = list(_blocks(news.events))
    taken = () if before is None else before.header.blocks
    header = Snapshot(
        epoch=kota.epoch,
        unit=unit,
        upto=end.number,
        head=end.hash.hex(),
        signature=sign(kota.key, feed_of(unit), end, context=kota.epoch).hex(),
        rule=RULE,
        blocks=(*taken, *(block for block, _ in packed)),
        parts=tuple(map(len, parts)),
        lines_sha256=lines_sha256,
        lines_signature=snapshot.sign_lines(kota.key, kota.epoch, unit, end.number, lines_sha256),
    )
    opening = snapshot.write_header(header, ENCODING)
    with _in_place_of(file) as new:
        new.write(opening)
        if before is not None:
            _copy_events(before, new)
        new.writelines(frame for _, frame in packed)
        new.writelines(parts)
    return Made(file, header, len(opening), file.stat().st_size)


def gzipped(made: Made, file: Path) -> Path:
    """The same content in ``file``, in one piece as clients expect of gzip; so its header names no pieces."""
    header = msgspec.structs.replace(made.header, blocks=(), parts=())
    with _in_place_of(file) as new, gzip.GzipFile(fileobj=new, mode="wb", mtime=0) as packing_on:
        packing_on.write(msgspec.json.encode(header) + b"\n")
        for piece in made.pieces():
            packing_on.write(packing.unpack(piece, ENCODING, _PART_LIMIT))
    return file


def _fold(before: Made | None, news: News) -> Fold:
    """What ``news`` do, on what is known before of the alerts and entries they are about."""
    readings = [(one.head.number, read_event(one.body)) for one in news.events]
    touched = {reading.alert for _, reading in readings}
    again = {reading.alert for _, reading in readings if isinstance(reading.data, AlertPublished)}
    ids = {entry_id for _, reading in readings if (entry_id := _entry_id(reading)) is not None}
    states: dict[str, CaseState] = {}
    recorded: dict[str, Earlier] = {}
    known: set[str] = set()
    for line in _all_lines(before):
        match line:
            case AlertLine() if line.alert_id in touched:
                states[line.alert_id] = line.state
            case EntryLine():
                known |= {line.entry_id} & ids
                if line.alert in again:
                    recorded.setdefault(line.alert, []).extend(_recorded(news.earlier(line.event)))
    fold = Fold(news.unit, states, recorded, known)
    for number, reading in readings:
        fold.take(number, reading)
    return fold


def _entry_id(reading: Reading) -> str | None:
    entry = read_entry(reading.data.entry) if isinstance(reading.data, EntryPublished) else None
    return None if entry is None else entry.id


def _recorded(body: bytes) -> Earlier:
    published = read_event(body).data
    entry = read_entry(published.entry) if isinstance(published, EntryPublished) else None
    return (
        [(entry, published.unit)]
        if isinstance(published, EntryPublished) and isinstance(entry, Entry)
        else []
    )


def _all_lines(before: Made | None) -> Iterator[Line]:
    for _, raw in before.lines() if before is not None else ():
        yield from snapshot.read_lines(raw)


def _parts(before: Made | None, fold: Fold) -> tuple[list[bytes], str]:
    """The lines after ``fold``, packed in parts, and the hash of them all."""
    published = {line.alert_id: line for line in fold.published()}
    moved = fold.moved()
    whole = sha256()
    packed: list[bytes] = []
    for held, raw in before.lines() if before is not None else ():
        lines = snapshot.read_lines(raw)
        changed = [_as_it_stands(line, published, moved, fold) for line in lines]
        if changed != lines:
            raw = snapshot.write_lines(changed)  # noqa: PLW2901  # it takes the place of the part
            held = packing.pack(raw, ENCODING)  # noqa: PLW2901
        whole.update(raw)
        packed.append(held)
    new: list[Line] = [*published.values(), *fold.updates, *fold.entries, *fold.others]
    for at in range(0, len(new), LINES_AT_ONCE):
        raw = snapshot.write_lines(new[at : at + LINES_AT_ONCE])
        whole.update(raw)
        packed.append(packing.pack(raw, ENCODING))
    return packed, whole.hexdigest()


def _as_it_stands(line: Line, published: dict[str, AlertLine], moved: set[str], fold: Fold) -> Line:
    """``line``, or what takes its place; what is left in ``published`` are alerts that are new."""
    if not isinstance(line, AlertLine):
        return line
    if line.alert_id in moved:
        state = fold.states[line.alert_id]
        return msgspec.structs.replace(line, state=state, sounding=fold.sounds(line.alert_id))
    return published.pop(line.alert_id, line)


def _blocks(events: Sequence[Published]) -> Iterator[tuple[Block, bytes]]:
    bodies: list[bytes] = []
    size = 0
    for one in events:
        bodies.append(one.body)
        size += len(one.body)
        if size >= BLOCK_BYTES or one is events[-1]:
            frame = snapshot.write_block(bodies, ENCODING)
            yield Block(one.head.number, len(frame)), frame
            bodies, size = [], 0


def _copy_events(before: Made, new: BinaryIO) -> None:
    with before.file.open("rb") as opened:
        opened.seek(before.opening)
        left = before.packed_events
        while left:
            chunk = opened.read(min(left, _HEADER_AT_MOST))
            if not chunk:
                raise BrokenPackError("the snapshot before is cut off")
            new.write(chunk)
            left -= len(chunk)


@contextmanager
def _in_place_of(file: Path) -> Iterator[BinaryIO]:
    """A new file that is ``file`` once it is written."""
    new = file.with_name(f"{file.name}.new-{os.getpid()}")
    with _private(new) as opened:
        yield opened
    new.replace(file)


def _private(file: Path) -> BinaryIO:
    """``file`` to write, for its owner only."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
