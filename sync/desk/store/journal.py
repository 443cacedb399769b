"""The write-ahead log as a file, for salvage only: what of it SQLite would silently leave out because one frame is bad.

SQLite ends the log at the first frame whose checksum is wrong; after a power cut that is right, after damage it hides
every later commit. `mend` makes the whole log readable again: each page in it is authenticated by SQLCipher on its
own, so a damaged one is found as such. It must only ever be given a copy.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from sync.sqlite import PAGE_BYTES

# Checksums over big-endian words; the last bit is 0 for little-endian ones.
MAGIC = 0x377F0683
VERSION = 3007000
HEADER = struct.Struct(">8I")
FRAME = struct.Struct(">6I")
FRAME_BYTES = FRAME.size + PAGE_BYTES

_Sum = tuple[int, int]


def damaged(log: Path) -> bool:
    """Whether commits lie beyond a bad frame of ``log``.

    One may: a power cut tears the last commit, and nobody was told that it was saved. Each earlier one was on the
    disk, whole, before the next began.
    """
    content = _content(log)
    return content is not None and _commits(content) - _readable(content) > 1


def mend(log: Path) -> None:
    """Give every frame of ``log`` up to its last commit the checksums it must have."""
    content = _content(log)
    if content is None:
        return
    salts = _salts(content)
    # The end is the last commit that is of this run of the log: behind it lie frames of earlier ones.
    last = max(
        (n for n, frame in enumerate(_frames(content)) if frame[1] and frame[2:4] == salts), default=-1
    )
    frames = []
    for number, (page, size, *_) in enumerate(_frames(content)):
        if number > last:
            break
        start = HEADER.size + number * FRAME_BYTES + FRAME.size
        frames.append((page, size, content[start : start + PAGE_BYTES]))
    log.write_bytes(_written(salts, frames))


def _written(salts: tuple[int, int], frames: list[tuple[int, int, bytes]]) -> bytes:
    fresh = bytearray(HEADER.pack(MAGIC, VERSION, PAGE_BYTES, 0, *salts, 0, 0))
    summed = _sum(">", (0, 0), fresh[:24])
    struct.pack_into(">2I", fresh, 24, *summed)
    for page, size, body in frames:
        summed = _sum(">", _sum(">", summed, struct.pack(">2I", page, size)), body)
        fresh += FRAME.pack(page, size, *salts, *summed) + body
    return bytes(fresh)


def _content(log: Path) -> bytes | None:
    if not log.exists():
        return None
    content = log.read_bytes()
    return content if len(content) >= HEADER.size + FRAME_BYTES else None


def _frames(content: bytes) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Page, size of the database after it if it ends a commit, two salts, two sums; of every frame there is room for."""
    for start in range(HEADER.size, len(content) - FRAME_BYTES + 1, FRAME_BYTES):
        yield FRAME.unpack_from(content, start)


def _salts(content: bytes) -> tuple[int, int]:
    """Those of the header, unless the first two frames agree on others."""
    said = HEADER.unpack_from(content)[4:6]
    first = [frame[2:4] for _, frame in zip(range(2), _frames(content), strict=False)]
    agreed = len(first) == 2 and first[0] == first[1]
    found = first[0] if agreed and not _header_sound(content) else said
    return found[0], found[1]


def _header_sound(content: bytes) -> bool:
    header = HEADER.unpack_from(content)
    order = ">" if header[0] & 1 else "<"
    return _sum(order, (0, 0), content[:24]) == header[6:8]


def _commits(content: bytes) -> int:
    salts = _salts(content)
    return sum(1 for frame in _frames(content) if frame[1] and frame[2:4] == salts)


def _readable(content: bytes) -> int:
    """How many commits SQLite would find."""
    if not _header_sound(content):
        return 0
    header = HEADER.unpack_from(content)
    order = ">" if header[0] & 1 else "<"
    summed: _Sum = header[6], header[7]
    commits = 0
    for number, frame in enumerate(_frames(content)):
        start = HEADER.size + number * FRAME_BYTES
        summed = _sum(order, summed, content[start : start + 8])
        summed = _sum(order, summed, content[start + FRAME.size : start + FRAME_BYTES])
        if frame[2:4] != header[4:6] or frame[4:6] != summed:
            break
        commits += frame[1] > 0
    return commits


def _sum(order: str, start: _Sum, content: bytes | bytearray) -> _Sum:
    """SQLite's running checksum (file format, section 4.2) over pairs of words."""
    first, second = start
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFF_FFFF
        second = (second + other + first) & 0xFFFF_FFFF
    return first, second
