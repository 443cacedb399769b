"""The snapshot of a feed: an ordinary page in one go, resumable, for devices of the unit only, and never of another history."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.central import snapshots
from sync.central.home import Home
from sync.central.snapshots import Snapshots
from sync.wire import page
from sync.wire.chain import extend_all, feed_of, genesis
from sync.wire.folding import AlertLine, EntryLine
from sync.wire.snapshot import Snapshot, lines_signed_by, read_lines
from tests.sync.central.stage import JHUNJHUNU, Stage, StageDesk, report_at, stage

pytestmark = pytest.mark.usefixtures("both_databases", "early")

PATH = "/v1/feeds/JJN/snapshot"


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a snapshot of any feed, folded a few events at a time."""
    monkeypatch.setattr(snapshots, "WORTH_IT", 1)
    monkeypatch.setattr(snapshots, "STRIDE", 3)


@asynccontextmanager
async def seven(folder: Path) -> AsyncIterator[tuple[Stage, StageDesk]]:
    """Seven alerts of Jhunjhunu, one of them acknowledged, and a desk."""
    async with stage(folder / "kota") as kota:
        for number in range(7):
            await kota.alert(report_at(*JHUNJHUNU, reference=f"REF-{number}"))
        desk = await kota.desk("JJN")
        [first, *_] = await desk.pull()
        await desk.push(desk.entry(str(first.alert)))
        await asyncio.to_thread(keep_up, kota)
        yield kota, desk


def keep_up(kota: Stage) -> dict[str, int]:
    home = kota.home
    return Snapshots(kota.kota.store, home.kota(kota.kota.store, kota.world), home.snapshots).keep_up()


async def get(desk: StageDesk, path: str = PATH, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """The answer as it crosses the network."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = desk.stage.client.build_request("GET", path, headers={**desk.headers, **names})
    answer = await desk.stage.client.send(request, stream=True)
    raw = b"".join([piece async for piece in answer.aiter_raw()])
    await answer.aclose()
    return answer.status_code, raw, dict(answer.headers)


@pytest.mark.parametrize("encoding", ["zstd", "gzip"])
def test_decoded_it_is_an_ordinary_page_that_proves_itself(tmp_path: Path, encoding: str) -> None:
    async def play() -> None:
        async with seven(tmp_path) as (kota, desk):
            answer = await kota.client.get(PATH, headers={**desk.headers, "Accept-Encoding": encoding})
            assert answer.status_code == 200
            assert answer.headers["Content-Encoding"] == encoding

            header, rest = page.split(answer.content, Snapshot)
            bodies, lines = rest[: header.upto], rest[header.upto :]
            assert extend_all(genesis(feed_of("JJN")), bodies)[-1].hash.hex() == header.head
            assert sha256(b"\n".join([*lines, b""])).hexdigest() == header.lines_sha256
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(desk.enrolled.kota_key))
            assert lines_signed_by(key, header)
            read = read_lines(b"\n".join([*lines, b""]))
            assert [line.state.stage for line in read if isinstance(line, AlertLine)] == [1, 0, 0, 0, 0, 0, 0]
            assert [line.device for line in read if isinstance(line, EntryLine)] == [desk.device]

    asyncio.run(play())


def test_it_can_be_had_in_pieces(tmp_path: Path) -> None:
    async def play() -> None:
        async with seven(tmp_path) as (_, desk):
            _, whole, headers = await get(desk, Accept_Encoding="gzip")
            assert int(headers["content-length"]) == len(whole)
            pieces = []
            for first in range(0, len(whole), 1000):
                span = f"bytes={first}-{first + 999}"
                status, piece, part = await get(
                    desk, Accept_Encoding="gzip", Range=span, If_Match=headers["etag"]
                )
                assert status == 206
                last = min(first + 999, len(whole) - 1)
                assert part["content-range"] == f"bytes {first}-{last}/{len(whole)}"
                pieces.append(piece)
            assert b"".join(pieces) == whole
            assert gzip.decompress(whole).count(b"\n") > 8
            assert (await get(desk, Accept_Encoding="gzip", Range="bytes=5-"))[1] == whole[5:]

    asyncio.run(play())


@pytest.mark.parametrize(
    "span", ["bytes=9999999-", "bytes=5-2", "bytes=-5", "lines=1-2", "bytes=a-b", "bytes=1-2,4-5"]
)
def test_a_range_that_makes_no_sense_is_no_range(tmp_path: Path, span: str) -> None:
    async def play() -> None:
        async with seven(tmp_path) as (_, desk):
            status, whole, headers = await get(desk, Range=span)
            assert (status, len(whole)) == (200, int(headers["content-length"]))

    asyncio.run(play())


def test_who_began_with_one_that_is_gone_is_told(tmp_path: Path) -> None:
    async def play() -> None:
        async with seven(tmp_path) as (kota, desk):
            _, _, headers = await get(desk)
            await kota.alert(report_at(*JHUNJHUNU, reference="REF-late"))
            await asyncio.to_thread(keep_up, kota)
            status, raw, _ = await get(desk, If_Match=headers["etag"])
            assert (status, b"snapshot_changed" in raw) == (412, True)

    asyncio.run(play())


def test_it_is_for_devices_of_the_unit_only(tmp_path: Path) -> None:
    async def play() -> None:
        async with seven(tmp_path) as (kota, desk):
            other = await kota.desk("SIK")
            status, raw, _ = await get(other)
            assert (status, b"not_your_feed" in raw) == (403, True)
            # Whether another unit has one is not told either.
            assert (await get(other, "/v1/feeds/UDP/snapshot"))[0] == 403
            assert (await get(other, "/v1/feeds/SIK/snapshot"))[0] == 404
            desk.token = "none"
            assert (await get(desk))[0] == 401

    asyncio.run(play())


def test_one_of_another_history_is_not_given_out(tmp_path: Path) -> None:
    async def play() -> None:
        async with seven(tmp_path) as (kota, desk):
            file = Home(tmp_path / "kota").snapshots / "JJN.zstd"
            whole = file.read_bytes()
            file.write_bytes(whole[:-1])
            assert (await get(desk))[0] == 404
            assert (await asyncio.to_thread(keep_up, kota))["JJN"] == 8
            assert file.read_bytes() == whole
        ahead = tmp_path / "ahead"
        async with stage(ahead) as later:
            await later.alert(report_at(*JHUNJHUNU))
            later.home.snapshots.mkdir(exist_ok=True)
            (later.home.snapshots / "JJN.zstd").write_bytes(whole)
            assert (await get(await later.desk("JJN")))[0] == 404

    asyncio.run(play())
