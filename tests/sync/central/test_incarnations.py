"""Two PCs from one disk, or one PC set back: each goes on in a log of its own, and no entry is lost or doubled."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from sync.case.entry import Note
from sync.central.audit import audit
from sync.wire import page
from sync.wire.chain import extend_all, genesis, log_of, sign
from sync.wire.messages import Begun, Outcome, Push, Pushed, Refusal
from tests.sync.central.stage import StageDesk, stage
from tests.sync.central.test_entries import desk_with_alert, refused

pytestmark = pytest.mark.usefixtures("both_databases")


async def begin(desk: StageDesk, after: int = 1) -> int:
    answer = await desk.stage.client.post("/v1/incarnation", json={"after": after}, headers=desk.headers)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Begun).incarnation


async def push(desk: StageDesk, incarnation: int, bodies: list[bytes]) -> Pushed:
    """The first entries of the log of ``incarnation``."""
    owner = log_of(desk.device, incarnation)
    head = extend_all(genesis(owner), bodies)[-1]
    header = Push(
        device=desk.device,
        incarnation=incarnation,
        epoch=desk.enrolled.epoch,
        after=0,
        upto=head.number,
        head=head.hash.hex(),
        signature=sign(desk.key, owner, head).hex(),
    )
    answer = await desk.post(page.join(header, bodies))
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Pushed)


def test_after_a_fork_the_tail_goes_into_a_new_log_and_what_is_held_is_not_doubled(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk, alert = await desk_with_alert(kota)
            before_the_copy = desk.entry(alert, Note("before"))
            await desk.push(before_the_copy, desk.entry(alert, Note("of one copy")))
            other = desk.entry(alert, Note("of the other copy"))
            refused(
                await desk.post(desk.page([before_the_copy, other], beyond=genesis(log_of(desk.device, 1)))),
                409,
                "log_fork",
                2,
            )

            new = await begin(desk)
            pushed = await push(desk, new, [before_the_copy, other])

            assert [(one.outcome, one.why) for one in pushed.settled] == [
                (Outcome.REFUSED, Refusal.REPEATED),
                (Outcome.APPLIED, None),
            ]
            assert len(await desk.pull()) == 3
            # The first copy goes on in its own log, and both are proven.
            await desk.push(desk.entry(alert, Note("of one copy, later")))
            assert (await kota.kota.store.read(audit)).entries == 5

    asyncio.run(play())


@pytest.mark.parametrize("used", [1, 7])
def test_a_new_incarnation_is_beyond_every_one_known_at_either_end(tmp_path: Path, used: int) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            assert await begin(desk, used) == used + 1
            assert await begin(desk, used) == used + 2

    asyncio.run(play())


def test_a_nonsensical_incarnation_is_refused(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(tmp_path / "kota") as kota:
            desk = await kota.desk("JJN")
            for after in (0, -1, 2**31):
                answer = await kota.client.post(
                    "/v1/incarnation", json={"after": after}, headers=desk.headers
                )
                assert answer.status_code == 422

    asyncio.run(play())
