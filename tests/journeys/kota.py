"""A real Kota for tests: its own process, its own folder, its own port, and death by kill -9 when asked."""

import hashlib
import hmac
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx

START_TIMEOUT_S = 20
# CPython leaves a socket open whose peer resets it between the connection and TLS (`SSLSocket._create`, seen in 3.11.7);
# nothing of ours holds it. A kill at the right moment does just that.
RESET = "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"


def free_port() -> int:
    """A port nobody listens on just now; Kota keeps it over a restart, so it cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Kota:
    """``kota-central`` in ``home``. `start` returns when it answers; leaving the context kills it.

    ``host`` is of this machine's many loopback addresses.
    """

    def __init__(self, home: Path, *, port: int | None = None, host: str = "127.0.0.1") -> None:
        self.home = home
        self.port = port or free_port()
        self.host = host
        self._process: subprocess.Popen[str] | None = None
        self._client: httpx.Client | None = None
        self._invited = 0

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        if self._client is not None:
            self._client.close()

    def run(self, *arguments: str, stdin: str = "") -> dict[str, Any]:
        """One ``kota-central`` command with ``--json``; its answer. Fails the test if the command fails."""
        finished = subprocess.run(
            [sys.executable, "-m", "sync.central.cli", "--home", str(self.home), *arguments, "--json"],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        answer: dict[str, Any] = json.loads(finished.stdout)
        return answer

    def init(self, database: str = "sqlite", hosts: tuple[str, ...] = ()) -> None:
        where = ["--host", *(hosts or (self.host,)), "--port", str(self.port)]
        self.run("init", *where, "--database", database)

    def start(self, *how: str) -> None:
        """Serve; ``how`` is a program to do it with, instead of ``-m sync.central.cli``."""
        program = how or ("-m", "sync.central.cli")
        serve = ["--home", str(self.home), "serve", "--host", self.host, "--json"]
        with (self.home / "serve.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, *program, *serve],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"Kota did not start: {(self.home / 'serve.log').read_text()}"
        assert json.loads(line)["listening"] == self.url

    def died(self) -> bool:
        """Whether it ends by a kill of its own making within a moment; it may be started again then."""
        assert self._process is not None
        try:
            code = self._process.wait(START_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return False
        self.kill()
        return code < 0

    def kill(self) -> None:
        """Kill -9 (or what Windows has for it): nothing is flushed, nobody is told."""
        self._end(subprocess.Popen.kill)

    def stop(self) -> int:
        """The orderly way; returns the exit code."""
        return self._end(subprocess.Popen.terminate)

    def _end(self, end: Callable[[subprocess.Popen[str]], None]) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        end(process)
        if process.stdout is not None:
            process.stdout.close()
        return process.wait(START_TIMEOUT_S)

    @property
    def client(self) -> httpx.Client:
        """A client that trusts only this Kota."""
        if self._client is None:
            trust = ssl.create_default_context(cafile=str(self.home / "ca.pem"))
            self._client = httpx.Client(base_url=self.url, verify=trust, trust_env=False)
        return self._client

    def report(self, raw: bytes, *, secret: str | None = None) -> httpx.Response:
        """Send ``raw`` as Meta would: signed over the very bytes."""
        key = secret or (self.home / "secrets" / "meta-webhook").read_text().strip()
        signature = hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()
        return self.client.post(
            "/v1/intake/meta",
            content=raw,
            headers={"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"},
        )

    def add_officer(self, unit: str, officer: str, name: str, password: str) -> None:
        self.run("officer", "add", "--unit", unit, "--id", officer, "--name", name, stdin=password + "\n")

    def invite(self, unit: str) -> Path:
        """An enrolment file for one PC of ``unit``."""
        self._invited += 1
        file = self.home / f"{unit}-{self._invited}.enrol"
        self.run("enrol-code", "--unit", unit, "--file", str(file))
        return file
