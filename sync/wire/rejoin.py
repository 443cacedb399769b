"""How a desk and a Kota that was restored from a backup find together again, and how Kota gets back what it lost.

POST /v1/rejoin        Rejoin -> Rejoined             where the feeds part, and how much of the logs Kota holds
POST /v1/rejoin/offer  page(Offer, events) -> Offered  events Kota once published, under its own old signature
"""

from msgspec import Struct

from sync.wire.messages import Reply

LIMIT_POINTS = 64
# A page of events as Kota gave it, its header, and a little.
LIMIT_OFFER_BYTES = 3 * 1024 * 1024


class Point(Struct, frozen=True, array_like=True):
    """One place in a feed as the desk holds it: the number of an event, and the hash of the chain there."""

    number: int
    hash: str


class Rejoin(Struct, frozen=True, kw_only=True):
    """Places in the feed of ``unit``, in any order: the end, then 1, 2, 4, 8 … before it; asked again, between two."""

    unit: str
    points: tuple[Point, ...]


class LogHeld(Struct, frozen=True, kw_only=True):
    """How far Kota holds one log of the device."""

    incarnation: int
    last: int
    head: str


class Rejoined(Reply, frozen=True, kw_only=True):
    """``common`` is the furthest of the points that Kota has as well, 0 if none; ``end`` is how far its feed goes.

    A log that is not in ``logs`` is one of which Kota holds nothing.
    """

    common: int
    end: int
    logs: tuple[LogHeld, ...] = ()


class Offer(Struct, frozen=True, kw_only=True):
    """Header of events ``after + 1`` to ``upto`` of ``unit`` in ``epoch``: from the hash ``base`` to ``head``.

    ``signature`` is Kota's own over ``head``, as the page once brought it.
    """

    unit: str
    epoch: str
    after: int
    upto: int
    base: str
    head: str
    signature: str


class Offered(Reply, frozen=True, kw_only=True):
    """How many events Kota had lost and published again, had all along, or cannot use."""

    adopted: int
    held: int
    refused: int
