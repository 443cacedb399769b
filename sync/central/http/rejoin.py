"""``rejoin`` and ``rejoin/offer``: after a restore of Kota."""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from sync.central.http import packed
from sync.central.rejoining import Rejoining
from sync.central.tokens import Tokens
from sync.wire.rejoin import LIMIT_OFFER_BYTES, Offered, Rejoin, Rejoined


def handlers(rejoining: Rejoining, tokens: Tokens) -> list[HTTPRouteHandler]:
    """The handlers in front of ``rejoining``."""

    @post("/v1/rejoin", status_code=200)
    async def rejoin(request: Request[Any, Any, Any], data: JSONBody[Rejoin]) -> Rejoined:
        return await rejoining.rejoin(tokens.claim(request.headers.get("Authorization")), data)

    @post("/v1/rejoin/offer", status_code=200, request_max_body_size=LIMIT_OFFER_BYTES)
    async def offer(request: Request[Any, Any, Any]) -> Offered:
        claim = tokens.claim(request.headers.get("Authorization"))
        return await rejoining.offer(claim, await packed.received(request, LIMIT_OFFER_BYTES))

    return [rejoin, offer]
