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


class Outgoing:
    """Events on their way into the feeds: gathered first, appended at once, each feed in the order of gathering.

    So the head of a feed is the last thing a transaction locks, and is moved once. Two transactions that append to
    the same feeds never wait for each other in a circle.
    """

    def __init__(self) -> None:
        self._of_feed: dict[str, list[Body]] = {}

    def add(self, units: Iterable[str], body: Body) -> None:
        """``body`` is for the feed of each of ``units``."""
        for unit in units:
            self._of_feed.setdefault(unit, []).append(body)

    def append(self, connection: Connection) -> None:
        """Append all that was gathered, inside the caller's transaction, which locks nothing but feeds from now on."""
        for unit in sorted(self._of_feed):
            feeds.append(connection, unit, self._of_feed[unit])


def publish(
    connection: Connection, world: World, units: Iterable[str], data: EventData, *, alert: str | None = None
) -> None:
    """Append ``data`` to the feed of each of ``units``, inside the caller's transaction."""
    publish_all(connection, world, [News(units, data, alert)])


def publish_all(connection: Connection, world: World, news: Iterable[News]) -> None:
    """Append ``news`` in this order."""
    outgoing = Outgoing()
    for one in news:
        outgoing.add(one.units, body_of(world, one))
    outgoing.append(connection)


def body_of(world: World, news: News) -> Body:
    """The event that tells of ``news``, as it stands in every feed."""
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
