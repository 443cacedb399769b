"""The processes a figure needs: Kota, a desk, the bare server; all gone when their context ends."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import states
from tests.journeys.kota import Kota

START_TIMEOUT_S = 30


class Desk:
    """A running desk process (`tests.bench.seat`)."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, order: str) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the desk process has ended"
        heard: dict[str, float] = json.loads(line)
        return heard


@contextmanager
def kota(home: Path) -> Iterator[Kota]:
    with Kota(home, port=states.PORT) as running:
        running.start()
        yield running
        running.stop()


@contextmanager
def desk(home: Path) -> Iterator[Desk]:
    command = [sys.executable, "-m", "tests.bench.seat", str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        running = Desk(process)
        running.hear()
        yield running
        assert process.stdin is not None
        process.stdin.close()


@contextmanager
def server(module: str, port: int, *arguments: str) -> Iterator[int]:
    """One of the servers of this package, listening on ``port``; its process id."""
    with subprocess.Popen([sys.executable, "-m", f"tests.bench.{module}", *arguments]) as process:
        try:
            _wait_for(port)
            yield process.pid
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
