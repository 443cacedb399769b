"""Kota without TLS, which no Kota of ours ever is: ``python -m tests.bench.plain_kota HOME PORT``.

For one figure only: the peers that W5 is compared with have no TLS.
"""

import asyncio
import sys
from pathlib import Path

import uvicorn

from sync.central.home import Home
from sync.central.running import running
from sync.world import Machine


async def _serve(home: Path, port: int) -> None:
    async with running(Home(home), Machine()) as kota:
        config = uvicorn.Config(
            kota.app,
            port=port,
            access_log=False,
            log_config=None,
            server_header=False,
            lifespan="off",
            ws="none",
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
