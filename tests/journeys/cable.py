"""The cable between a desk and Kota: a forwarder on loopback that can be cut, mended, and have every trouble of a line.

It passes bytes and knows nothing of them, so TLS runs from end to end through it, and nothing can be sent twice or
changed unnoticed. Cut, it ends every connection at once and refuses new ones, as a pulled plug does.
"""

import asyncio
import contextlib
import ssl
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine
from enum import StrEnum
from typing import Self

CHUNK = 64 * 1024
SLOW_CHUNK = 512
# As much as passes before the trouble begins: a handshake (Kota's part is 1,350 bytes), and of the first answer a part.
SOME_BYTES = 1_500
LATE_S = 0.15
# 512 bytes at a time: a line of the second generation of mobile telephony.
PAUSE_S = 0.03

_PAGE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\nConnection: close\r\n\r\n"
    b"<html>please log in</html>"
)


class Trouble(StrEnum):
    """What may be wrong with a line."""

    NONE = "none"
    RESET = "connections are reset in the middle"
    LATE = "everything comes late"
    THIN = "few bytes come at a time"
    SILENT = "connections are accepted and never answered"
    STALLED = "answers stop in the middle and the connection stays"
    CUT_OFF = "answers end in the middle"
    PORTAL = "a portal answers without TLS"
    OTHER_CERTIFICATE = "a portal answers with a certificate of its own"


class Cable:
    """Listens on ``port`` and forwards to ``to_port`` while it is whole. ``portal`` is the TLS of somebody else."""

    def __init__(self, to_port: int, portal: ssl.SSLContext | None = None) -> None:
        self.to_port = to_port
        self.port = 0
        self._portal = portal
        self._trouble = Trouble.NONE
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cable")

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def whole(self) -> bool:
        return self._server is not None

    def __enter__(self) -> Self:
        self._thread.start()
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def mend(self) -> None:
        """Whole again, and without trouble."""
        self._do(self._mend())

    def cut(self) -> None:
        self._do(self._cut())

    def suffer(self, trouble: Trouble) -> None:
        """From now on; connections that are open end."""
        self._do(self._suffer(trouble))

    def _do(self, change: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(change, self._loop).result()

    async def _suffer(self, trouble: Trouble) -> None:
        await self._cut()
        self._trouble = trouble
        await self._listen()

    async def _mend(self) -> None:
        if self._trouble is not Trouble.NONE:
            await self._suffer(Trouble.NONE)
        await self._listen()

    async def _listen(self) -> None:
        if self._server is None:
            tls = self._portal if self._trouble is Trouble.OTHER_CERTIFICATE else None
            self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port, ssl=tls)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        # A connection that was accepted a moment ago needs its server whole for one more turn of the loop.
        for listener in server.sockets:
            self._loop.remove_reader(listener.fileno())
        await asyncio.sleep(0)
        server.close()
        # Every forward ends with its sockets; none may outlive the cut, not even one that was just accepted.
        while forwards := await self._forwards():
            for writer in list(self._open):
                writer.transport.abort()
            await asyncio.wait(forwards, timeout=LATE_S)

    async def _forwards(self) -> set[asyncio.Task[None]]:
        for _ in range(3):
            await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    async def _forward(self, near_in: StreamReader, near_out: StreamWriter) -> None:
        ends = [near_out]
        self._open.add(near_out)
        try:
            match self._trouble:
                case Trouble.SILENT:
                    await _swallow(near_in)
                case Trouble.PORTAL | Trouble.OTHER_CERTIFICATE:
                    await near_in.read(CHUNK)
                    near_out.write(_PAGE)
                    await near_out.drain()
                case _:
                    far_in, far_out = await asyncio.open_connection("127.0.0.1", self.to_port)
                    ends.append(far_out)
                    self._open.add(far_out)
                    await asyncio.gather(
                        _pour(near_in, far_out, Trouble.NONE), _pour(far_in, near_out, self._trouble)
                    )
        except OSError:
            pass  # Kota is not there, or the cable was cut: to the other end it is a dead line, as in life.
        finally:
            self._open.difference_update(ends)
            for end in ends:
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()


async def _pour(source: StreamReader, drain: StreamWriter, trouble: Trouble) -> None:
    passed = 0
    while chunk := await source.read(SLOW_CHUNK if trouble is Trouble.THIN else CHUNK):
        match trouble:
            case Trouble.LATE:
                await asyncio.sleep(LATE_S)
            case Trouble.THIN:
                await asyncio.sleep(PAUSE_S)
            case Trouble.RESET | Trouble.CUT_OFF | Trouble.STALLED:
                chunk = chunk[: SOME_BYTES - passed]
        passed += len(chunk)
        drain.write(chunk)
        await drain.drain()
        if passed == SOME_BYTES and await _ended(source, drain, trouble):
            return
    if drain.can_write_eof():
        drain.write_eof()


async def _ended(source: StreamReader, drain: StreamWriter, trouble: Trouble) -> bool:
    """Whether nothing more passes, in the way of ``trouble``."""
    match trouble:
        case Trouble.RESET:
            drain.transport.abort()
        case Trouble.CUT_OFF:
            drain.close()
        case Trouble.STALLED:
            await _swallow(source)
        case _:
            return False
    return True


async def _swallow(source: StreamReader) -> None:
    while await source.read(CHUNK):
        pass
