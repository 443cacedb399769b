"""The cable between a desk and Kota: a forwarder on loopback that can be cut and mended.

It passes bytes and knows nothing of them, so TLS runs from end to end through it. Cut, it ends every connection at
once and refuses new ones, as a pulled plug does.
"""

import asyncio
import contextlib
import threading
from typing import Self

CHUNK = 64 * 1024


class Cable:
    """Listens on ``port`` and forwards to ``to_port`` while it is whole."""

    def __init__(self, to_port: int) -> None:
        self.to_port = to_port
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
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
        asyncio.run_coroutine_threadsafe(self._mend(), self._loop).result()

    def cut(self) -> None:
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()

    async def _mend(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for writer in list(self._open):
            writer.transport.abort()
        # Every forward ends with its sockets; none may outlive the cut.
        forwards = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*forwards, return_exceptions=True)

    async def _forward(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        ends = [near_out]
        self._open.add(near_out)
        try:
            far_in, far_out = await asyncio.open_connection("127.0.0.1", self.to_port)
            ends.append(far_out)
            self._open.add(far_out)
            await asyncio.gather(_pour(near_in, far_out), _pour(far_in, near_out))
        except OSError:
            pass  # Kota is not there, or the cable was cut: to the other end it is a dead line, as in life.
        finally:
            self._open.difference_update(ends)
            for end in ends:
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()


async def _pour(source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
    while chunk := await source.read(CHUNK):
        drain.write(chunk)
        await drain.drain()
    if drain.can_write_eof():
        drain.write_eof()
