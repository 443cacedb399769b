"""The storm: after an outage every desk comes back in the same moment, each with entries that wait."""

import asyncio
import csv
from pathlib import Path

import msgspec

from sync import resources
from sync.wire.chain import feed_of, genesis
from sync.wire.messages import Event
from tests.bench import programs, states, wire
from tests.bench.figures import now, settle
from tests.bench.wire import Line, Peer
from tests.bench.workloads import Figure

ENTRIES = 20


def storm(count: int) -> list[Figure]:
    """``count`` desks connect, prove their key, deliver `ENTRIES` entries each and fetch their feed to its end."""
    state = states.crowd(_places(), count)
    with states.copy(state / "kota") as (home,), programs.kota(home):
        peers = states.peers(state)
        pushes = asyncio.run(_pushes(home, peers))
        settle()
        began = now()
        done = asyncio.run(_all_return(home, peers, pushes))
        seconds = now() - began
    delivered = [delivered for delivered, _ in done]
    return [
        ("all_current", "s", seconds, None),
        ("all_delivered", "s", max(delivered) - began, None),
        ("errors", "desks", float(count - len(done)), None),
    ]


def _places() -> list[tuple[str, tuple[float, float]]]:
    """Each unit that is alone in its district, with a point in it."""
    with resources.path("data", "districts.csv").open(encoding="utf-8", newline="") as lines:
        points = {row["id"]: (float(row["hq_lat"]), float(row["hq_lon"])) for row in csv.DictReader(lines)}
    homes: dict[str, list[str]] = {}
    for unit in resources.units().values():
        for district in unit.districts:
            homes.setdefault(district, []).append(unit.code)
    return [(units[0], points[district]) for district, units in homes.items() if len(units) == 1]


async def _pushes(home: Path, peers: list[Peer]) -> list[bytes]:
    """What each desk has in its outbox: entries on an alert of its own unit."""
    alerts: dict[str, str] = {}
    for peer in peers:
        unit = peer.enrolled.unit.code
        if unit not in alerts:
            async with Line(states.PORT, wire.trusting(home)) as line:
                await peer.prove(line)
                _, _, bodies = await peer.pull(line, genesis(feed_of(unit)))
                alerts[unit] = msgspec.json.decode(bodies[0], type=Event).alert or ""
    return [peer.push(alerts[peer.enrolled.unit.code], ENTRIES) for peer in peers]


async def _all_return(home: Path, peers: list[Peer], pushes: list[bytes]) -> list[tuple[float, float]]:
    trust = wire.trusting(home)

    async def come_back(peer: Peer, push: bytes) -> tuple[float, float]:
        async with Line(states.PORT, trust) as line:
            await peer.prove(line)
            settled = wire.pushed(await line.call("POST", "/v1/entries", push)).settled
            assert len(settled) == ENTRIES
            delivered = now()
            head, more = genesis(feed_of(peer.enrolled.unit.code)), True
            while more:
                head, more, _ = await peer.pull(line, head)
            return delivered, now()

    ends = await asyncio.gather(*map(come_back, peers, pushes), return_exceptions=True)
    return [end for end in ends if not isinstance(end, BaseException)]
