"""Proving that what stands here is what was stored: both chains, computed anew from the first body on.

Changes nothing, and believes no stored hash that does not follow from the bytes.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from sync.desk import errors
from sync.desk.store import device, feed, log
from sync.desk.store.database import Connection, Database
from sync.desk.store.device import Identity
from sync.wire import chain
from sync.wire.chain import Head


class Audit(Struct, frozen=True):
    """Both chains are whole up to these heads."""

    feed: Head
    log: Head


def audit(database: Database, who: Identity) -> Audit:
    """Raises `DatabaseDamagedError`, `FeedBrokenError` or `LogBrokenError` with the first number that is wrong."""
    if not database.sound():
        raise errors.DatabaseDamagedError
    return database.read(lambda c: _audit(c, who))


def _audit(connection: Connection, who: Identity) -> Audit:
    owner = chain.feed_of(who.unit.code)
    pulled = _follow(chain.genesis(owner), feed.chain_links(connection), errors.FeedBrokenError)
    if pulled != feed.standing(connection).head:
        raise errors.FeedBrokenError(number=pulled.number + 1)
    who = device.now(connection, who)
    for incarnation in log.incarnations(connection):
        _own(connection, msgspec.structs.replace(who, incarnation=incarnation))
    return Audit(pulled, _own(connection, who))


def _own(connection: Connection, who: Identity) -> Head:
    start = chain.genesis(chain.log_of(who.device, who.incarnation))
    return _follow(start, log.chain_links(connection, who), errors.LogBrokenError)


def _follow(head: Head, links: Iterable[tuple[Head, bytes]], broken: type[errors.DeskError]) -> Head:
    for stored, body in links:
        head = chain.extend(head, body)
        if head != stored:
            raise broken(number=head.number)
    return head
