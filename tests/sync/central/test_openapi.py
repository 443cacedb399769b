"""What Kota serves as its OpenAPI document is what docs/protocol.md describes, call by call."""

import asyncio
import re
from pathlib import Path

from sync import resources
from tests.sync.central.stage import stage

PROTOCOL = resources.ROOT.parent / "docs" / "protocol.md"
CALL = re.compile(r"`(GET|POST) (/v1/[^`?\s]*)")


def test_the_document_and_the_description_name_the_same_calls(tmp_path: Path) -> None:
    async def play() -> set[tuple[str, str]]:
        async with stage(tmp_path / "kota") as kota:
            answer = await kota.client.get("/schema/openapi.json")
            assert answer.status_code == 200
            paths = answer.json()["paths"]
            return {(method.upper(), path) for path, methods in paths.items() for method in methods}

    described = set(CALL.findall(PROTOCOL.read_text("utf-8")))
    assert asyncio.run(play()) == described
