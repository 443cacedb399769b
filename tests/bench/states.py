"""Prepared Kotas and desks under ``build/bench``, made once by the real programs; work is done on copies.

A state that was interrupted while it was made has no ``ready`` file and is made anew.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec

from sync.case.entry import Note
from sync.central import enrolment as codes
from sync.central import store as central_store
from sync.central.home import Home as KotaHome
from sync.desk import enrolment
from sync.desk import store as desk_store
from sync.desk.desk import Desk
from sync.desk.enrolment import read_invitation
from sync.desk.home import Home
from sync.desk.store.database import Connection
from sync.world import Machine
from tests.bench import loads, wire
from tests.bench.wire import Line, Peer
from tests.journeys.kota import Kota
from tests.sync.desk.model_kota import MEENA


def _edition() -> str:
    """Changes with the shape of what is stored; a program must not be measured on a state of another edition."""
    sources = [Path(store.__path__[0]) / "migrations.py" for store in (central_store, desk_store)]
    return sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:8]


ROOT = Path(__file__).parents[2] / "build" / "bench" / _edition()
UNIT = "JJN"
# Below the range of ports that systems give away; desks keep it in their enrolment.
PORT = 18443
SENDERS = 16
HOUR_MS = 3_600_000


def desk_home(folder: Path) -> Home:
    """The home of a desk whose key opens without asking."""
    return Home(folder, lambda: "bench")


@contextmanager
def copy(*states: Path) -> Iterator[list[Path]]:
    """Copies of ``states`` to work on, on the same disk, gone afterwards."""
    work = ROOT / f"work-{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    try:
        yield [Path(shutil.copytree(state, work / str(number))) for number, state in enumerate(states)]
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _made(name: str, make: Callable[[Path], None]) -> Path:
    folder = ROOT / name
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        (folder / "ready").touch()
    return folder


def base(n: int) -> Path:
    """``kota`` with ``n`` alerts of `UNIT`, ``new`` an enrolled desk that has none of them, ``desk`` one that has all."""

    def make(folder: Path) -> None:
        with Kota(folder / "kota", port=PORT) as kota:
            kota.init()
            kota.add_officer(UNIT, MEENA.id, MEENA.name, "a long password")
            kota.start()
            invitation = kota.invite(UNIT)
            enrolment.enrol(desk_home(folder / "new"), read_invitation(invitation), Machine(), "PC")
            # A copy of this Kota may want to write one of this name.
            invitation.unlink()
            send(kota.home, [loads.report(number) for number in range(n)])
            shutil.copytree(folder / "new", folder / "desk")
            desk = Desk.open(desk_home(folder / "desk"), Machine())
            desk.sync()
            desk.close()
            kota.stop()
            # As a Kota that has run for a minute has them.
            kota.run("snapshot")

    return _made(f"base-{n}", make)


def changed(n: int, changes: int) -> Path:
    """The Kota of `base` after ``changes``: half of them updates spread over its alerts, half of them new alerts."""

    def make(folder: Path) -> None:
        half = changes // 2
        news = [loads.report(number * n // half, version=2) for number in range(half)]
        news += [loads.report(n + number) for number in range(changes - half)]
        shutil.copytree(base(n) / "kota", folder / "kota")
        with Kota(folder / "kota", port=PORT) as kota:
            kota.start()
            send(kota.home, news)
            kota.stop()

    return _made(f"changed-{n}-{changes}", make)


def outbox(n: int, entries: int) -> Path:
    """The desk of `base` with ``entries`` notes made offline, spread over its alerts."""

    def make(folder: Path) -> None:
        shutil.copytree(base(n) / "desk", folder / "desk")
        desk = Desk.open(desk_home(folder / "desk"), Machine())
        rows = desk.queue_rows()
        for number in range(entries):
            [row] = desk.queue([rows[number * len(rows) // entries]])
            desk.record(MEENA, row.alert_id, Note(loads.note(number)))
        desk.close()

    return _made(f"outbox-{n}-{entries}", make)


def crowd(units: Sequence[tuple[str, tuple[float, float]]], count: int) -> Path:
    """A Kota with one alert in each of ``units``, and ``count`` desks spread over them in ``peers``."""

    def make(folder: Path) -> None:
        with Kota(folder / "kota", port=PORT) as kota:
            kota.init()
            kota.start()
            places = enumerate(units)
            send(
                kota.home,
                [loads.report(n, place=place, prefix=f"CROWD-{unit}") for n, (unit, place) in places],
            )
            names = [units[number % len(units)][0] for number in range(count)]
            peers = asyncio.run(_enrol_all(kota.home, names))
            (folder / "peers").write_bytes(msgspec.json.encode(peers))
            kota.stop()

    return _made(f"crowd-{len(units)}-{count}", make)


def peers(folder: Path) -> list[Peer]:
    return msgspec.json.decode((folder / "peers").read_bytes(), type=list[Peer])


async def _enrol_all(home: Path, units: Sequence[str]) -> list[Peer]:
    world = Machine()

    def make_codes(connection: Connection) -> list[str]:
        expires = world.wall_ms() + HOUR_MS
        return [codes.make_code(connection, unit, expires, world) for unit in units]

    with KotaHome(home).store() as store:
        made = await store.write(make_codes)
    async with Line(PORT, wire.trusting(home)) as line:
        return [await wire.enrol(line, code) for code in made]


def send(home: Path, reports: Sequence[bytes]) -> None:
    """Bring ``reports`` to the running Kota of ``home`` by its webhook, in no particular order."""
    asyncio.run(_send(home, iter(reports)))


async def _send(home: Path, reports: Iterator[bytes]) -> None:
    secret = secret_of(home)
    trust = wire.trusting(home)

    async def sender() -> None:
        async with Line(PORT, trust) as line:
            for raw in reports:
                await wire.report(line, raw, secret)

    await asyncio.gather(*(sender() for _ in range(SENDERS)))


def secret_of(home: Path) -> bytes:
    """What the platform signs with."""
    return (home / "secrets" / "meta-webhook").read_bytes().strip()
