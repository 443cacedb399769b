"""Reading what stands in a feed, forgivingly: nothing in it may keep the rest from being shown.

An event or entry of a kind this version does not know is kept with the reason; whatever of it can be shown is. None
of these functions raises for any bytes.
"""

from enum import StrEnum

import msgspec
from msgspec import Raw, Struct

from sync.case.entry import Entry, Stamp, decode
from sync.case.unit import Officer
from sync.wire.messages import DATA_OF_KIND, Event, EventData, EventKind, Plain


class Skip(StrEnum):
    """Why an event is kept but not shown."""

    UNKNOWN_KIND = "unknown_kind"
    UNREADABLE = "unreadable"


class Reading(Struct, frozen=True):
    """What an event's bytes say. Exactly one of ``data`` and ``skipped`` is None; ``plain`` is there if it must be shown."""

    kind: str
    alert: str | None = None
    data: EventData | None = None
    plain: Plain | None = None
    skipped: Skip | None = None


class StrangeEntry(Struct, frozen=True):
    """An entry of a kind this version does not know: who, when and on what is readable all the same."""

    id: str
    alert: str
    base: int
    officer: Officer
    at: Stamp


_ABOUT_AN_ALERT: frozenset[str] = frozenset({EventKind.ALERT, EventKind.UPDATE, EventKind.ENTRY})
_event = msgspec.json.Decoder(Event)
_strange = msgspec.json.Decoder(StrangeEntry)
_data: dict[str, msgspec.json.Decoder[EventData]] = {
    kind: msgspec.json.Decoder(shape) for kind, shape in DATA_OF_KIND.items()
}


def read_event(body: bytes) -> Reading:
    """The event in ``body``, or why it is skipped."""
    try:
        event = _event.decode(body)
    except msgspec.DecodeError:
        return Reading("", skipped=Skip.UNREADABLE)
    data = _data.get(event.kind)
    if data is None:
        plain = event.plain if event.must else None
        return Reading(event.kind, event.alert, plain=plain, skipped=Skip.UNKNOWN_KIND)
    if event.alert is None and event.kind in _ABOUT_AN_ALERT:
        return Reading(event.kind, skipped=Skip.UNREADABLE)
    try:
        return Reading(event.kind, event.alert, data.decode(event.data))
    except msgspec.DecodeError:
        return Reading(event.kind, event.alert, skipped=Skip.UNREADABLE)


def read_entry(body: bytes | Raw) -> Entry | StrangeEntry | None:
    """The entry in ``body``, or as much of it as can be read."""
    try:
        return decode(body)
    except msgspec.DecodeError:
        pass
    try:
        return _strange.decode(body)
    except msgspec.DecodeError:
        return None
