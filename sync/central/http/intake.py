"""The webhook of the platform."""

from typing import Annotated, Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import HeaderParameter

from sync.central.intake import Intake, Taken

SIGNATURE_HEADER = "X-Hub-Signature-256"


def handlers(intake: Intake) -> list[HTTPRouteHandler]:
    """The handlers in front of ``intake``."""

    @post("/v1/intake/meta", status_code=200)
    async def meta(
        request: Request[Any, Any, Any],
        signature: Annotated[str | None, HeaderParameter(name=SIGNATURE_HEADER)] = None,
    ) -> Taken:
        return await intake.receive(await request.body(), signature)

    return [meta]
