"""The body of a feed event, encoded once: the same bytes go into each feed, and nobody encodes them again."""

from collections.abc import Iterable

import msgspec

from sync.central.store import feeds
from sync.central.store.database import Connection
from sync.wire.messages import KIND_OF_DATA, Event, EventData, EventKind
from sync.world import World

NONCE_BYTES = 16
# What an officer must learn of even from a desk too old for the kind. Version 1 knows all kinds there are, so none
# of them carries a plain text.
MUST = {EventKind.ALERT, EventKind.UPDATE, EventKind.DRAFT}


def publish(
    connection: Connection, world: World, units: Iterable[str], data: EventData, *, alert: str | None = None
) -> None:
    """Append ``data`` to the feed of each of ``units``, inside the caller's transaction."""
    kind = KIND_OF_DATA[type(data)]
    event = Event(
        kind=kind,
        must=kind in MUST,
        at_ms=world.wall_ms(),
        nonce=world.chance(NONCE_BYTES).hex(),
        alert=alert,
        data=msgspec.Raw(msgspec.json.encode(data)),
    )
    feeds.publish(connection, units, kind, alert, msgspec.json.encode(event))
