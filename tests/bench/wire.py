"""Many desks at once, at the protocol and without stores: enough HTTP over TLS to enrol, prove, push and ask."""

import asyncio
import hashlib
import hmac
import json
import ssl
from pathlib import Path
from typing import Self, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.case import entry
from sync.case.entry import Entry, Note, Stamp
from sync.case.unit import Officer
from sync.wire import chain, page
from sync.wire.chain import Head
from sync.wire.messages import (
    LIMIT_EVENTS,
    Changes,
    Enrol,
    Enrolled,
    Hello,
    Prove,
    Push,
    Pushed,
    Token,
    token_challenge,
)
from sync.world import Machine, new_id
from tests.bench import loads

T = TypeVar("T")
WORLD = Machine()


class RefusedError(Exception):
    """Kota answered something else than 200."""


class Line:
    """One connection, kept open; one call at a time."""

    def __init__(self, port: int, trust: ssl.SSLContext | None) -> None:
        self._port = port
        self._trust = trust
        self.token = ""

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._trust, limit=1 << 20
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    async def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        self.writer.write(request(method, path, body, token=self.token, **headers))
        await self.writer.drain()
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = await self.reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RefusedError((head + answer).decode())
        return answer


def request(method: str, path: str, body: bytes = b"", token: str = "", **headers: str) -> bytes:
    """The bytes of one call."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def trusting(home: Path) -> ssl.SSLContext:
    """TLS that trusts the Kota of ``home`` only."""
    return ssl.create_default_context(cafile=str(home / "ca.pem"))


async def report(line: Line, raw: bytes, secret: bytes) -> str:
    """Send a report as the platform does; the number of its alert."""
    signature = f"sha256={hmac.new(secret, raw, hashlib.sha256).hexdigest()}"
    answer = json.loads(await line.call("POST", "/v1/intake/meta", raw, X_Hub_Signature_256=signature))
    number: str = answer["alert"]
    return number


class Peer(msgspec.Struct):
    """An enrolled desk: all it takes to come back."""

    key: str
    enrolled: Enrolled

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.key))

    async def prove(self, line: Line) -> None:
        """Get a token for ``line``."""
        who = self.enrolled
        hello = msgspec.json.decode(await line.call("GET", "/v1/hello"), type=Hello)
        signed = self.private.sign(token_challenge(who.device, who.incarnation, hello.nonce))
        prove = Prove(
            device=who.device, incarnation=who.incarnation, nonce=hello.nonce, signature=signed.hex()
        )
        answer = await line.call(
            "POST", "/v1/token", msgspec.json.encode(prove), Content_Type="application/json"
        )
        line.token = msgspec.json.decode(answer, type=Token).token

    def push(self, alert: str, count: int) -> bytes:
        """The page of the first ``count`` entries of this desk's log, all on ``alert``."""
        who = self.enrolled
        owner = chain.log_of(who.device, who.incarnation)
        stamp = Stamp(WORLD.wall_ms(), 330, "bench", 0)
        bodies = [
            entry.encode(
                Entry(1, new_id(WORLD), alert, 0, Officer("o", "A"), stamp, Note(loads.note(number)))
            )
            for number in range(count)
        ]
        head = chain.extend_all(chain.genesis(owner), bodies)[-1]
        header = Push(
            device=who.device,
            incarnation=who.incarnation,
            epoch=who.epoch,
            after=0,
            upto=count,
            head=head.hash.hex(),
            signature=chain.sign(self.private, owner, head).hex(),
        )
        return page.join(header, bodies)

    def question(self, after: Head, wait_s: int = 0) -> str:
        """The address that asks for what comes after ``after``."""
        return (
            f"/v1/feeds/{self.enrolled.unit.code}/changes?after={after.number}&head={after.hash.hex()}"
            f"&limit={LIMIT_EVENTS}&wait={wait_s}"
        )

    async def pull(self, line: Line, after: Head) -> tuple[Head, bool, list[bytes]]:
        """One page: the head after it, whether there is more, and the events."""
        header, bodies = page.split(await line.call("GET", self.question(after)), Changes)
        return Head(header.upto, bytes.fromhex(header.head)), header.end > header.upto, bodies


async def enrol(line: Line, code: str) -> Peer:
    """A new desk by a one-time code."""
    key = Ed25519PrivateKey.generate()
    wish = Enrol(code=code, public_key=key.public_key().public_bytes_raw().hex(), name="bench")
    answer = await line.call("POST", "/v1/enrol", msgspec.json.encode(wish), Content_Type="application/json")
    return Peer(key.private_bytes_raw().hex(), msgspec.json.decode(answer, type=Enrolled))


def pushed(answer: bytes) -> Pushed:
    return msgspec.json.decode(answer, type=Pushed)
