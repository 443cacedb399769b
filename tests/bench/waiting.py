"""Desks that wait for one alert, all in one thread: raw connections, so that little of what is measured is ours."""

import hashlib
import hmac
import selectors
import socket
import ssl
from typing import Self

from msgspec import Struct

from sync.wire import page
from sync.wire.chain import Head
from sync.wire.messages import Changes
from tests.bench import wire
from tests.bench.figures import now
from tests.bench.wire import Peer

WAIT_S = 25
ANSWER_TIMEOUT_S = 20


class Door(Struct, frozen=True):
    """Where Kota listens; ``trust`` is None without TLS."""

    port: int
    trust: ssl.SSLContext | None

    def connect(self) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self.port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line if self.trust is None else self.trust.wrap_socket(line, server_hostname="127.0.0.1")


class Waiting:
    """``count`` connections of ``peer``'s, each of which asks for what comes after ``after`` and waits."""

    def __init__(self, door: Door, peer: Peer, token: str, after: Head, count: int) -> None:
        self._peer = peer
        self._token = token
        self._after = after
        self._selector = selectors.DefaultSelector()
        self._lines = [door.connect() for _ in range(count)]
        self._shooter = door.connect()
        for line in self._lines:
            line.setblocking(False)
            self._selector.register(line, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for line in [*self._lines, self._shooter]:
            line.close()

    def ask(self) -> None:
        question = wire.request("GET", self._peer.question(self._after, WAIT_S), token=self._token)
        for line in self._lines:
            line.sendall(question)

    def shoot(self, raw: bytes, secret: bytes) -> list[float]:
        """Send the report ``raw``; seconds until each of those who wait had it, the earliest first."""
        signature = f"sha256={hmac.new(secret, raw, hashlib.sha256).hexdigest()}"
        began = now()
        self._shooter.sendall(wire.request("POST", "/v1/intake/meta", raw, X_Hub_Signature_256=signature))
        times: list[float] = []
        parts: dict[int, bytes] = {}
        while len(times) < len(self._lines):
            ready = self._selector.select(ANSWER_TIMEOUT_S)
            assert ready, f"{len(times)} of {len(self._lines)} have the alert"
            for key, _ in ready:
                whole = self._read(key.fileobj, parts, key.fd)
                if whole is not None:
                    times.append(now() - began)
        self._after = _head(whole or b"")
        self._shooter.recv(65536)
        return times

    @staticmethod
    def _read(line: object, parts: dict[int, bytes], number: int) -> bytes | None:
        assert isinstance(line, socket.socket)
        try:
            data = line.recv(65536)
        except ssl.SSLWantReadError:
            return None
        assert data, "Kota closed a connection"
        parts[number] = data = parts.get(number, b"") + data
        head, end, body = data.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return body if end and len(body) == int(length) else None


def _head(body: bytes) -> Head:
    header, _ = page.split(body, Changes)
    return Head(header.upto, bytes.fromhex(header.head))
