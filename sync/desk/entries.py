"""Making an entry out of what an officer did, and refusing what the other end could not read."""

import msgspec

from sync.case.entry import TEXT_LIMIT, VERSION, Entry, EntryData, Note, Stamp, decode, encode
from sync.case.unit import Officer
from sync.desk.errors import TextNotAcceptedError
from sync.world import World, new_id


def make(world: World, officer: Officer, alert_id: str, base: int, data: EntryData) -> Entry:
    """The entry of this moment; ``base`` is the last feed event the officer could know.

    Raises `TextNotAcceptedError` for a text that is empty, too long or no Unicode.
    """
    if isinstance(data, Note) and not data.text.strip():
        raise TextNotAcceptedError(limit=TEXT_LIMIT)
    stamp = Stamp(world.wall_ms(), world.offset_min(), world.boot(), world.mono_ms())
    entry = Entry(VERSION, new_id(world), alert_id, base, officer, stamp, data)
    try:
        # Limits are checked on decoding only; what does not come back must not go into the log.
        decode(encode(entry))
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise TextNotAcceptedError(limit=TEXT_LIMIT) from error
    return entry
