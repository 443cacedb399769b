"""The body of a feed event, encoded once: the same bytes go into each feed, and nobody encodes them again."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from sync.central.store import feeds
from sync.central.store.database import Connection
from sync.central.store.feeds import Body
from sync.wire.messages import KIND_OF_DATA, Event, EventData, EventKind
from sync.world import World

NONCE_BYTES = 16
# What an officer must learn of even from a desk too old for the kind. Version 1 knows all kinds there are, so none
# of them carries a plain text.
MUST = {EventKind.ALERT, EventKind.UPDATE, EventKind.DRAFT}


@dataclass(frozen=True)
class News:
    """Something for the feeds of ``units``."""

    units: Iterable[str]
    data: EventData
    alert: str | None = None


def publish(
    connection: Connection, world: World, units: Iterable[str], data: EventData, *, alert: str | None = None
) -> None:
    """Append ``data`` to the feed of each of ``units``, inside the caller's transaction."""
    publish_all(connection, world, [News(units, data, alert)])


def publish_all(connection: Connection, world: World, news: Iterable[News]) -> None:
    """Append ``news`` in this order; each feed's head is moved once."""
    grown: dict[str, list[Body]] = {}
    for one in news:
        body = _body(world, one)
        for unit in one.units:
            grown.setdefault(unit, []).append(body)
    # Sorted: two transactions that lock the same heads can never wait for each other.
    for unit in sorted(grown):
        feeds.append(connection, unit, grown[unit])


def _body(world: World, news: News) -> Body:
    kind = KIND_OF_DATA[type(news.data)]
    event = Event(
        kind=kind,
        must=kind in MUST,
        at_ms=world.wall_ms(),
        nonce=world.chance(NONCE_BYTES).hex(),
        alert=news.alert,
        data=msgspec.Raw(msgspec.json.encode(news.data)),
    )
    return Body(kind, news.alert, msgspec.json.encode(event))
