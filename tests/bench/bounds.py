"""Each workload over the bare bound: as much of it as cannot be left out."""

import selectors
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sync import sqlite
from tests.bench import bare, programs, states
from tests.bench.bare import BareStore
from tests.bench.figures import now, settle

PORT = states.PORT + 1


def feed_bodies(kota: Path, after: int = 0) -> list[bytes]:
    """The events of our unit's feed beyond ``after``, as that Kota stores them."""
    connection = sqlite.connect(kota / "central.sqlite3", read_only=True)
    try:
        query = "SELECT body FROM feed_event WHERE unit = ? AND number > ? ORDER BY number"
        return [body for (body,) in connection.execute(query, (states.UNIT, after))]
    finally:
        connection.close()


@contextmanager
def _server(lines: Sequence[bytes] = ()) -> Iterator[Path]:
    """A bare server that gives ``lines``; its folder, with room for a client."""
    states.ROOT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=states.ROOT) as name:
        folder = Path(name)
        (folder / "feed").write_bytes(b"\n".join(lines))
        arguments = (str(PORT), str(folder / "server.db"), str(folder / "feed"))
        with programs.server("bare", PORT, *arguments):
            yield folder


def fetch(lines: Sequence[bytes], held: Sequence[bytes] = ()) -> float:
    """W1, W4: seconds until a store that has ``held`` has ``lines`` too."""
    with _server(lines) as folder, bare.call(PORT) as line:
        store = BareStore(folder / "client.db")
        store.keep(held)
        settle()
        began = now()
        bare.send(line, b"F")
        _, body = bare.receive(line)
        store.keep(body.split(b"\n"))
        seconds = now() - began
        assert store.count() == len(held) + len(lines)
        store.close()
    return seconds


def deliver(entries: Sequence[bytes]) -> float:
    """W2: seconds until the server has stored ``entries``, which lie in the client's store."""
    with _server() as folder, bare.call(PORT) as line:
        store = BareStore(folder / "client.db")
        store.keep(entries)
        settle()
        began = now()
        rows = store.connection.execute("SELECT body FROM line ORDER BY number").fetchall()
        bare.send(line, b"P", b"\n".join(body for (body,) in rows))
        bare.receive(line)
        store.connection.execute("UPDATE line SET at_ms = 1")
        seconds = now() - began
        store.close()
    return seconds


def live(lines: Sequence[bytes], spacing_s: float) -> list[float]:
    """W3: for each of ``lines``, seconds from the server's answer to the client's commit."""
    committed: list[float] = []
    with _server() as folder, bare.call(PORT) as waiting, bare.call(PORT) as sending:
        store = BareStore(folder / "client.db")
        bare.send(waiting, b"S")

        def take() -> None:
            for _ in lines:
                store.keep([bare.receive(waiting)[1]])
                committed.append(now())

        thread = threading.Thread(target=take)
        thread.start()
        answered = []
        for line in lines:
            time.sleep(spacing_s)
            bare.send(sending, b"C", line)
            bare.receive(sending)
            answered.append(now())
        thread.join()
        store.close()
    return [got - said for got, said in zip(committed, answered, strict=True)]


def fan_out(lines: Sequence[bytes], count: int) -> list[float]:
    """W5: for each of ``lines``, seconds until the last of ``count`` has it."""
    last = []
    with _server():
        waiting = [bare.call(PORT) for _ in range(count)]
        selector = selectors.DefaultSelector()
        for line in waiting:
            bare.send(line, b"S")
            selector.register(line, selectors.EVENT_READ)
        with bare.call(PORT) as sending:
            for body in lines:
                time.sleep(0.3)
                began = now()
                bare.send(sending, b"C", body)
                left = count
                while left:
                    for key, _ in selector.select():
                        bare.receive(key.fileobj)  # type: ignore[arg-type]  # only sockets are registered
                        left -= 1
                last.append(now() - began)
                bare.receive(sending)
        for line in waiting:
            line.close()
        selector.close()
    return last
