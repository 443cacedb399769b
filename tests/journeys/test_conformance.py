"""Kota's description of its API is true, and no request that fits it, or nearly does, is a mistake of ours.

For more than this bounded part, run the same command with ``--max-examples 10000`` and another seed.
"""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from sync.desk.enrolment import read_invitation
from tests.bench import wire
from tests.bench.wire import Line
from tests.journeys.kota import Kota

pytestmark = pytest.mark.slow

CHECKS = (
    "not_a_server_error,content_type_conformance,response_schema_conformance,response_headers_conformance"
)
EXAMPLES = 25


async def token_of_a_desk(kota: Kota) -> str:
    async with Line(kota.port, wire.trusting(kota.home)) as line:
        peer = await wire.enrol(line, read_invitation(kota.invite("JJN")).code)
        await peer.prove(line)
        return line.token


@pytest.mark.parametrize("enrolled", [False, True], ids=["a stranger", "a desk"])
def test_every_call_answers_as_it_is_described(tmp_path: Path, enrolled: bool) -> None:
    with Kota(tmp_path / "home") as kota:
        kota.init()
        kota.start()
        token = ["-H", f"Authorization: Bearer {asyncio.run(token_of_a_desk(kota))}"] if enrolled else []
        ran = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"),
                "run",
                f"https://127.0.0.1:{kota.port}/schema/openapi.json",
                *("--tls-verify", kota.home / "ca.pem", "--checks", CHECKS, "--phases", "coverage,fuzzing"),
                *("--max-examples", str(EXAMPLES), "--seed", "1", *token),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout[-5000:]
        assert " ERROR " not in (kota.home / "serve.log").read_text()
        kota.run("audit")
