"""``hello``, ``enrol`` and ``token``: before a device is known."""

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from sync.central.enrolment import Enrolment
from sync.wire.messages import Enrol, Enrolled, Hello, Prove, Token


def handlers(enrolment: Enrolment) -> list[HTTPRouteHandler]:
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

    return [hello, enrol, token]
