"""``changes`` without the framework: the one call that a thousand desks wait in, and that wakes them all at once.

What is well-formed is answered here, and the same way as by the framework, whose handler stays for the description of
the protocol and for everything else. It must never answer what the framework would refuse.
"""

from urllib.parse import parse_qsl

from litestar import Response

from sync.central.feeds import Asked, Feeds
from sync.central.http import packed
from sync.central.http.app import Asgi, Receive, Refuse, Scope, Send
from sync.central.tokens import Tokens
from sync.wire.messages import LIMIT_EVENTS, WAIT_MAX_S

BEFORE, AFTER = "/v1/feeds/", "/changes"
MOST_DIGITS = 15


def answering(feeds: Feeds, tokens: Tokens, refuse: Refuse, otherwise: Asgi) -> Asgi:
    """Well-formed requests for changes by ``feeds``, all others by ``otherwise``; ``refuse`` makes errors answers."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asked = _asked(scope)
        if asked is None:
            await otherwise(scope, receive, send)
            return
        try:
            claim = tokens.claim(_header(scope, b"authorization"))
            body = await feeds.changes(claim, asked)
        except Exception as error:  # noqa: BLE001  # as the framework does: whatever it is, the desk is told
            await _send(send, refuse(scope, error))
        else:
            await _send(send, packed.answer(_header(scope, b"accept-encoding") or "", body))

    return answer


def _asked(scope: Scope) -> Asked | None:
    """The request, if it is one for changes and has nothing unusual about it."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path: str = scope["path"]
    unit = path.removeprefix(BEFORE).removesuffix(AFTER)
    if path != f"{BEFORE}{unit}{AFTER}" or not unit or "/" in unit:
        return None
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    said = _USUAL | dict(pairs)
    if len({name for name, _ in pairs}) < len(pairs) or said.keys() != _NAMES:
        return None
    if not all(_is_number(said[name]) for name in ("after", "limit", "wait")):
        return None
    limit, wait = int(said["limit"]), int(said["wait"])
    if not (1 <= limit <= LIMIT_EVENTS and wait <= WAIT_MAX_S):
        return None
    return Asked(unit, int(said["after"]), said["head"], limit, wait)


_USUAL = {"limit": str(LIMIT_EVENTS), "wait": "0"}
_NAMES = {"after", "head", "limit", "wait"}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def _header(scope: Scope, wanted: bytes) -> str | None:
    found = [value for name, value in scope["headers"] if name == wanted]
    return found[-1].decode("latin-1") if found else None


async def _send(send: Send, response: Response[bytes]) -> None:
    body = response.content
    headers = [
        (b"content-type", (response.media_type or "").encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in response.headers.items()),
    ]
    await send({"type": "http.response.start", "status": response.status_code or 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
