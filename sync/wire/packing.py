"""Compression on the wire: zstd, and gzip for those who do not have it.

Pieces packed with zstd may be put one after the other, and are a content of that encoding as HTTP knows it. Nothing is
ever unpacked beyond a limit: a few kilobytes can claim to be terabytes.
"""

import gzip
import zlib
from enum import StrEnum

import zstandard

# Less than this fits into two or three packets anyway.
WORTH_IT_BYTES = 4096

_LEVEL = 3
_GZIP_BITS = 31


class Encoding(StrEnum):
    """The names that HTTP has for them."""

    ZSTD = "zstd"
    GZIP = "gzip"


class BrokenPackError(Exception):
    """The bytes are not a whole packed piece."""


class TooLargeError(BrokenPackError):
    """The piece holds more than the limit, or does not say how much."""


def pack(raw: bytes, encoding: Encoding) -> bytes:
    """``raw`` as one packed piece; the same bytes give the same piece."""
    if encoding is Encoding.GZIP:
        return gzip.compress(raw, mtime=0)
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(raw)


def unpack(packed: bytes, encoding: Encoding, limit: int) -> bytes:
    """What one piece holds, at most ``limit`` bytes. Raises `BrokenPackError`."""
    raw, rest = unpack_first(packed, encoding, limit)
    if rest:
        raise BrokenPackError("there is more than one piece")
    return raw


def unpack_first(packed: bytes, encoding: Encoding, limit: int) -> tuple[bytes, bytes]:
    """What the first piece holds, at most ``limit`` bytes, and the bytes behind it. Raises `BrokenPackError`."""
    try:
        return _gzip(packed, limit) if encoding is Encoding.GZIP else _zstd(packed, limit)
    except (zlib.error, zstandard.ZstdError) as error:
        raise BrokenPackError(str(error)) from error


def _gzip(packed: bytes, limit: int) -> tuple[bytes, bytes]:
    reading = zlib.decompressobj(_GZIP_BITS)
    raw = reading.decompress(packed, limit + 1)
    return _whole(raw, limit, reading.eof, reading.unused_data)


def _zstd(packed: bytes, limit: int) -> tuple[bytes, bytes]:
    # The piece says how much it holds, and libzstd holds it to that; one that does not say could be any size.
    size = zstandard.frame_content_size(packed)
    if not 0 <= size <= limit:
        raise TooLargeError(f"it says to hold {size} bytes")
    reading = zstandard.ZstdDecompressor(max_window_size=max(limit, 1024)).decompressobj()
    raw = reading.decompress(packed)
    return _whole(raw, limit, reading.eof, reading.unused_data)


def _whole(raw: bytes, limit: int, ended: bool, rest: bytes) -> tuple[bytes, bytes]:
    if len(raw) > limit:
        raise TooLargeError("it holds more than it may")
    if not ended:
        raise BrokenPackError("it is cut off")
    return raw, rest
