"""``heartbeat``: what a device says of itself."""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from sync.central.heartbeats import Heartbeats
from sync.central.tokens import Tokens
from sync.wire.heartbeat import Heard, Heartbeat


def handlers(heartbeats: Heartbeats, tokens: Tokens) -> list[HTTPRouteHandler]:
    """The handlers in front of ``heartbeats``."""

    @post("/v1/heartbeat", status_code=200)
    async def heartbeat(request: Request[Any, Any, Any], data: JSONBody[Heartbeat]) -> Heard:
        return await heartbeats.hear(tokens.claim(request.headers.get("Authorization")), data)

    return [heartbeat]
