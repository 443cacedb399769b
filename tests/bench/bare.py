"""The bound: the same bytes through a bare socket into a bare SQLite that is as durable. No product could be faster.

``python -m tests.bench.bare PORT DATABASE FEED`` is its server, for one message after another: a letter, four bytes of
length, the body. ``F`` asks for the file FEED; ``P`` stores lines; ``C`` stores one line and passes it on to whoever
sent ``S``. Its stores have a primary key and two indexes more, one transaction for each message, ``synchronous=FULL``.
"""

import contextlib
import selectors
import socket
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from sync import sqlite

HEAD = struct.Struct("!cI")
SCHEMA = """
CREATE TABLE IF NOT EXISTS line (number INTEGER PRIMARY KEY, alert TEXT, kind TEXT, at_ms INTEGER, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS line_kind ON line (kind, at_ms);
CREATE INDEX IF NOT EXISTS line_alert ON line (alert, at_ms);
"""


class _Known(msgspec.Struct):
    """What a store must read of a line to find it again."""

    alert: str | None = None
    kind: str = ""
    at_ms: int = 0


_known = msgspec.json.Decoder(_Known)


class BareStore:
    """A plain SQLite file of lines."""

    def __init__(self, file: Path) -> None:
        self.connection: Any = sqlite.connect(file)
        self.connection.executescript(SCHEMA)

    def keep(self, lines: Iterable[bytes]) -> None:
        """Store ``lines`` in one transaction, on the disk when it returns."""
        read = ((_known.decode(line), line) for line in lines)
        rows = [(one.alert, one.kind, one.at_ms, line) for one, line in read]
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany("INSERT INTO line (alert, kind, at_ms, body) VALUES (?, ?, ?, ?)", rows)
        self.connection.execute("COMMIT")

    def count(self) -> int:
        (count,) = self.connection.execute("SELECT count(*) FROM line").fetchone()
        return int(count)

    def close(self) -> None:
        self.connection.close()


def message(letter: bytes, body: bytes = b"") -> bytes:
    return HEAD.pack(letter, len(body)) + body


def send(line: socket.socket, letter: bytes, body: bytes = b"") -> None:
    line.sendall(message(letter, body))


def receive(line: socket.socket) -> tuple[bytes, bytes]:
    """One whole message; raises ``ConnectionError`` when the other end is gone."""
    letter, size = HEAD.unpack(_exactly(line, HEAD.size))
    return letter, _exactly(line, size)


def _exactly(line: socket.socket, size: int) -> bytes:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        count = line.recv_into(view[got:])
        if not count:
            raise ConnectionError
        got += count
    return bytes(data)


def call(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


class Server:
    """Answers one message after another, in one thread."""

    def __init__(self, port: int, store: BareStore, feed: Path) -> None:
        self._store = store
        self._feed = feed
        self._waiting: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._answer(key.fileobj)

    def _accept(self) -> None:
        line, _ = self._listener.accept()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(line, selectors.EVENT_READ)

    def _answer(self, line: socket.socket) -> None:
        try:
            letter, body = receive(line)
        except OSError:
            self._selector.unregister(line)
            self._waiting.discard(line)
            line.close()
            return
        match letter:
            case b"F":
                send(line, b"F", self._feed.read_bytes())
            case b"P":
                self._store.keep(body.split(b"\n"))
                send(line, b"A")
            case b"C":
                self._store.keep([body])
                send(line, b"A")
                whole = message(b"C", body)
                for one in self._waiting:
                    one.sendall(whole)
            case b"S":
                self._waiting.add(line)


def main() -> None:
    port, file, feed = sys.argv[1:]
    with contextlib.suppress(KeyboardInterrupt):
        Server(int(port), BareStore(Path(file)), Path(feed)).run()


if __name__ == "__main__":
    main()
