"""Kota on the network: one TLS server until it is told to stop.

The address is taken before anything of the folder is opened, so a second Kota by mistake touches nothing. Told to
stop, it releases everybody who waits, answers what it has begun, and ends within a second or so.
"""

import asyncio
import errno
import os
import socket
from asyncio import sslproto
from collections.abc import Callable
from types import FrameType

import uvicorn

from sync.central.home import Home, HomeUnreadableError
from sync.central.running import Running, running
from sync.central.settings import url
from sync.words import SpokenError, mark
from sync.world import World

GRACE_S = 3
FAREWELL_S = 0.3
BACKLOG = 1024
# Longer than a desk pauses between two long-polls, so it keeps its connection.
KEEP_ALIVE_S = 60


class PortInUseError(SpokenError):
    """Another program listens there."""

    sentence = mark(
        "Port {port} on {host} is in use by another program; stop that one, or choose another with --port."
    )


class CannotListenError(SpokenError):
    """The operating system refuses the address."""

    sentence = mark("This machine cannot listen on {host}, port {port} ({reason}); check --host and --port.")


class _Server(uvicorn.Server):
    """uvicorn, with two additions: it says when it listens, and lets go of long-polls before it stops."""

    def __init__(self, config: uvicorn.Config, kota: Running, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._kota = kota
        self._listening = listening
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        ending = asyncio.create_task(super().shutdown(sockets))
        while not ending.done():
            await asyncio.wait([ending], timeout=FAREWELL_S)
            if not self.server_state.tasks:
                # All is answered; a desk that idles would leave our TLS farewell without an answer for long.
                for connection in list(self.server_state.connections):
                    connection.transport.abort()
        await ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the interface of a signal handler
        # The base class would end by raising the signal again; being told to stop is no failure.
        self.should_exit = True
        self._loop.call_soon_threadsafe(self._kota.watch.release)


def serve(
    home: Home, world: World, host: str | None, port: int | None, listening: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or Ctrl+C; ``listening`` gets the address once it does.

    Raises `PortInUseError`, `CannotListenError`, and what `Home` raises.
    """
    settings = home.settings()
    wanted = settings.listen.port if port is None else port
    with _listen(host or settings.listen.host, wanted) as listener:
        address = url(host or settings.public.hosts[0], listener.getsockname()[1])
        asyncio.run(_serve(home, world, listener, lambda: listening(address)))


# Of these each connection takes one for its whole life; asyncio's own, 256 KiB, are for few and busy connections.
TLS_BUFFER_BYTES = 16 * 1024


async def _serve(home: Home, world: World, listener: socket.socket, listening: Callable[[], None]) -> None:
    sslproto.SSLProtocol.max_size = TLS_BUFFER_BYTES
    async with running(home, world) as kota:
        config = uvicorn.Config(
            kota.app,
            ssl_certfile=home.server_file,
            ssl_keyfile=home.server_key_file,
            # Addresses of people and units stay out of the log, and so does the name of our software.
            access_log=False,
            log_config=None,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        try:
            config.load()
        except OSError as error:
            # TLS errors are of this kind, too.
            reason = error.strerror or home.server_file.name
            raise HomeUnreadableError(folder=home.folder, reason=reason) from error
        await _Server(config, kota, listening).serve([listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With its protocol named; without, asyncio leaves each connection waiting 40 ms for its small packets.
        listener = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":
                # Elsewhere it would let two programs listen at once.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(host=host, port=port) from error
        raise CannotListenError(host=host, port=port, reason=error.strerror) from error
    return listener
