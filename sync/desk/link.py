"""The link: one HTTPS client that believes only the Kota whose certificate authority came with the enrolment.

A reply is Kota's if TLS says so and it carries our mark, our media type and the expected epoch; anything else is a
portal, a proxy, or nothing. Redirects, proxies and certificates of the machine are not followed or trusted. Of several
addresses the link keeps to one as long as Kota answers there.
"""

import contextlib
import socket
import ssl
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct

from sync.desk.failures import (
    Answered,
    Busy,
    LinkFailure,
    NotKota,
    NotTrusted,
    OtherHistory,
    Outdated,
    Revoked,
    TooSlow,
    Unreachable,
)
from sync.wire import packing, page
from sync.wire.errors import Code, Problem
from sync.wire.messages import MARK, MARK_HEADER, Reply
from sync.wire.packing import Encoding

JSON = "application/json"
CONNECT_TIMEOUT_S = 10
READ_MARGIN_S = 15

R = TypeVar("R", bound=Reply)


class Request(Struct, frozen=True, kw_only=True):
    """One call. ``wait_s`` is how long Kota may take on purpose."""

    method: str
    path: str
    query: Mapping[str, str | int] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""
    media_type: str = JSON
    wait_s: int = 0


def trusting(ca: str) -> ssl.SSLContext:
    """TLS that trusts the authority ``ca`` (PEM) and no other. Raises ``ssl.SSLError`` if it is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=ca)
    return context


class Link:
    """Calls ``server``: an address of Kota, or several, separated by spaces, the first to be tried first.

    ``epoch`` is the one expected, None before enrolment. For one thread, but for `interrupt`.
    """

    def __init__(self, server: str, ca: str, epoch: str | None = None) -> None:
        self._epoch = epoch
        self._servers = server.split()
        self._client = httpx.Client(verify=trusting(ca), trust_env=False, follow_redirects=False, http2=False)
        # A second handle of the connection, as the client's own is out of reach while a call waits in it.
        self._line: socket.socket | None = None
        self._interrupted = False
        self._lock = Lock()

    def expect(self, epoch: str) -> None:
        """Which epoch to believe from now on."""
        self._epoch = epoch

    @contextlib.contextmanager
    def in_any_epoch(self) -> Iterator[None]:
        """Believe any epoch for a moment, as long as it comes from the Kota we trust."""
        expected, self._epoch = self._epoch, None
        try:
            yield
        finally:
            self._epoch = expected

    def close(self) -> None:
        """Give the connection back. Not while another thread is calling: `interrupt` that one first."""
        self._client.close()
        self._forget()

    def interrupt(self) -> None:
        """End the call another thread is waiting in, and every later one, with `Unreachable`."""
        with self._lock:
            self._interrupted = True
            _cut(self._line)

    def json(self, request: Request, shape: type[R], token: str = "") -> R:
        """The reply as JSON. Raises a `LinkFailure`."""
        reply = self._ask(request, token)
        _expect_type(reply, JSON)
        try:
            answer = msgspec.json.decode(reply.content, type=shape)
        except msgspec.DecodeError as error:
            raise NotKota(str(error)) from error
        self._expect_epoch(answer.epoch)
        return answer

    def page(self, request: Request, shape: type[R], token: str = "") -> tuple[R, list[bytes]]:
        """The reply as a page. Raises a `LinkFailure`."""
        reply = self._ask(request, token)
        _expect_type(reply, page.MEDIA_TYPE)
        try:
            header, bodies = page.split(reply.content, shape)
        except page.BrokenPageError as error:
            raise NotKota(str(error)) from error
        self._expect_epoch(header.epoch)
        return header, bodies

    def part(self, request: Request, first: int, into: bytearray, token: str = "") -> tuple[str, int]:
        """Append the bytes of a large content from ``first`` on to ``into``, still encoded; its ETag, and its whole length.

        What came before a `LinkFailure` stays in ``into``.
        """
        with self._answering(request, token) as reply:
            if reply.status_code not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
                reply.read()
                raise self._refusal(reply)
            _expect_type(reply, page.MEDIA_TYPE)
            length = _whole_length(reply, first)
            for piece in reply.iter_raw():
                into += piece
            return reply.headers.get("ETag", "").strip('"'), length

    def _ask(self, request: Request, token: str) -> httpx.Response:
        with self._answering(request, token) as reply:
            reply.read()
        if reply.status_code != httpx.codes.OK:
            raise self._refusal(reply)
        return reply

    @contextlib.contextmanager
    def _answering(self, request: Request, token: str) -> Iterator[httpx.Response]:
        """Kota's answer, of which only the headers are there yet."""
        headers = {**request.headers, "Authorization": f"Bearer {token}"} if token else {**request.headers}
        body = request.body
        if body:
            headers["Content-Type"] = request.media_type
        if request.media_type == page.MEDIA_TYPE and len(body) >= packing.WORTH_IT_BYTES:
            headers["Content-Encoding"] = Encoding.ZSTD
            body = packing.pack(body, Encoding.ZSTD)
        try:
            with contextlib.ExitStack() as ending:
                reply = self._begin(ending, request, body, headers)
                if reply.headers.get(MARK_HEADER) != MARK:
                    self._turn()
                    raise NotKota(f"{reply.status_code} without our mark")
                yield reply
        except httpx.HTTPError as error:
            self._turn()
            self._forget()
            raise _failure(error) from error

    def _begin(
        self, ending: contextlib.ExitStack, request: Request, body: bytes, headers: Mapping[str, str]
    ) -> httpx.Response:
        """The answer of the first address that can be reached, until ``ending``. Raises ``httpx.HTTPError``."""
        for _ in self._servers[1:]:
            try:
                return ending.enter_context(self._call(request, body, headers))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Nothing was sent.
                self._turn()
        return ending.enter_context(self._call(request, body, headers))

    def _call(
        self, request: Request, body: bytes, headers: Mapping[str, str]
    ) -> contextlib.AbstractContextManager[httpx.Response]:
        if self._interrupted:
            raise Unreachable("interrupted")
        return self._client.stream(
            request.method,
            self._servers[0].rstrip("/") + request.path,
            params=dict(request.query),
            content=body or None,
            headers=headers,
            timeout=httpx.Timeout(READ_MARGIN_S + request.wait_s, connect=CONNECT_TIMEOUT_S),
            extensions={"trace": self._watch},
        )

    def _turn(self) -> None:
        """Try another address from now on."""
        self._servers.append(self._servers.pop(0))

    def _refusal(self, reply: httpx.Response) -> LinkFailure:
        _expect_type(reply, JSON)
        try:
            problem = msgspec.json.decode(reply.content, type=Problem)
        except msgspec.DecodeError as error:
            raise NotKota(str(error)) from error
        self._expect_epoch(problem.epoch)
        match problem.error:
            case Code.BUSY:
                # It may be this Kota alone that cannot reach its database.
                self._turn()
                return Busy(_retry_after_s(reply))
            case Code.DEVICE_REVOKED | Code.NOT_YOUR_FEED:
                return Revoked(problem.error)
            case Code.UPDATE_NEEDED:
                return Outdated(problem.error)
            case Code.HEAD_MISMATCH | Code.EPOCH_CHANGED:
                return OtherHistory(problem.error)
            case _:
                return Answered(problem.error, problem.expected)

    def _expect_epoch(self, epoch: str) -> None:
        if self._epoch is not None and epoch != self._epoch:
            raise OtherHistory("another epoch: Kota was restored from a backup, or is another Kota")

    def _watch(self, name: str, info: Mapping[str, Any]) -> None:
        """Take hold of a new connection, so that `interrupt` can end a wait in it."""
        if name != "connection.connect_tcp.complete":
            return
        self._forget()
        with self._lock:
            self._line = info["return_value"].get_extra_info("socket").dup()
            if self._interrupted:
                _cut(self._line)

    def _forget(self) -> None:
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.close()


def _cut(connection: socket.socket | None) -> None:
    if connection is not None:
        with contextlib.suppress(OSError):  # It may be closed already, which is as good.
            connection.shutdown(socket.SHUT_RDWR)


def _expect_type(reply: httpx.Response, media_type: str) -> None:
    found = reply.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if found != media_type:
        raise NotKota(f"{reply.status_code} with {found or 'no type'}")


def _whole_length(reply: httpx.Response, first: int) -> int:
    """How long the content is of which ``reply`` is the part from ``first`` on, or all."""
    part, _, length = reply.headers.get("Content-Range", "").rpartition("/")
    if not part and first == 0:
        length = reply.headers.get("Content-Length", "")
    elif not part.startswith(f"bytes {first}-"):
        raise NotKota(f"{reply.status_code} with another part than was asked for")
    if not length.isdecimal():
        raise NotKota(f"{reply.status_code} of no length")
    return int(length)


def _retry_after_s(reply: httpx.Response) -> int | None:
    value = reply.headers.get("Retry-After", "")
    return int(value) if value.isascii() and value.isdigit() else None


def _failure(error: httpx.HTTPError) -> LinkFailure:
    """What the HTTP client reports, as the loops know it."""
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return TooSlow(str(error))
    return _tls_failure(error) or Unreachable(str(error))


def _tls_failure(error: BaseException) -> LinkFailure | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return NotTrusted(cause.verify_message)
    # A connection that ends during the handshake is a bad line; one that does not speak TLS is somebody else.
    if cause is None or isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return None
    return NotKota(str(cause))
