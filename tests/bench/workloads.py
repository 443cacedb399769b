"""W1 to W5 of our system, each next to its bound: one repetition gives the figures of both."""

import asyncio
import time
from pathlib import Path

from sync import sqlite
from sync.desk.enrolment import read_invitation
from sync.wire.chain import Head, feed_of, genesis
from tests.bench import bounds, figures, loads, programs, states, wire
from tests.bench.figures import now, settle
from tests.bench.waiting import Door, Waiting
from tests.bench.wire import Line, Peer
from tests.journeys.kota import Kota

LIVE_ALERTS = 200
LIVE_SPACING_S = 0.05
SHOTS = 7

# Metric, unit, ours, bound.
Figure = tuple[str, str, float, float | None]


def new_desk(n: int) -> list[Figure]:
    """W1: an empty desk obtains ``n`` alerts."""
    base = states.base(n)
    with states.copy(base / "kota", base / "new") as (home, place), programs.kota(home):
        ours = _pull(place)
        bound = bounds.fetch(bounds.feed_bodies(home))
    return [("seconds", "s", ours, bound)]


def catch_up(n: int, changes: int = 1000) -> list[Figure]:
    """W4: a desk that has ``n`` alerts learns of ``changes``."""
    after = _end(states.base(n) / "kota")
    with states.copy(states.changed(n, changes) / "kota", states.base(n) / "desk") as (home, place):
        with programs.kota(home):
            ours = _pull(place)
        bodies = bounds.feed_bodies(home)
        bound = bounds.fetch(bodies[after:], held=bodies[:after])
    return [("seconds", "s", ours, bound)]


def outbox(entries: int, n: int = 10_000) -> list[Figure]:
    """W2: ``entries`` made offline are durable at Kota, folded into their cases and in the feeds."""
    with states.copy(states.base(n) / "kota", states.outbox(n, entries) / "desk") as (home, place):
        before = _end(home)
        with programs.kota(home), programs.desk(place) as desk:
            settle()
            ours = desk.ask("push")["seconds"]
        published = bounds.feed_bodies(home, before)
        assert len(published) == entries
        bound = bounds.deliver(published)
    return [("seconds", "s", ours, bound)]


def live(count: int, n: int = 10_000) -> list[Figure]:
    """W3: from the answer to a report to the alert's commit in the desk's store."""
    reports = [loads.report(number, prefix="LIVE") for number in range(count)]
    with states.copy(states.base(n) / "kota", states.base(n) / "desk") as (home, place):
        with programs.kota(home), programs.desk(place) as desk:
            desk.ask(f"live {count}")
            time.sleep(1)
            answered = asyncio.run(_paced(home, reports))
            stored = desk.hear()
        ours = [stored[number] - said for number, said in answered.items()]
        bound = bounds.live(bounds.feed_bodies(home)[-count:], LIVE_SPACING_S)
    return [
        (f"p{part}", "ms", figures.part(ours, part) * 1000, figures.part(bound, part) * 1000)
        for part in (50, 95, 99)
    ]


def fan_out(count: int) -> list[Figure]:
    """W5: one alert to ``count`` desks that wait, with TLS and without; the memory each of them takes at Kota."""
    with states.copy(states.base(10_000) / "kota") as (home,):
        with programs.kota(home) as kota:
            peer = asyncio.run(_enrolled(kota))
            assert kota._process is not None
            door = Door(states.PORT, wire.trusting(home))
            last, kib = _shots(home, peer, count, door, kota._process.pid)
        door = Door(states.PORT + 2, None)
        with programs.server("plain_kota", door.port, str(home), str(door.port)) as pid:
            plain_last, plain_kib = _shots(home, peer, count, door, pid)
        bound = figures.median(bounds.fan_out(bounds.feed_bodies(home)[-SHOTS:], count)) * 1000
    return [
        ("last_has_it", "ms", last, bound),
        ("last_has_it_without_tls", "ms", plain_last, bound),
        ("memory_per_desk", "KiB", kib, None),
        ("memory_per_desk_without_tls", "KiB", plain_kib, None),
    ]


def _pull(place: Path) -> float:
    with programs.desk(place) as desk:
        settle()
        return desk.ask("pull")["seconds"]


def _end(home: Path) -> int:
    connection = sqlite.connect(home / "central.sqlite3", read_only=True)
    try:
        found = connection.execute("SELECT number FROM feed_head WHERE unit = ?", (states.UNIT,)).fetchone()
    finally:
        connection.close()
    return int(found[0])


async def _paced(home: Path, reports: list[bytes]) -> dict[str, float]:
    """Send ``reports`` one by one; when each was answered, by the number of its alert."""
    secret = states.secret_of(home)
    answered = {}
    async with Line(states.PORT, wire.trusting(home)) as line:
        for raw in reports:
            await asyncio.sleep(LIVE_SPACING_S)
            number = await wire.report(line, raw, secret)
            answered[number] = now()
    return answered


async def _enrolled(kota: Kota) -> Peer:
    async with Line(states.PORT, wire.trusting(kota.home)) as line:
        return await wire.enrol(line, read_invitation(kota.invite(states.UNIT)).code)


async def _standing(peer: Peer, door: Door) -> tuple[str, Head]:
    """A token, and the end of the feed."""
    async with Line(door.port, door.trust) as line:
        await peer.prove(line)
        head, more = genesis(feed_of(states.UNIT)), True
        while more:
            head, more, _ = await peer.pull(line, head)
        return line.token, head


def _shots(home: Path, peer: Peer, count: int, door: Door, pid: int) -> tuple[float, float]:
    """Milliseconds until the last has the alert, and KiB each takes while it waits."""
    token, head = asyncio.run(_standing(peer, door))
    before = figures.private_kib(pid)
    last = []
    with Waiting(door, peer, token, head, count) as desks:
        for shot in range(SHOTS):
            desks.ask()
            time.sleep(1)
            if shot == 0:
                kib = (figures.private_kib(pid) - before) / count
            raw = loads.report(shot, prefix=f"SHOT-{door.port}")
            last.append(desks.shoot(raw, states.secret_of(home))[-1] * 1000)
    return figures.median(last), kib
