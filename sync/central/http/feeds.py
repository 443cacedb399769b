"""``changes`` and ``receipts``: how a feed gets to its desks."""

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from sync.central.feeds import Asked, Feeds
from sync.central.http import packed
from sync.central.tokens import Tokens
from sync.wire.messages import LIMIT_EVENTS, WAIT_MAX_S, Receipt, Received

# What JSON numbers of any language can hold, and a database too.
Number = Annotated[int, QueryParameter(ge=0, le=2**53 - 1)]


def handlers(feeds: Feeds, tokens: Tokens) -> list[HTTPRouteHandler]:
    """The handlers in front of ``feeds``."""

    @get("/v1/feeds/{unit:str}/changes")
    async def changes(  # noqa: PLR0913, PLR0917  # the parameters of the protocol
        request: Request[Any, Any, Any],
        unit: FromPath[str],
        after: Number,
        head: FromQuery[str],
        limit: Annotated[int, QueryParameter(ge=1, le=LIMIT_EVENTS)] = LIMIT_EVENTS,
        wait: Annotated[int, QueryParameter(ge=0, le=WAIT_MAX_S)] = 0,
    ) -> Response[bytes]:
        claim = tokens.claim(request.headers.get("Authorization"))
        body = await feeds.changes(claim, Asked(unit, after, head, limit, wait))
        return packed.answer(request.headers.get("Accept-Encoding", ""), body)

    @post("/v1/receipts", status_code=200)
    async def receipts(request: Request[Any, Any, Any], data: JSONBody[Receipt]) -> Received:
        return await feeds.receive(tokens.claim(request.headers.get("Authorization")), data)

    return [changes, receipts]
