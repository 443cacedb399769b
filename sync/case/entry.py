"""What officers record on an alert: immutable entries; a correction is a new one.

An entry is made at the click, on the desk, with or without a link. Its bytes are fixed there (`encode`), chained,
signed and kept verbatim at both ends; nobody ever encodes it again.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from sync.case.unit import Officer

VERSION = 1
TEXT_LIMIT = 4000

Text = Annotated[str, Meta(min_length=1, max_length=TEXT_LIMIT)]


class Acknowledgement(Struct, frozen=True, tag_field="kind", tag="acknowledgement"):
    """A named officer has seen the alert and takes it up. Never made by a machine."""


class Note(Struct, frozen=True, tag_field="kind", tag="note"):
    """Free text of an officer."""

    text: Text


class Dispatch(Struct, frozen=True, tag_field="kind", tag="dispatch"):
    """A team has been sent to the person."""

    team: Annotated[str, Meta(min_length=1, max_length=200)]
    place: Annotated[str, Meta(max_length=400)] = ""


EntryData = Acknowledgement | Note | Dispatch


class Stamp(Struct, frozen=True):
    """When the desk's own clocks say the entry was made: evidence, never an order."""

    wall_ms: int
    offset_min: int
    boot: str
    mono_ms: int


class Entry(Struct, frozen=True):
    """One thing an officer recorded on one alert.

    ``id`` is made at the click and makes every retry harmless. ``base`` is the number of the last feed event the
    desk had when the officer acted: what they could have known.
    """

    v: int
    id: str
    alert: str
    base: int
    officer: Officer
    at: Stamp
    data: EntryData


_decoder = msgspec.json.Decoder(Entry)
_encoder = msgspec.json.Encoder()


def encode(entry: Entry) -> bytes:
    """The bytes to chain, sign, store and send: UTF-8 JSON on one line, never to be encoded again."""
    return _encoder.encode(entry)


def decode(body: bytes | msgspec.Raw) -> Entry:
    """The entry in ``body``; raises `msgspec.DecodeError` for a kind or shape this version does not know."""
    return _decoder.decode(body)
