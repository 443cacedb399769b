"""How feeds and logs travel: one header line of JSON, then one line for each body, newline-delimited.

Bodies are JSON on one line each (a newline inside a string is escaped), so that they cross as the very bytes that
were hashed: no base64, no re-encoding, and a page is a join at one end and a split at the other.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

MEDIA_TYPE = "application/x-ndjson"

H = TypeVar("H", bound=msgspec.Struct)


class BrokenPageError(Exception):
    """The bytes are not a whole page: cut off, or something else altogether. Ask again; nothing was applied."""


def join(header: msgspec.Struct, bodies: Sequence[bytes]) -> bytes:
    """The page of ``bodies``, every line ended by a newline."""
    return b"\n".join([msgspec.json.encode(header), *bodies, b""])


def split(raw: bytes, header_type: type[H]) -> tuple[H, list[bytes]]:
    """The header and the bodies of a page. Whether they are the announced number is the caller's to check."""
    if not raw.endswith(b"\n"):
        raise BrokenPageError("the last line has no end")
    header, *bodies = raw[:-1].split(b"\n")
    try:
        return msgspec.json.decode(header, type=header_type), bodies
    except msgspec.DecodeError as error:
        raise BrokenPageError(str(error)) from error
