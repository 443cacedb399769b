"""The web application: every handler, and what holds for every answer.

Each answer carries our mark, errors and unknown addresses too, so that a desk can tell Kota from a portal or a proxy.
An error is a `Problem` and says nothing of what went wrong inside.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Litestar, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from sync.central.kota import Kota
from sync.central.problem import ProblemError
from sync.central.store.database import StoreFailedError
from sync.wire.errors import STATUS, Code, Problem
from sync.wire.messages import LIMIT_PUSH_BYTES, MARK, MARK_HEADER

log = logging.getLogger(__name__)

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[Scope, Exception], Response[bytes]]

# A message of a platform and a page of entries have the same limit.
BODY_LIMIT = LIMIT_PUSH_BYTES
TOO_MANY = 429


def build(kota: Kota, handlers: list[HTTPRouteHandler], in_front: Callable[[Refuse, Asgi], Asgi]) -> Asgi:
    """The application of ``handlers``, and ``in_front`` of it what needs no framework; every answer gets our mark."""
    app = Litestar(
        route_handlers=handlers,
        exception_handlers={
            HTTPException: lambda _, error: _http(kota, error),
            Exception: lambda request, error: refusal(kota, request.scope, error),
        },
        request_max_body_size=BODY_LIMIT,
        openapi_config=OpenAPIConfig(
            title="Kota alert desk", version="1", render_plugins=[JsonRenderPlugin()]
        ),
        logging_config=None,
    )
    return marked(in_front(lambda scope, error: refusal(kota, scope, error), app))


def refusal(kota: Kota, scope: Scope, error: Exception) -> Response[bytes]:
    """The answer to a request of ``scope`` that ended in ``error``."""
    if isinstance(error, ProblemError):
        return _refused(kota, error)
    if isinstance(error, StoreFailedError):
        return _busy(kota, error)
    return _mistake(kota, scope, error)


def marked(app: Asgi) -> Asgi:
    """``app`` with our mark on every answer."""
    mark = (MARK_HEADER.lower().encode(), MARK.encode())

    async def marking(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Any) -> None:  # noqa: ANN401  # the interface's own type
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], mark]}
            await send(message)

        await app(scope, receive, send_marked)

    return marking


def _answer(kota: Kota, status: int, code: Code, expected: int | None = None) -> Response[bytes]:
    problem = Problem(epoch=kota.epoch, server_ms=kota.now_ms(), error=code, expected=expected)
    return Response(msgspec.json.encode(problem), status_code=status, media_type="application/json")


def _refused(kota: Kota, error: ProblemError) -> Response[bytes]:
    if error.retry_after_s is None:
        return _answer(kota, STATUS[error.code], error.code, error.expected)
    answer = _answer(kota, TOO_MANY, error.code)
    answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def _busy(kota: Kota, error: StoreFailedError) -> Response[bytes]:
    log.warning("the database could not be used: %s", error)
    return _answer(kota, STATUS[Code.BUSY], Code.BUSY)


def _http(kota: Kota, error: HTTPException) -> Response[bytes]:
    """What the framework refuses by itself: no such address, wrong method, too large, not of the right shape."""
    status = error.status_code
    if status == STATUS[Code.TOO_LARGE]:
        return _answer(kota, status, Code.TOO_LARGE)
    if status in {404, 405}:
        return _answer(kota, status, Code.UNKNOWN_CALL)
    if status == 400:
        status = STATUS[Code.UNREADABLE]
    return _answer(kota, status, Code.UNREADABLE if status < 500 else Code.BUSY)


def _mistake(kota: Kota, scope: Scope, error: Exception) -> Response[bytes]:
    log.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
    return _answer(kota, 500, Code.BUSY)
