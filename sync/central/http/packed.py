"""Pages on their way: packed where that is worth it and the other end knows how, and never unpacked beyond the limit."""

from typing import Any

from litestar import Request, Response

from sync.central.problem import ProblemError
from sync.wire import packing, page
from sync.wire.errors import Code
from sync.wire.packing import WORTH_IT_BYTES, BrokenPackError, Encoding, TooLargeError


def answer(accepted: str, body: bytes) -> Response[bytes]:
    """``body``, a page, for somebody whose ``Accept-Encoding`` is ``accepted``."""
    headers = {"Vary": "Accept-Encoding"}
    encoding = next((one for one in Encoding if one in accepted), None)
    if encoding is not None and len(body) >= WORTH_IT_BYTES:
        body = packing.pack(body, encoding)
        headers["Content-Encoding"] = encoding
    return Response(body, media_type=page.MEDIA_TYPE, headers=headers)


async def received(request: Request[Any, Any, Any], limit: int) -> bytes:
    """The page that ``request`` brings, at most ``limit`` bytes. Raises `ProblemError`."""
    raw = await request.body()
    said = request.headers.get("Content-Encoding", "identity").strip().lower()
    if said == "identity":
        return raw
    try:
        return packing.unpack(raw, Encoding(said), limit)
    except TooLargeError as error:
        raise ProblemError(Code.TOO_LARGE) from error
    except (BrokenPackError, ValueError) as error:
        raise ProblemError(Code.UNREADABLE) from error
