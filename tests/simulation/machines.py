"""The machines: PCs that run the desk's program, and the one that runs Kota's. They stop, and come back.

A stop drops all that is in memory. What is on the disk is what the next start finds; nothing is carried over.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sync.central import backups, restoring
from sync.central.home import Home
from sync.central.running import Running, running
from sync.desk import enrolment
from sync.desk.desk import Desk
from sync.desk.enrolment import Invitation
from sync.desk.errors import DeskError
from sync.desk.home import Home as DeskHome
from sync.desk.link import Link
from sync.desk.store import device
from sync.desk.store.database import Database
from sync.desk.store.device import Identity
from sync.wire import snapshot
from sync.wire.chain import Head, extend_all, feed_of, genesis
from sync.wire.heartbeat import CommandKind
from sync.wire.packing import Encoding
from sync.wire.reading import Reading, read_event
from tests.simulation.disk import Disk, Eye, Point
from tests.simulation.faults import OF_A_CALL, RARE, Fault, Kind
from tests.simulation.network import Answer, Call
from tests.simulation.world import Clock, Crash, Fiber, MachineWorld, running_fiber

SERVER = "https://kota.test"
KEY = bytes(range(32))
BACK_MS = 800
RETRY_MS = 3_000
# After which a copy of a disk is used.
LATER_MS = 2_500


class Machine(ABC):
    """What a PC and Kota's server have in common: a disk, and that they stop."""

    def __init__(self, name: str, clock: Clock, folder: Path, world: MachineWorld) -> None:
        self.name = name
        self.clock = clock
        self.disk = Disk(folder, self.notice)
        self.world = world
        self.up = False
        self._dying = False

    def die(self, *, power_cut: bool) -> None:
        """Stop as soon as what runs now lets go; until then nothing reaches the disk."""
        self.disk.dead = True
        self.disk.cut |= power_cut
        self.notice()

    def notice(self) -> None:
        """The disk is dead: the machine stops, and comes back after a while."""
        if not self._dying:
            self._dying = True
            self.clock.after(0, self.stop)

    def stop(self) -> None:
        """Drop all that is in memory; come back later."""
        self.up = False
        self.disk.dead = True
        self._drop()
        self.disk.restart()
        self._dying = False
        self.clock.after(BACK_MS, self._back)

    def _back(self) -> None:
        if not self.up:
            self.world.reboot()
            self.start()

    def arm(self, kind: Kind, value: int) -> None:
        """One of the faults of a machine."""
        match kind:
            case Kind.KILL:
                self.die(power_cut=bool(value & 1))
            case Kind.STOP_BEFORE_COMMIT:
                self.disk.arm(Point.BEFORE_COMMIT, power_cut=bool(value & 1))
            case Kind.STOP_AFTER_COMMIT:
                self.disk.arm(Point.AFTER_COMMIT, power_cut=bool(value & 1))
            case Kind.DISK_FULL:
                self.disk.full = True
                self.clock.after(1_000 + value % 8_000, self._room)

    def _room(self) -> None:
        self.disk.full = False

    def heal(self) -> None:
        """No more faults."""
        self.disk.disarm()
        self.disk.full = False

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def _drop(self) -> None: ...


class KotaMachine(Machine):
    """Kota's server: the real application on its real database, on the virtual event loop."""

    def __init__(self, clock: Clock, folder: Path, world: MachineWorld) -> None:
        super().__init__("Kota", clock, folder, world)
        self.home = Home(folder)
        self._eye = Eye(self.home.database_file, None)
        self.epoch = ""
        self.kota: Running | None = None
        self._open: Any = None
        self._backups = folder.parent / "backups"
        # The one that takes the place of the database at the next stop.
        self._backup: Path | None = None
        self._safe = False
        self.restored: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._open = running(self.home, self.world)
        try:
            self.kota = self._now(self._open.__aenter__())
        except Crash:
            self.kota = None
            self.stop()
            return
        self.epoch = self.kota.store.epoch()
        self.up = True

    def _now(self, coroutine: Any) -> Any:
        """What ``coroutine`` returns, which must not wait for time to pass."""
        task = self.clock.loop.create_task(coroutine)
        self.clock.loop.settle()
        return task.result()

    def _drop(self) -> None:
        self._eye.close()
        # A set has an order of its own in each process; tasks are numbered as they are made.
        for task in sorted(asyncio.all_tasks(self.clock.loop), key=_age):
            task.cancel()
        self.clock.loop.settle()
        if self.kota is not None:
            with contextlib.suppress(Crash):
                self._now(self._open.__aexit__(Crash, Crash(), None))
        self.kota = self._open = None

    def arm(self, kind: Kind, value: int) -> None:
        if kind is Kind.RESTORED:
            self._back_up(LATER_MS + value % LATER_MS)
        else:
            super().arm(kind, value)

    def _back_up(self, until_ms: int) -> None:
        """As an administrator does it, who needs it a while later."""
        if self.up and not self.disk.dead:
            made, _ = backups.make(self.home, self.world, self._backups)
            self.clock.after(until_ms, lambda: self._put_back(made.file))

    def heal(self) -> None:
        super().heal()
        self._safe = True

    def _put_back(self, backup: Path) -> None:
        if self._safe:
            return
        self._backup = backup
        self.die(power_cut=False)

    def stop(self) -> None:
        super().stop()
        backup, self._backup = self._backup, None
        if backup is not None:
            restoring.restore(self.home, self.world, backup)
            self._eye.close()
            self.epoch = self.rows("SELECT value FROM meta WHERE name = 'epoch'")[0][0]
            self.restored()

    def close(self) -> None:
        """The end of the simulation."""
        self._drop()
        self.up = False

    def serve(self, call: Call) -> "asyncio.Task[Answer]":
        """The reply to ``call``, when it is there; no reply from a machine that is down."""
        task = self.clock.loop.create_task(self._serve(call))
        # A crash ends it; whoever waits sees that no reply came.
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return task

    async def _serve(self, call: Call) -> Answer:
        if self.kota is None:
            raise Crash
        sent: list[Any] = []
        received = [{"type": "http.request", "body": call.body, "more_body": False}]

        async def receive() -> Any:
            return received.pop() if received else await asyncio.get_running_loop().create_future()

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": call.method,
            "scheme": "https",
            "path": call.path,
            "raw_path": call.path.encode(),
            "query_string": call.query,
            "headers": list(call.headers),
            "client": ("10.0.0.1", 1),
            "server": ("kota.test", 443),
        }
        await self.kota.app(scope, receive, send)
        if self.disk.dead:
            raise Crash
        body = b"".join(message.get("body", b"") for message in sent)
        return Answer(sent[0]["status"], tuple(sent[0]["headers"]), body)

    def rows(self, query: str, *values: object) -> list[Any]:
        """What is on the disk."""
        return self._eye.rows(query, *values)


class DeskMachine(Machine):
    """A PC in a control room: the real desk on its real, encrypted database, its loops as fibers."""

    def __init__(self, number: int, unit: str, clock: Clock, folder: Path, world: MachineWorld) -> None:
        super().__init__(f"desk {number}", clock, folder, world)
        self.number = number
        self.unit = unit
        self.file = folder / "desk.db"
        self._eye = Eye(self.file, KEY)
        self.invitation = Invitation(server=SERVER, ca="", code="")
        self.desk: Desk | None = None
        self.who: Identity | None = None
        self.database: Database | None = None
        self.make_link: Callable[..., Link] = Link
        self._fibers: list[Fiber] = []
        self._armed: list[Fault] = []
        self._offline_ms = 0
        self._asleep_ms = 0
        self.naps = 0
        self.joined = False
        # Replies to heartbeats that will bring an order that is not Kota's.
        self.forged_orders = 0
        # The PC that runs on a copy of this one's disk.
        self.twin: DeskMachine | None = None
        # What the disk shows from the next stop on.
        self._image: dict[str, bytes] | None = None
        self._safe = False
        self.set_back: Callable[[DeskMachine], None] = lambda _: None
        self.copied: Callable[[DeskMachine, dict[str, bytes]], None] = lambda *_: None

    def fiber(self, target: Callable[[], None]) -> Fiber:
        """A thread of this PC's program."""
        fiber = Fiber(self.clock, target, lambda: self._asleep_ms)
        self._fibers.append(fiber)
        return fiber

    @property
    def wiped(self) -> bool:
        return DeskHome(self.disk.folder).wiped.exists()

    def obeyed(self, kota: KotaMachine) -> bool | None:
        """Whether it has carried out Kota's orders; None if there are none."""
        orders = self._orders(kota)
        if self.ordered_to_wipe(kota):
            # Whoever is wiped may not get through with saying so.
            return self.wiped
        return all(result is not None for _, result in orders) if orders else None

    def ordered_to_wipe(self, kota: KotaMachine) -> bool:
        return any(kind == CommandKind.WIPE for kind, _ in self._orders(kota))

    def _orders(self, kota: KotaMachine) -> list[Any]:
        query = "SELECT kind, result FROM command WHERE device = ?"
        return kota.rows(query, self.who.device) if self.who is not None else []

    def start(self) -> None:
        if self.wiped:
            return
        try:
            self.database = Database(self.file, KEY)
            who = self.database.read(device.identity)
        except Crash:
            self.stop()
            return
        except DeskError:
            # A full disk, say: whoever sits there tries again.
            self.clock.after(RETRY_MS, self._back)
            return
        self.up = True
        if who is None:
            self.fiber(self._enrol).start()
        else:
            self.open(who)

    def join(self) -> None:
        """The PC is set up."""
        self.joined = True
        if not self.up:
            self.start()

    def open(self, who: Identity) -> None:
        """The officer's program: the facade and the loops."""
        assert self.database is not None
        self.who = who
        self.desk = Desk(self.database, who, self.world)
        with booting(self):
            self.desk.start(lambda _: None)

    def _enrol(self) -> None:
        """In a fiber: until it works."""
        assert self.database is not None
        while True:
            link = self.make_link(self.invitation.server, self.invitation.ca)
            try:
                enrolment._enrol(self.database, link, self.invitation, self.world, self.name)
                break
            except DeskError:
                pass
            finally:
                link.close()
            self._fibers[-1].wait(RETRY_MS)
        self.clock.after(0, self._enrolled)

    def _enrolled(self) -> None:
        if self.up and self.database is not None and self.desk is None:
            who = self.database.read(device.identity)
            assert who is not None
            self.open(who)

    def _drop(self) -> None:
        self._eye.close()
        for fiber in self._fibers:
            if fiber.alive:
                fiber.end()
        self._fibers.clear()
        self._armed.clear()
        self.desk = None
        if self.database is not None:
            self.database.close()
        self.database = None

    def restart(self) -> None:
        """As an officer does it: closed properly, opened again."""
        if self.desk is not None and not self._dying:
            self.up = False
            self.desk.close()
            self.database = None
            self._drop()
            self.start()

    def close(self) -> None:
        """The end of the simulation."""
        self.up = False
        self.disk.dead = True
        self._drop()

    # ---- faults ---------------------------------------------------------------------------------------------

    def meet(self, fault: Fault) -> None:
        """``fault`` is upon this PC, if it is there."""
        if not self.joined:
            return
        if fault.kind in OF_A_CALL:
            self._armed.append(fault)
            return
        if fault.kind in RARE:
            self._meet_rare(fault)
            return
        now_ms = self.clock.now_ms
        match fault.kind:
            case Kind.OFFLINE:
                self._offline_ms = max(self._offline_ms, now_ms + 1_000 + fault.value % 25_000)
            case Kind.SLEEP:
                until_ms = max(self._asleep_ms, now_ms + 1_000 + fault.value % 60_000)
                self.world.slept_ms += until_ms - max(self._asleep_ms, now_ms)
                self._asleep_ms = until_ms
                self.naps += 1
            case Kind.CLOCK_JUMP:
                self.world.skew_ms += (fault.value % 40 - 20) * 365 * 24 * 3600 * 500
            case Kind.RESTART:
                self.restart()
            case _:
                self.arm(fault.kind, fault.value)

    def _meet_rare(self, fault: Fault) -> None:
        if fault.kind is Kind.FORGED_ORDER:
            self.forged_orders += 1
        elif self.desk is not None and not self.disk.dead:
            image = self.disk.image()
            self.clock.after(LATER_MS + fault.value % LATER_MS, lambda: self._earlier(fault.kind, image))

    def _earlier(self, kind: Kind, image: dict[str, bytes]) -> None:
        if self._safe:
            return
        if kind is Kind.COPIED:
            self.copied(self, image)
        else:
            self._image = image
            self.die(power_cut=False)

    def stop(self) -> None:
        super().stop()
        image, self._image = self._image, None
        if image is not None:
            self.disk.put(image)
            self.set_back(self)

    def heal(self) -> None:
        super().heal()
        self._armed.clear()
        self._offline_ms = 0
        self._safe = True

    def next_fault(self) -> Fault | None:
        """What befalls the next call."""
        return self._armed.pop(0) if self._armed else None

    def offline(self) -> bool:
        return self._offline_ms > self.clock.now_ms

    def asleep(self) -> bool:
        return self._asleep_ms > self.clock.now_ms

    def rows(self, query: str, *values: object) -> list[Any]:
        """What is on the disk."""
        return self._eye.rows(query, *values)

    def events(self) -> list[Reading]:
        """What the events that count say."""
        return [read_event(body) for _, _, body in self.feed()]

    def feed(self) -> list[tuple[int, bytes, bytes]]:
        """Number, hash and body of each event that counts; inside a block the hash is the one that must be there."""
        [(end,)] = self.rows("SELECT number FROM feed_state") or [(0,)]
        query = "SELECT last, hash, frame FROM feed_block WHERE last <= ? ORDER BY last"
        links: list[tuple[int, bytes, bytes]] = []
        head = genesis(feed_of(self.unit))
        for last, stored, frame in self.rows(query, end):
            heads = extend_all(head, bodies := snapshot.read_block(bytes(frame), Encoding.ZSTD))
            head = Head(last, bytes(stored))
            links += [
                (link.number, link.hash, body) for link, body in zip([*heads[:-1], head], bodies, strict=True)
            ]
        after = "SELECT number, hash, body FROM feed_event WHERE number > ? ORDER BY number"
        return [
            *links,
            *((number, bytes(stored), bytes(body)) for number, stored, body in self.rows(after, head.number)),
        ]


def _age(task: "asyncio.Task[Any]") -> int:
    return int(task.get_name().rpartition("-")[2])


_booting: list[DeskMachine] = []


@contextlib.contextmanager
def booting(machine: DeskMachine) -> Any:
    """Threads and links made in here are those of ``machine``."""
    _booting.append(machine)
    try:
        yield
    finally:
        _booting.pop()


def owner(desks: Iterable[DeskMachine]) -> DeskMachine:
    """The PC among ``desks`` whose program starts just now, or else runs."""
    return _booting[-1] if _booting else next(desk for desk in desks if running_fiber() in desk._fibers)
