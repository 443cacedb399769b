"""``entries``: how a device's log gets to Kota."""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler

from sync.central.entries import Entries
from sync.central.http import packed
from sync.central.tokens import Tokens
from sync.wire.messages import LIMIT_PUSH_BYTES, Pushed


def handlers(entries: Entries, tokens: Tokens) -> list[HTTPRouteHandler]:
    """The handlers in front of ``entries``."""

    @post("/v1/entries", status_code=200)
    async def push(request: Request[Any, Any, Any]) -> Pushed:
        claim = tokens.claim(request.headers.get("Authorization"))
        return await entries.push(claim, await packed.received(request, LIMIT_PUSH_BYTES))

    return [push]
