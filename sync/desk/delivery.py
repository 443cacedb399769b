"""Both ways between this desk and Kota: the three lanes, what they find out, and who is told.

The lanes meet only in the database. Contact with Kota is what their verified replies say, nothing else.
"""

import contextlib
import logging
from collections.abc import Callable
from functools import partial
from threading import Lock

from sync.desk import rejoin as rejoining
from sync.desk import status, wiping
from sync.desk.bootstrap import Bootstrap
from sync.desk.errors import DatabaseBusyError, DeskError, DiskFailingError, DiskFullError
from sync.desk.facts import Facts
from sync.desk.failures import LinkFailure, OtherHistory, Revoked, spoken
from sync.desk.guard import Guard
from sync.desk.heartbeat import Heart, Obey
from sync.desk.home import Home
from sync.desk.kota import Kota
from sync.desk.link import Link
from sync.desk.loops import Loop, Work
from sync.desk.projection import Changed, StoreProblem
from sync.desk.pull import Pull
from sync.desk.push import Pusher
from sync.desk.receipts import Receiver
from sync.desk.rejoin import Rejoining
from sync.desk.status import Contact, Lane
from sync.desk.step import Step
from sync.desk.store import device, feed
from sync.desk.store.database import Database
from sync.desk.store.device import Identity
from sync.wire.heartbeat import CommandKind
from sync.wire.messages import WAIT_MAX_S
from sync.world import World

_log = logging.getLogger(__name__)

# How often the lanes look without being nudged: another process of this desk may have written.
IDLE_S = 15
HEARTBEAT_S = 60
STOP_TIMEOUT_S = 2

_IDLE_S = {Lane.PULL: 0, Lane.HEARTBEAT: HEARTBEAT_S}

_STORING: dict[type[DeskError], StoreProblem] = {
    DiskFullError: StoreProblem.FULL,
    DiskFailingError: StoreProblem.FAILING,
    DatabaseBusyError: StoreProblem.BUSY,
}

Notify = Callable[[Changed], None]


class Delivery:
    """The link of one desk. `contact` may be read from any thread."""

    def __init__(self, database: Database, who: Identity, world: World) -> None:
        self._database = database
        self._who = who
        self._world = world
        self._lock = Lock()
        self._loops: dict[Lane, Loop] = {}
        self._links: dict[Lane, Link] = {}
        self._guard: Guard | None = None
        self._notify: Notify = lambda _: None
        self.contact: Contact = status.nothing_yet(world)

    def start(self, notify: Notify) -> None:
        """Start the loops; ``notify`` is called on their threads."""
        self._notify = notify
        self._loops = {lane: self._loop(lane) for lane in Lane}
        for loop in self._loops.values():
            loop.start()
        self._guard = Guard(list(self._loops.values()), self._world, self._report)
        self._guard.start()

    def stop(self) -> None:
        """End the loops, within `STOP_TIMEOUT_S` in all."""
        if self._guard is not None:
            self._guard.stop()
        for loop in self._loops.values():
            loop.stop()
        until_ms = self._world.mono_ms() + STOP_TIMEOUT_S * 1000
        for loop in self._loops.values():
            if not loop.join(max(0, until_ms - self._world.mono_ms()) / 1000):
                _log.warning("%s did not end in time; it has nothing open that could be lost", loop.lane)
        self._loops = {}

    def wrote(self) -> None:
        """The log has a new entry."""
        self._nudge(Lane.PUSH)

    def beat(self) -> None:
        """Something happened that Kota should hear of before the minute is over."""
        self._nudge(Lane.HEARTBEAT)

    def once(self) -> None:
        """Push all, pull until in step, give the receipt and a heartbeat.

        Raises the `DeskError` for a link that fails.
        """
        try:
            self._deliver()
            if self._finish(Lane.HEARTBEAT):
                # Kota ordered something that may have left more to do.
                self._deliver()
        except Revoked as failure:
            # A PC that was struck off may still have to hear that it must wipe itself.
            with contextlib.suppress(LinkFailure):
                self._finish(Lane.HEARTBEAT)
            raise spoken(failure) from failure
        except LinkFailure as failure:
            raise spoken(failure) from failure

    def _deliver(self) -> None:
        for lane in (Lane.PUSH, Lane.PULL, Lane.RECEIPTS):
            try:
                self._finish(lane)
            except OtherHistory:
                # Finding together again is the business of the pull.
                self._finish(Lane.PULL)
                self._finish(lane)

    def _finish(self, lane: Lane) -> bool:
        """Take the steps of ``lane`` until it has nothing to do; whether they changed anything."""
        link, changed = self._link(), False
        try:
            step = self._step(lane, link, wait_s=0)
            while (done := step()).more:
                changed |= bool(done.changed)
                self._report(lane, done)
            self._report(lane, done)
            return changed or bool(done.changed)
        except LinkFailure as failure:
            self._report(lane, failure)
            raise
        finally:
            link.close()

    def _loop(self, lane: Lane) -> Loop:
        link, step = self._linked(lane)
        work = Work(lane, step, _IDLE_S.get(lane, IDLE_S), partial(self._linked, lane))
        return Loop(work, link, self._world, self._report)

    def _linked(self, lane: Lane) -> tuple[Link, Callable[[], Step]]:
        link = self._links[lane] = self._link()
        return link, self._step(lane, link, wait_s=WAIT_MAX_S)

    def _link(self) -> Link:
        return Link(self._who.server, self._who.ca, self._epoch())

    def _epoch(self) -> str:
        return self._database.read(feed.standing).epoch

    def _step(self, lane: Lane, link: Link, wait_s: int) -> Callable[[], Step]:
        kota = Kota(link, self._who, self._keep)
        match lane:
            case Lane.PULL:
                pull = Bootstrap(
                    self._database, self._who, kota, partial(Pull, self._database, self._who, kota)
                )
                return partial(Rejoining(self._database, self._who, kota, pull).step, wait_s)
            case Lane.PUSH:
                return Pusher(self._database, self._who, kota).step
            case Lane.RECEIPTS:
                return Receiver(self._database, self._who, kota).step
            case Lane.HEARTBEAT:
                facts = Facts(self._database, self._who, self._world, lambda: self.contact)
                return Heart(self._database, self._who, kota, facts, self._obey(kota)).step

    def _keep(self, membership: str) -> None:
        self._database.write(lambda c: device.keep_membership(c, membership))

    def _obey(self, kota: Kota) -> Obey:
        """What each command of Kota's does here."""
        home = Home(self._database.folder)
        pusher = Pusher(self._database, self._who, kota)
        return {
            CommandKind.WIPE: lambda: wiping.wipe(home, self._database, self._world),
            CommandKind.NEW_INCARNATION: lambda: self._tell(pusher.begin_anew()),
            CommandKind.RESNAPSHOT: lambda: self._tell(rejoining.take_anew(self._database, self._who)),
        }

    def _tell(self, alerts: frozenset[str]) -> None:
        self._notify(Changed(alerts, status=True))
        self._nudge(Lane.PUSH, Lane.PULL)

    def _report(self, lane: Lane, outcome: Step | LinkFailure | DeskError) -> None:
        if isinstance(outcome, OtherHistory) and lane in self._links:
            # The pull, or another process, may have found the way already.
            self._links[lane].expect(self._epoch())
        with self._lock:
            troubled = set(self.contact.problems)
            before, self.contact = self.contact, self._after(lane, outcome)
            changed = Changed(status=before != self.contact)
        if isinstance(outcome, Step):
            changed |= outcome.changed
        if isinstance(outcome, Step) and outcome.reply is not None:
            # Where one lane gets through, the others need not wait out their pauses.
            self._nudge(*(troubled - {lane}))
            if lane is Lane.PULL and outcome.changed:
                self._nudge(Lane.RECEIPTS)
        if changed or isinstance(outcome, DeskError):
            # A damaged database is found out by whoever reads it next.
            self._notify(changed | Changed(status=True))

    def _after(self, lane: Lane, outcome: Step | LinkFailure | DeskError) -> Contact:
        """What is known of the link once a step came to ``outcome``."""
        if isinstance(outcome, LinkFailure):
            return status.failed(self.contact, lane, outcome.problem)
        if isinstance(outcome, DeskError):
            problem = _STORING.get(type(outcome))
            if problem is None:
                return self.contact
            return status.unstored(self.contact, lane, problem, self._world)
        contact = status.stored(self.contact, lane)
        return contact if outcome.reply is None else status.replied(contact, lane, outcome.reply, self._world)

    def _nudge(self, *lanes: Lane) -> None:
        for lane in lanes:
            if lane in self._loops:
                self._loops[lane].nudge()
