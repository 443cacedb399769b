"""``hello``, ``enrol``, ``token`` and ``incarnation``: who a device is."""

from typing import Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from sync.central.enrolment import Enrolment
from sync.central.tokens import Tokens
from sync.wire.messages import Begin, Begun, Enrol, Enrolled, Hello, Prove, Token


def handlers(enrolment: Enrolment, tokens: Tokens) -> list[HTTPRouteHandler]:
    """The handlers in front of ``enrolment``."""

    @get("/v1/hello", sync_to_thread=False)
    def hello() -> Hello:
        return enrolment.hello()

    @post("/v1/enrol", status_code=200)
    async def enrol(data: JSONBody[Enrol]) -> Enrolled:
        return await enrolment.enrol(data)

    @post("/v1/token", status_code=200)
    async def token(data: JSONBody[Prove]) -> Token:
        return await enrolment.token(data)

    @post("/v1/incarnation", status_code=200)
    async def incarnation(request: Request[Any, Any, Any], data: JSONBody[Begin]) -> Begun:
        return await enrolment.begin(tokens.claim(request.headers.get("Authorization")), data)

    return [hello, enrol, token, incarnation]
