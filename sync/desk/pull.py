"""Pulling: one page of the feed, verified as a whole, stored as a whole.

Nothing of a page is believed before its length, its chain and Kota's signature over its end are right; and every
event of a page that is right is stored, whether or not this version can show it.
"""

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.desk.failures import Differs, NotKota
from sync.desk.projection import Changed
from sync.desk.status import Reply
from sync.desk.step import Step
from sync.desk.store import feed, history
from sync.desk.store.database import Connection, Database
from sync.desk.store.device import Identity
from sync.desk.store.feed import Line, Standing
from sync.wire import chain
from sync.wire.chain import Head
from sync.wire.messages import LIMIT_EVENTS, Changes
from sync.wire.reading import read_event


class Feeds(Protocol):
    """The one call pulling needs; `sync.desk.kota.Kota` is one."""

    def changes(self, unit: str, after: Head, limit: int, wait_s: int) -> tuple[Changes, list[bytes]]: ...


class Pull:
    """Brings this desk's feed forward, a page each `step`."""

    def __init__(self, database: Database, who: Identity, kota: Feeds) -> None:
        self._database = database
        self._who = who
        self._kota = kota
        self._key = Ed25519PublicKey.from_public_bytes(who.kota_key)
        # What has been told already, so that events another process stored are told here too.
        self._told = database.read(feed.standing).head.number
        self._in_touch = False

    def step(self, wait_s: int = 0) -> Step:
        """Ask once, waiting up to ``wait_s`` for news. Raises `sync.desk.failures.LinkFailure`, having stored nothing.

        The first question, and the first after a failure, does not wait: the officer is not to be left without
        knowing whether Kota is there.
        """
        before = self._database.read(feed.standing)
        # After a restore of Kota the feed goes on from an earlier number.
        told = min(self._told, before.head.number)
        asks_at_once, self._in_touch = not self._in_touch, False
        header, bodies = self._kota.changes(
            self._who.unit.code, before.head, LIMIT_EVENTS, 0 if asks_at_once else wait_s
        )
        lines = self._verified(before, header, bodies)
        self._in_touch = True
        changed = Changed()
        if lines:
            signature = _hex(header.signature)
            changed = self._database.write(lambda c: self._store(c, before, lines, signature)) or Changed()
        more = header.end > header.upto or (asks_at_once and wait_s > 0)
        if told != before.head.number or (lines and not changed):
            # Another process of this desk stored events, before or just now.
            changed, self._told = self._database.read(lambda c: _since(c, told))
        else:
            self._told = header.upto
        return Step(changed, Reply(header.server_ms, header.end), more=more)

    def _store(
        self, connection: Connection, before: Standing, lines: list[Line], signature: bytes
    ) -> Changed | None:
        unit, after = self._who.unit.code, before.head.number
        changed = feed.apply(connection, unit, self._who.device, after, lines)
        if changed is not None:
            history.keep_signature(connection, before.epoch, lines[-1].head.number, signature)
        return changed

    def _verified(self, before: Standing, header: Changes, bodies: list[bytes]) -> list[Line]:
        unit, after = self._who.unit.code, before.head.number
        if header.upto - after != len(bodies) or header.end < header.upto:
            raise NotKota("the page is not whole")
        if (header.unit, header.after) != (unit, after):
            raise NotKota("the page is not the one asked for")
        heads = chain.extend_all(before.head, bodies)
        end = heads[-1] if heads else before.head
        owner = chain.feed_of(unit)
        if header.head != end.hash.hex():
            raise Differs("the feed does not follow from what is stored here")
        if not chain.signed_by(self._key, owner, end, _hex(header.signature), context=before.epoch):
            raise Differs("the feed is not signed by Kota")
        return [Line(head, body, read_event(body)) for head, body in zip(heads, bodies, strict=True)]


def _since(connection: Connection, told: int) -> tuple[Changed, int]:
    number = feed.standing(connection).head.number
    return (feed.changed_between(connection, told, number) if number > told else Changed()), number


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise NotKota("the signature is not hexadecimal") from error
