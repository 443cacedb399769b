"""Kota as a desk sees it: the calls of `sync.wire.messages`, each a method; the token renews itself."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.desk.failures import Answered, Forgotten
from sync.desk.link import Link, Request
from sync.desk.store.device import Identity
from sync.wire import page
from sync.wire.chain import Head
from sync.wire.errors import Code
from sync.wire.heartbeat import Heard, Heartbeat
from sync.wire.messages import (
    Begin,
    Begun,
    Changes,
    Enrol,
    Enrolled,
    Hello,
    Prove,
    Pushed,
    Receipt,
    Received,
    Token,
    token_challenge,
)
from sync.wire.packing import Encoding
from sync.wire.rejoin import Offered, Rejoin, Rejoined
from sync.wire.snapshot import PIECE_BYTES

T = TypeVar("T")


def hello(link: Link) -> Hello:
    """Whether Kota is there; a nonce for the token."""
    return link.json(Request(method="GET", path="/v1/hello"), Hello)


def enrol(link: Link, request: Enrol) -> Enrolled:
    """Turn a one-time code into a device. The same code and key again get the same answer."""
    return link.json(Request(method="POST", path="/v1/enrol", body=msgspec.json.encode(request)), Enrolled)


class Kota:
    """The calls of an enrolled device over ``link``. All raise `sync.desk.failures.LinkFailure`.

    ``keep`` stores another membership than the one ``who`` has.
    """

    def __init__(self, link: Link, who: Identity, keep: Callable[[str], None] = lambda _: None) -> None:
        self._link = link
        self._who = who
        self._keep = keep
        self._token = ""
        self._membership = who.membership

    def changes(self, unit: str, after: Head, limit: int, wait_s: int) -> tuple[Changes, list[bytes]]:
        """The events after ``after``, at most ``limit``; waits up to ``wait_s`` for the first. Not verified yet."""
        request = Request(
            method="GET",
            path=f"/v1/feeds/{quote(unit, safe='')}/changes",
            query={"after": after.number, "head": after.hash.hex(), "limit": limit, "wait": wait_s},
            wait_s=wait_s,
        )
        return self._with_token(lambda token: self._link.page(request, Changes, token))

    def snapshot(self, unit: str, first: int, tag: str, into: bytearray) -> tuple[str, int]:
        """Append up to `PIECE_BYTES` of the feed's snapshot, from byte ``first``, to ``into``; its tag, and its size.

        ``tag`` is of the snapshot that was begun, or empty. Not verified yet.
        """
        headers = {"Accept-Encoding": Encoding.ZSTD, "Range": f"bytes={first}-{first + PIECE_BYTES - 1}"}
        if tag:
            headers["If-Match"] = f'"{tag}"'
        request = Request(method="GET", path=f"/v1/feeds/{quote(unit, safe='')}/snapshot", headers=headers)
        return self._with_token(lambda token: self._link.part(request, first, into, token))

    def entries(self, push: bytes) -> Pushed:
        """Send a page of entries."""
        request = Request(method="POST", path="/v1/entries", body=push, media_type=page.MEDIA_TYPE)
        return self._with_token(lambda token: self._link.json(request, Pushed, token))

    def begin(self, after: int) -> Begun:
        """Ask for a log that nobody else writes; ``after`` is the incarnation used so far."""
        request = Request(method="POST", path="/v1/incarnation", body=msgspec.json.encode(Begin(after=after)))
        return self._with_token(lambda token: self._link.json(request, Begun, token))

    def receipts(self, receipt: Receipt) -> Received:
        """Say how far the feed is stored here."""
        request = Request(method="POST", path="/v1/receipts", body=msgspec.json.encode(receipt))
        return self._with_token(lambda token: self._link.json(request, Received, token))

    def heartbeat(self, said: Heartbeat) -> Heard:
        """Say how this desk is; Kota's commands."""
        request = Request(method="POST", path="/v1/heartbeat", body=msgspec.json.encode(said))
        return self._with_token(lambda token: self._link.json(request, Heard, token))

    def rejoin(self, points: Rejoin) -> Rejoined:
        """Where the feeds part; for this call Kota may be in whatever epoch."""
        request = Request(method="POST", path="/v1/rejoin", body=msgspec.json.encode(points))
        with self._link.in_any_epoch():
            return self._with_token(lambda token: self._link.json(request, Rejoined, token))

    def expect(self, epoch: str) -> None:
        """From now on Kota is in ``epoch``."""
        self._link.expect(epoch)

    def offer(self, offered: bytes) -> Offered:
        """Give a page of old events back."""
        request = Request(method="POST", path="/v1/rejoin/offer", body=offered, media_type=page.MEDIA_TYPE)
        return self._with_token(lambda token: self._link.json(request, Offered, token))

    def _with_token(self, call: Callable[[str], T]) -> T:
        if self._token:
            try:
                return call(self._token)
            except Answered as answer:
                if answer.code is not Code.TOKEN_NEEDED:
                    raise
        self._token = self._prove()
        return call(self._token)

    def sign_on(self) -> None:
        """See whether Kota knows this device."""
        self._token = self._prove()

    def _prove(self) -> str:
        who = self._who
        nonce = hello(self._link).nonce
        signature = Ed25519PrivateKey.from_private_bytes(who.private_key).sign(
            token_challenge(who.device, who.incarnation, nonce)
        )
        proof = Prove(
            device=who.device,
            incarnation=who.incarnation,
            nonce=nonce,
            signature=signature.hex(),
            membership=self._membership,
        )
        request = Request(method="POST", path="/v1/token", body=msgspec.json.encode(proof))
        try:
            answer = self._link.json(request, Token)
        except Answered as refusal:
            if refusal.code is Code.TOKEN_NEEDED:
                raise Forgotten(refusal.code) from refusal
            raise
        if answer.membership not in ("", self._membership):
            self._keep(answer.membership)
            self._membership = answer.membership
        return answer.token
