"""``snapshot``: the beginning of a feed in one go, or in as many as the line allows."""

import re
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from sync.central.problem import ProblemError
from sync.central.snapshots import Given, Snapshots, chunks
from sync.central.tokens import Tokens
from sync.wire import page
from sync.wire.errors import Code
from sync.wire.packing import Encoding
from sync.wire.snapshot import PIECE_BYTES

_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


def handlers(snapshots: Snapshots, tokens: Tokens) -> list[HTTPRouteHandler]:
    """The handler in front of ``snapshots``."""

    @get("/v1/feeds/{unit:str}/snapshot")
    async def whole(request: Request[Any, Any, Any], unit: FromPath[str]) -> Response[Any]:
        claim = tokens.claim(request.headers.get("Authorization"))
        accepted = request.headers.get("Accept-Encoding", "")
        encoding = Encoding.ZSTD if Encoding.ZSTD in accepted else Encoding.GZIP
        given = await snapshots.of(claim, unit, encoding)
        tag = f'"{given.tag}"'
        if request.headers.get("If-Match", tag) != tag:
            raise ProblemError(Code.SNAPSHOT_CHANGED)
        first, last = _asked(request.headers, given)
        partly = (first, last) != (0, given.size - 1)
        headers = {
            "Content-Encoding": str(encoding),
            "Content-Length": str(last + 1 - first),
            "ETag": tag,
            "Vary": "Accept-Encoding",
            "Accept-Ranges": "bytes",
        }
        if partly:
            headers["Content-Range"] = f"bytes {first}-{last}/{given.size}"
        status = 206 if partly else 200
        if last + 1 - first <= PIECE_BYTES:
            piece = b"".join([chunk async for chunk in chunks(given, first, last)])
            return Response(piece, status_code=status, headers=headers, media_type=page.MEDIA_TYPE)
        return Stream(
            chunks(given, first, last), status_code=status, headers=headers, media_type=page.MEDIA_TYPE
        )

    return [whole]


def _asked(headers: Mapping[str, str], given: Given) -> tuple[int, int]:
    """The first and the last byte asked for: all, unless one range that begins inside is named."""
    found = _RANGE.fullmatch(headers.get("Range", ""))
    if found is None or int(found[1]) >= given.size:
        return 0, given.size - 1
    first, last = int(found[1]), int(found[2] or given.size)
    return (first, min(last, given.size - 1)) if first <= last else (0, given.size - 1)
