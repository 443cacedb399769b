"""One run of a plan: the machines, the network, people and faults, until everything is quiet.

Everything in it happens on one virtual clock; the same plan gives the same history, whatever machine it runs on.
"""

import contextlib
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

from sync import resources
from sync.central import enrolment, heartbeats
from sync.central.home import Home
from sync.central.settings import Listen
from sync.central.store.database import Connection, StoreFailedError
from sync.wire.heartbeat import CommandKind
from sync.wire.messages import DraftPublished
from tests.simulation import acting, seams
from tests.simulation.checkers import Checker, Violation
from tests.simulation.faults import KOTA, ORDERS, Fault
from tests.simulation.machines import BACK_MS, DeskMachine, KotaMachine
from tests.simulation.network import Answer, Call, Network
from tests.simulation.officers import Action
from tests.simulation.places import places
from tests.simulation.plan import Plan
from tests.simulation.reporting import canaries, number_of, reported
from tests.simulation.truth import Truth
from tests.simulation.world import START_MS, Clock, Crash, MachineWorld

CODE_LASTS_MS = 24 * 3600 * 1000
CONVERGE_MS = 420_000
PROMPT_MS = 3_000
MOST_HAPPENINGS = 60_000


class Scene:
    """A plan that runs. Checkers are told what happens and may look at everything."""

    def __init__(self, plan: Plan, folder: Path, checkers: list[type[Checker]]) -> None:
        self.plan = plan
        self.truth = Truth()
        self.clock = Clock()
        self.violations: list[Violation] = []
        self.healed_ms: int | None = None
        self.converged = False
        self.prompt = False
        self.places = places()[: plan.units]
        world = MachineWorld(self.clock, f"{plan.seed}-kota", 0, 330)
        self.kota = KotaMachine(self.clock, folder / "kota", world)
        self.network = Network(self.clock, plan.seed, self.kota, self._sent, self._answered, self._delivered)
        self.desks = [self._desk(number, folder) for number in range(len(plan.desks))]
        self.checkers = [checker(self) for checker in checkers]
        self.kota.restored = self._restored
        for desk in self.desks:
            desk.set_back, desk.copied = self._set_back, self._copied

    def _desk(self, number: int, folder: Path) -> DeskMachine:
        unit = self.places[self.plan.desks[number]].unit
        return self._machine(number, unit, folder, self.plan.skews_ms[number])

    def _machine(self, number: int, unit: str, folder: Path, skew_ms: int) -> DeskMachine:
        own = folder / f"desk-{number}"
        own.mkdir()
        world = MachineWorld(self.clock, f"{self.plan.seed}-{number}", skew_ms, 330)
        return DeskMachine(number, unit, self.clock, own, world)

    # ---- the run --------------------------------------------------------------------------------------------

    def run(self) -> None:
        """All of the plan, then healing, then the last looks."""
        self._set_up()
        for action in self.plan.actions:
            self.clock.after(action.at_ms, lambda action=action: self._act(action))  # type: ignore[misc]
        for fault in self.plan.faults:
            self.clock.after(fault.at_ms, lambda fault=fault: self._fail(fault))  # type: ignore[misc]
        self._until(self.plan.until_ms)
        self._heal()
        self.converged = self._quiet(CONVERGE_MS)
        if self.converged:
            self._last_reports()
            self.prompt = self._quiet(PROMPT_MS)
        if not self.violations:
            for checker in self.checkers:
                checker.finished()
            acting.tell_the_end(self)

    def _set_up(self) -> None:
        self.kota.start()
        assert self.kota.kota is not None
        store = self.kota.kota.store
        ca = self.kota.home.ca_file.read_text()
        for desk in self.desks:
            code = store.write_now(
                lambda c, unit=desk.unit: enrolment.make_code(  # type: ignore[misc]
                    c, unit, START_MS + CODE_LASTS_MS, self.kota.world
                )
            )
            desk.invitation = type(desk.invitation)(server=desk.invitation.server, ca=ca, code=code)
            desk.make_link = lambda server, ca, desk=desk: seams.link_of(self.network, desk, server, ca)
            self.clock.after(self.plan.joins_ms[desk.number], desk.join)

    def _until(self, until_ms: int) -> None:
        while not self.violations and self.clock.step(until_ms):
            if self.clock.happened > MOST_HAPPENINGS:
                self.violate("Bounded", "the world does not come to rest: something spins")

    def _act(self, action: Action) -> None:
        acting.act(self, action)

    def _fail(self, fault: Fault) -> None:
        self.truth.tell(self.clock.now_ms, fault.say().split(None, 1)[1])
        if fault.victim == KOTA:
            self.kota.arm(fault.kind, fault.value)
        elif fault.kind in ORDERS:
            self._order(self.desks[fault.victim], ORDERS[fault.kind])
        else:
            self.desks[fault.victim].meet(fault)

    def _order(self, desk: DeskMachine, kind: CommandKind | None) -> None:
        """As an administrator gives it; it may fail, and then he sees that it did."""
        if self.kota.kota is None or not self.kota.up or desk.who is None:
            return
        device, world = desk.who.device, self.kota.world

        def give(connection: Connection) -> None:
            if kind is None:
                enrolment.revoke(connection, device, world.wall_ms())
            else:
                heartbeats.order(connection, world, device, kind)

        with contextlib.suppress(StoreFailedError, Crash):
            self.kota.kota.store.write_now(give)

    @property
    def served(self) -> list[DeskMachine]:
        """The PCs that Kota has not struck off, and that hold something."""
        gone = {device for (device,) in self.kota.rows("SELECT id FROM device WHERE revoked_ms IS NOT NULL")}
        return [
            desk
            for desk in self.desks
            if not desk.wiped and (desk.who is None or desk.who.device not in gone)
        ]

    def _heal(self) -> None:
        for machine in [self.kota, *self.desks]:
            machine.heal()
        self.healed_ms = self.clock.now_ms
        self.truth.tell(self.clock.now_ms, "all faults end")

    def _quiet(self, within_ms: int) -> bool:
        """Whether everything that should arrive has arrived in time."""
        until_ms = self.clock.now_ms + within_ms
        while not self.violations and self.clock.now_ms < until_ms:
            self._until(min(until_ms, self.clock.now_ms + BACK_MS))
            if acting.at_rest(self):
                self.truth.tell(self.clock.now_ms, "everything has arrived")
                return True
        return False

    def _last_reports(self) -> None:
        for place in [self.places[number] for number in sorted(set(self.plan.desks))]:
            acting.report(self, place)

    # ---- what the checkers hear ------------------------------------------------------------------------------

    def violate(self, checker: str, text: str) -> None:
        self.violations.append(Violation(checker, text))
        self.truth.tell(self.clock.now_ms, f"{checker}: {text}")

    def _sent(self, desk: DeskMachine, call: Call) -> None:
        for checker in self.checkers:
            checker.sent(desk, call)

    def _answered(self, desk: DeskMachine, call: Call, answer: Answer) -> None:
        self.truth.tell(self.clock.now_ms, f"Kota answers {desk.name} {call.path} with {answer.status}")
        for checker in self.checkers:
            checker.answered(desk, call, answer)

    def _delivered(self, desk: DeskMachine, call: Call, answer: Answer) -> None:
        if desk.wiped:
            # Another lane has just obeyed; there is nothing to look at.
            return
        for checker in self.checkers:
            checker.delivered(desk, call, answer)

    def _restored(self) -> None:
        messages = self.kota.rows("SELECT sha256, raw, outcome FROM intake")
        readings = [reading for desk in self.desks if desk.who is not None for reading in desk.events()]
        reports = {reference for reading in readings for reference in reported(reading)}
        self.truth.undone(
            waiting={one for _, raw, outcome in messages if outcome is None for one in canaries(bytes(raw))},
            taken={bytes(sha) for sha, *_ in messages},
            reports=reports | {number_of(ref) for (ref,) in self.kota.rows("SELECT reference FROM alert")},
            drafts={bytes.fromhex(r.data.sha256) for r in readings if isinstance(r.data, DraftPublished)},
        )
        self.truth.tell(self.clock.now_ms, "Kota is restored")
        for checker in self.checkers:
            checker.restored()

    def _set_back(self, desk: DeskMachine) -> None:
        kept = {entry for (entry,) in desk.rows("SELECT entry_id FROM log")}
        at_kota = {entry for (entry,) in self.kota.rows("SELECT entry_id FROM device_log")}
        self.truth.set_back(desk.number, kept, at_kota)
        self.truth.tell(self.clock.now_ms, f"the disk of {desk.name} shows an earlier state")
        for checker in self.checkers:
            checker.set_back(desk)

    def _copied(self, desk: DeskMachine, image: dict[str, bytes]) -> None:
        twin = self._machine(len(self.desks), desk.unit, desk.disk.folder.parent, desk.world.skew_ms)
        twin.disk.put(image)
        desk.twin = twin
        self.desks.append(twin)
        self.truth.tell(self.clock.now_ms, f"{desk.name} runs twice: {twin.name} has a copy of its disk")
        twin.join()

    def abandon(self) -> None:
        """A thread stands still for good, with what it holds: nobody may wait for that."""
        for desk in self.desks:
            desk.database = None

    def close(self) -> None:
        for desk in self.desks:
            desk.close()
        self.kota.close()
        self.clock.loop.close()


class Ended(logging.Handler):
    """An error in a program's log is a mistake of ours, whatever else comes of it."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(logging.ERROR)
        self._scene = scene

    def emit(self, record: logging.LogRecord) -> None:
        cause = f": {record.exc_info[1]!r}" if record.exc_info else ""
        self._scene.violate("NoMistake", record.getMessage() + cause)


@cache
def _template() -> Path:
    """A Kota with every unit, made once for the process and gone with it."""
    folder = Path(tempfile.mkdtemp(prefix="kota-template-", dir=_fast()))
    # Also at the end of a worker process, where atexit says nothing.
    Finalize(None, shutil.rmtree, (folder, True), exitpriority=1)
    clock = Clock()
    clock.loop.close()
    world = MachineWorld(clock, "template", 0, 330)
    Home(folder / "kota").create(("kota.test",), Listen("127.0.0.1", 8443), resources.units(), world)
    return folder / "kota"


def _fast() -> str | None:
    """Memory, where there is some: what a power cut takes is modelled, not left to the machine."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@contextmanager
def staged(plan: Plan, checkers: list[type[Checker]]) -> Iterator[Scene]:
    """The scene of a plan, with the programs plugged into it; gone without trace afterwards."""
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="kota-scene-", dir=_fast())))
        shutil.copytree(_template(), folder / "kota")
        scene = Scene(plan, folder, checkers)
        undo.callback(scene.close)
        undo.enter_context(seams.plugged(scene.network, scene.kota, scene.desks, scene.clock))
        undo.enter_context(_listening(scene))
        yield scene


@contextmanager
def _listening(scene: Scene) -> Iterator[None]:
    logger, handler = logging.getLogger("sync"), Ended(scene)
    level, logger.propagate = logger.level, False
    logger.addHandler(handler)
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.propagate = True
        logger.setLevel(level)
        logger.removeHandler(handler)
