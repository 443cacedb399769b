"""The webhook of the platform."""

from typing import Annotated, Any

from litestar import MediaType, Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import HeaderParameter, QueryParameter

from sync.central.intake import Intake, Taken
from sync.central.problem import ProblemError
from sync.central.webhook_secrets import WebhookSecrets
from sync.wire.errors import Code

SIGNATURE_HEADER = "X-Hub-Signature-256"


def handlers(intake: Intake, secrets: WebhookSecrets) -> list[HTTPRouteHandler]:
    """The handlers in front of ``intake``."""

    @post("/v1/intake/meta", status_code=200)
    async def meta(
        request: Request[Any, Any, Any],
        signature: Annotated[str | None, HeaderParameter(name=SIGNATURE_HEADER)] = None,
    ) -> Taken:
        return await intake.receive(await request.body(), signature)

    @get("/v1/intake/meta", media_type=MediaType.TEXT, sync_to_thread=False)
    def verify(
        mode: Annotated[str, QueryParameter(name="hub.mode")],
        token: Annotated[str, QueryParameter(name="hub.verify_token")],
        challenge: Annotated[str, QueryParameter(name="hub.challenge", max_length=200)],
    ) -> str:
        if mode != "subscribe" or not secrets.verifies(token):
            raise ProblemError(Code.TOKEN_NEEDED)
        return challenge

    return [meta, verify]
