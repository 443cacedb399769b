"""A snapshot: the beginning of a feed and what it adds up to, in pieces that a new desk takes over as they are.

    header      one line of JSON, `Snapshot`
    bodies      the events 1 to ``upto``, a line each, in blocks
    lines       `sync.wire.folding.Line`, a line of JSON each: what those events add up to at the unit

Unpacked it is an ordinary page. With zstd each block, the header and each part of the lines is a packed piece of its
own (a frame), and one after the other they are an ordinary ``Content-Encoding``; gzip is in one piece. Events are proven as always, by their chain and Kota's signature
over its end. What they add up to is Kota's word, under a signature of its own; who folds by another rule than Kota's
leaves it and reads the events.
"""

from collections.abc import Iterable
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from sync.wire import packing
from sync.wire.folding import Line
from sync.wire.packing import BrokenPackError, Encoding

# A block is so small that one event is read from it in a tenth of a millisecond, and packs nearly as well as a larger.
BLOCK_BYTES = 64 * 1024
# No event is larger than what one report or one page of entries may hold.
BLOCK_LIMIT = 4 * 1024 * 1024
HEADER_LIMIT = 4 * 1024 * 1024
# An answer to a range of it; what a bad line can cost.
PIECE_BYTES = 4 * 1024 * 1024

_line = msgspec.json.Decoder(Line)


class Block(Struct, frozen=True, array_like=True):
    """The events up to ``last``, in the next ``size`` bytes."""

    last: int
    size: int


class Snapshot(Struct, frozen=True, kw_only=True):
    """The header. ``head`` and ``signature`` are as on a page of the feed that ends at ``upto``.

    ``blocks`` and ``parts`` (sizes in bytes) stand in this order behind the header; both are empty with gzip. ``lines_sha256`` is the hash of
    all lines unpacked, ``lines_signature`` Kota's over `signed_bytes`; ``rule`` is the one they were folded by.
    """

    epoch: str
    unit: str
    upto: int
    head: str
    signature: str
    rule: int
    blocks: tuple[Block, ...]
    parts: tuple[int, ...]
    lines_sha256: str
    lines_signature: str

    def tag(self, encoding: Encoding) -> str:
        """What tells this snapshot in this encoding from every other: its ETag, without the quotes."""
        return f"{self.epoch}:{self.upto}:{self.head[:16]}:{self.lines_sha256[:16]}:{encoding}"


def signed_bytes(epoch: str, unit: str, upto: int, lines_sha256: str) -> bytes:
    """What Kota signs for the lines."""
    return "\0".join(["kota-snapshot-1", epoch, unit, str(upto), lines_sha256]).encode()


def sign_lines(key: Ed25519PrivateKey, epoch: str, unit: str, upto: int, lines_sha256: str) -> str:
    """Kota's signature over what the events add up to."""
    return key.sign(signed_bytes(epoch, unit, upto, lines_sha256)).hex()


def lines_signed_by(key: Ed25519PublicKey, header: Snapshot) -> bool:
    """Whether the lines of ``header`` are ``key``'s word."""
    try:
        signature = bytes.fromhex(header.lines_signature)
        key.verify(signature, signed_bytes(header.epoch, header.unit, header.upto, header.lines_sha256))
    except (InvalidSignature, ValueError):
        return False
    return True


def write_header(header: Snapshot, encoding: Encoding) -> bytes:
    """The first piece."""
    return packing.pack(msgspec.json.encode(header) + b"\n", encoding)


def read_header(packed: bytes, encoding: Encoding) -> tuple[Snapshot, bytes]:
    """The header, and the bytes behind it. Raises `BrokenPackError` (also if it is not all there yet)."""
    raw, rest = packing.unpack_first(packed, encoding, HEADER_LIMIT)
    try:
        return msgspec.json.decode(raw, type=Snapshot), rest
    except msgspec.DecodeError as error:
        raise BrokenPackError(str(error)) from error


def write_block(bodies: list[bytes], encoding: Encoding) -> bytes:
    """``bodies``, at least one, as one piece."""
    return packing.pack(b"\n".join([*bodies, b""]), encoding)


def read_block(packed: bytes, encoding: Encoding) -> list[bytes]:
    """The bodies in a block. Raises `BrokenPackError`."""
    raw = packing.unpack(packed, encoding, BLOCK_LIMIT)
    if not raw.endswith(b"\n"):
        raise BrokenPackError("the last line has no end")
    return raw[:-1].split(b"\n")


def write_lines(lines: list[Line]) -> bytes:
    """``lines`` as they are hashed and packed."""
    return msgspec.json.Encoder().encode_lines(lines)


def read_lines(raw: bytes) -> list[Line]:
    """What `write_lines` wrote. Raises `BrokenPackError`."""
    try:
        return _line.decode_lines(raw)
    except msgspec.DecodeError as error:
        raise BrokenPackError(str(error)) from error


def hash_lines(parts: Iterable[bytes]) -> str:
    """The hash of all lines, of which ``parts`` are the bytes."""
    whole = sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()
