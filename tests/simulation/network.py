"""The network between desks and Kota, at the bytes: every call can be lost, late, doubled, cut or forged.

It must never change a reply that the desk has no means to recognise as changed: TLS is believed to hold.
"""

import asyncio
import random
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
import msgspec
from msgspec import Struct

from sync.desk.link import READ_MARGIN_S, Link
from sync.wire.heartbeat import Command, CommandKind, Heard
from sync.wire.messages import MARK, MARK_HEADER
from sync.wire.packing import Encoding, unpack
from tests.simulation.faults import ANSWERS, Fault, Kind
from tests.simulation.world import START_MS, Clock, Crash, Fiber, running_fiber

if TYPE_CHECKING:
    from tests.simulation.machines import DeskMachine, KotaMachine

FOREVER_MS = 24 * 3600 * 1000
INTERRUPTED = "interrupted"
# More than any page may hold.
PAGE_MOST = 8 * 1024 * 1024


class Call(Struct, frozen=True):
    """A request as it leaves the desk."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def page(self) -> bytes:
        """The body as its sender wrote it."""
        packed = (b"content-encoding", b"zstd") in self.headers
        return unpack(self.body, Encoding.ZSTD, PAGE_MOST) if packed else self.body


class Answer(Struct, frozen=True):
    """A reply as it leaves Kota."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def packed(self) -> bool:
        """Whether the body says nothing before it is unpacked."""
        return any(name == b"content-encoding" for name, _ in self.headers)

    def plain(self) -> httpx.Response:
        return httpx.Response(self.status, headers=list(self.headers), stream=httpx.ByteStream(self.body))


Sent = Callable[["DeskMachine", Call], None]
Told = Callable[["DeskMachine", Call, Answer], None]


class Network:
    """Carries calls. ``sent`` is told when a desk calls, ``answered`` when Kota replies, ``delivered`` when the reply
    arrives unharmed.
    """

    def __init__(  # noqa: PLR0917  # what it connects, and who listens
        self, clock: Clock, seed: int, kota: "KotaMachine", sent: Sent, answered: Told, delivered: Told
    ) -> None:
        self._sent = sent
        self._clock = clock
        self._rng = random.Random(f"{seed}-network")
        self._kota = kota
        self._answered = answered
        self._delivered = delivered
        # Calls under way that a fault has befallen.
        self.troubled = 0

    def carry(self, desk: "DeskMachine", call: Call, patience_ms: int) -> httpx.Response:
        """One call, in the fiber that makes it. Raises what an HTTP client raises."""
        self._sent(desk, call)
        fault = desk.next_fault()
        self.troubled += fault is not None
        try:
            return self._carry(desk, call, patience_ms, fault)
        finally:
            self.troubled -= fault is not None

    def _carry(
        self, desk: "DeskMachine", call: Call, patience_ms: int, fault: Fault | None
    ) -> httpx.Response:
        kind = fault.kind if fault else None
        rng = random.Random(fault.value if fault else 0)
        if kind is Kind.STOP_BEFORE_SEND:
            desk.die(power_cut=rng.random() < 0.5)
            raise Crash
        self._pause(self._rng.randint(1, 30))
        if kind is Kind.HALF_OPEN:
            self._pause(patience_ms)
            raise httpx.ReadTimeout("half open")
        if desk.offline() or not self._kota.up or kind is Kind.DROP_REQUEST:
            raise httpx.ConnectError("nobody there")
        if kind is Kind.PORTAL:
            return httpx.Response(200, html="<html>Please sign in to the network</html>")
        if kind is Kind.REFUSED:
            return self._forged(rng)
        if kind is Kind.DUPLICATE:
            self._clock.after(rng.randrange(20_000), lambda: self._again(call))
        answer = self._through(desk, call, patience_ms, kind)
        return self._spoiled(desk, call, answer, kind, rng)

    def _again(self, call: Call) -> None:
        """A copy of a call that was held up somewhere; nobody waits for its reply."""
        self._kota.serve(call)

    def _through(self, desk: "DeskMachine", call: Call, patience_ms: int, kind: Kind | None) -> Answer:
        """There and, if nothing happens, back."""
        fiber = running_fiber()
        naps = desk.naps
        task = self._kota.serve(call)
        if kind is Kind.STOP_AFTER_SEND:
            self._clock.after(1, lambda: desk.die(power_cut=True))
        back_ms = self._rng.randint(1, 30)

        def done(ended: "asyncio.Task[Answer]") -> None:
            if not ended.cancelled() and ended.exception() is None:
                self._answered(desk, call, ended.result())
                if kind is Kind.KOTA_STOPS_AFTER_WORK:
                    self._kota.die(power_cut=True)
            fiber.wake("answered", back_ms)

        task.add_done_callback(done)
        reason = fiber.wait(patience_ms)
        if reason is None:
            raise httpx.ReadTimeout("no reply")
        lost = task.cancelled() or not task.done() or task.exception() is not None
        # No connection outlives a sleep.
        lost = lost or desk.naps != naps
        if lost or reason == INTERRUPTED or kind in {Kind.DROP_REPLY, Kind.KOTA_STOPS_AFTER_WORK}:
            raise httpx.ReadError("the connection ended")
        return task.result()

    def _spoiled(  # one call with all that is known of it
        self, desk: "DeskMachine", call: Call, answer: Answer, kind: Kind | None, rng: random.Random
    ) -> httpx.Response:
        if kind is Kind.STOP_AFTER_REPLY:
            desk.die(power_cut=rng.random() < 0.5)
            raise Crash
        naps = desk.naps
        if kind is Kind.SLOW:
            self._pause(rng.randrange(14_000))
        if desk.offline() or desk.naps != naps:
            raise httpx.ReadError("the line went down")
        if kind is Kind.TRUNCATE and answer.body:
            return _with_body(answer, answer.body[: rng.randrange(len(answer.body))])
        if kind is Kind.WRONG_EPOCH:
            return _with_body(answer, answer.body.replace(b'"epoch":"', b'"epoch":"f0', 1))
        if kind is Kind.FLIP and answer.packed() and answer.body:
            place = rng.randrange(len(answer.body))
            changed = bytes([answer.body[place] ^ 1])
            return _with_body(answer, answer.body[:place] + changed + answer.body[place + 1 :])
        if kind is Kind.FLIP and (at := answer.body.find(b"\n") + 1) < len(answer.body) and at > 0:
            place = rng.randrange(at, len(answer.body))
            changed = bytes([answer.body[place] ^ 1])
            return _with_body(answer, answer.body[:place] + changed + answer.body[place + 1 :])
        return self._arrived(desk, call, answer)

    def _arrived(self, desk: "DeskMachine", call: Call, answer: Answer) -> httpx.Response:
        self._delivered(desk, call, answer)
        if desk.forged_orders and call.path == "/v1/heartbeat" and answer.status == HTTPStatus.OK:
            desk.forged_orders -= 1
            return _with_order(answer)
        return answer.plain()

    def _forged(self, rng: random.Random) -> httpx.Response:
        """An error by something that speaks for Kota, or by a proxy that does not."""
        status, code = rng.choice(ANSWERS)
        if not code:
            return httpx.Response(status, html="<html>proxy</html>")
        problem = {"epoch": self._kota.epoch, "server_ms": START_MS + self._clock.now_ms, "error": code}
        if code == "log_gap":
            problem["expected"] = 1
        headers = {MARK_HEADER: MARK, "Content-Type": "application/json"}
        if code == "busy" and rng.random() < 0.5:
            headers["Retry-After"] = str(rng.randrange(60))
        return httpx.Response(status, headers=headers, content=msgspec.json.encode(problem))

    def _pause(self, delay_ms: int) -> None:
        if running_fiber().wait(delay_ms) == INTERRUPTED:
            raise httpx.ReadError("the connection ended")


def _with_body(answer: Answer, body: bytes) -> httpx.Response:
    return Answer(answer.status, answer.headers, body).plain()


def _with_order(answer: Answer) -> httpx.Response:
    """As if somebody could speak for Kota who has not its key."""
    heard = msgspec.json.decode(answer.body, type=Heard)
    order = Command(id="c-forged", kind=CommandKind.WIPE, signature="00" * 64)
    return _with_body(answer, msgspec.json.encode(msgspec.structs.replace(heard, commands=(order,))))


class Cable(httpx.BaseTransport):
    """What an HTTP client of a desk is plugged into."""

    def __init__(self, network: Network, desk: "DeskMachine") -> None:
        self._network = network
        self._desk = desk
        self._calling: set[Fiber] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        whole = [(name.lower(), value) for name, value in request.headers.raw]
        if not request.url.path.endswith("/snapshot"):
            # Pages come as they are, so that whoever spoils or reads them need not unpack them.
            whole = [header for header in whole if header[0] != b"accept-encoding"]
        call = Call(request.method, request.url.path, request.url.query, tuple(whole), request.content)
        timeout = request.extensions.get("timeout", {}).get("read") or READ_MARGIN_S
        fiber = running_fiber()
        self._calling.add(fiber)
        try:
            return self._network.carry(self._desk, call, int(timeout * 1000))
        finally:
            self._calling.discard(fiber)

    def interrupt(self) -> None:
        """End the call that waits in here."""
        for fiber in self._calling:
            fiber.wake(INTERRUPTED)


class SimLink(Link):
    """The desk's link, plugged into the simulated network behind TLS."""

    def __init__(self, cable: Cable, server: str, ca: str, epoch: str | None = None) -> None:
        super().__init__(server, ca, epoch)
        self._client.close()
        self._client = httpx.Client(transport=cable, base_url=server)
        self._cable = cable

    def interrupt(self) -> None:
        super().interrupt()
        self._cable.interrupt()
