"""Planted bugs: what a careless change would do to the programs, each with the promise that must be seen to break.

Each is a context in which one function of the product is replaced by a worse one. They are the proof that a checker
can fail; they never run outside of tests.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import msgspec
from msgspec import Struct
from sqlalchemy import delete, update

from sync import sqlite
from sync.case.lifecycle import CaseState
from sync.central import adopting, applying, entries, settling
from sync.central import feeds as central_feeds
from sync.central.problem import ProblemError
from sync.central.store import alerts, devices, feeds, logs, tables, writer
from sync.central.watch import Watch
from sync.desk import heartbeat, loops, pull, push, receipts, status, wiping
from sync.desk.failures import LinkFailure
from sync.desk.store import beginning, cases, feed, history, log
from sync.desk.store import tables as desk_tables
from sync.desk.store.feed import Line
from sync.wire import chain
from sync.wire.errors import Code
from sync.wire.messages import DraftPublished, EntryPublished, Refusal
from sync.wire.reading import read_event
from tests.simulation import world
from tests.simulation.faults import KOTA, RARE, Fault, Kind
from tests.simulation.plan import Plan, draw
from tests.simulation.run import Outcome, play, twice

Plant = Callable[[], AbstractContextManager[object]]
SKEW_MS = 300_000
SEEDS = range(1000, 1040)
FAULTS = 12


class Bug(Struct, frozen=True):
    """``caught_by`` names the checkers of which one must object within `SEEDS` seeds; ``faults`` are those that it
    takes to show, where the usual mixture would need long.
    """

    name: str
    caught_by: frozenset[str]
    plant: Plant
    faults: tuple[Kind, ...] = ()


def _replaced(owner: object, name: str, make: Callable[[Any], Any]) -> Plant:
    """``owner.name`` becomes what ``make`` makes of it."""
    return lambda: patch.object(owner, name, make(getattr(owner, name)))


# ---- durability ------------------------------------------------------------------------------------------------


def _ack_before_commit(_: Any) -> Any:
    def commit(self: Any, connection: Any, batch: Any) -> None:
        if connection.in_transaction():
            connection.commit()
        connection.begin()
        for write in batch:
            write.run(connection, self._failure)
            write.settle()
            self._committed(write.grown)

    return commit


def _no_fsync(real: Any) -> Any:
    def prepare(connection: Any, key: bytes | None, *, read_only: bool) -> None:
        real(connection, key, read_only=read_only)
        connection.execute("PRAGMA synchronous = OFF")

    return prepare


def _cursor_before_events(real: Any) -> Any:
    def apply(connection: Any, unit: str, device: str, after: int, lines: Any) -> Any:
        end = lines[-1].head
        connection.execute(update(desk_tables.feed_state).values(number=end.number, hash=end.hash))
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.execute(update(desk_tables.feed_state).values(number=after))
        return real(connection, unit, device, after, lines)

    return apply


def _receipt_before_commit(real: Any) -> Any:
    def standing(connection: Any) -> Any:
        found = real.standing(connection)
        ahead = msgspec.structs.replace(found.head, number=found.head.number + 1)
        return msgspec.structs.replace(found, head=ahead)

    return SimpleNamespace(standing=standing, receipt_given=real.receipt_given)


def _fate_without_a_reply(real: Any, fate: str) -> Any:
    def step(self: Any) -> Any:
        run = next((one for one in self._database.read(self._next) if isinstance(one, log.Run)), None)
        try:
            return real(self)
        except LinkFailure:
            if run is not None:
                mine = desk_tables.log.c.number <= run.head.number
                self._database.write(
                    lambda c: c.execute(update(desk_tables.log).where(mine).values(state=fate))
                )
            raise

    return step


# ---- chains and numbers ----------------------------------------------------------------------------------------


def _skipped_number(real: Any) -> Any:
    def append(connection: Any, unit: str, bodies: Any) -> None:
        heads = tables.feed_head
        connection.execute(update(heads).where(heads.c.unit == unit).values(number=heads.c.number + 1))
        real(connection, unit, bodies)

    return append


def _head_adopted(_: Any) -> Any:
    def verified(self: Any, before: Any, header: Any, bodies: list[bytes]) -> Any:
        heads = chain.extend_all(before.head, bodies)
        return [Line(head, body, read_event(body)) for head, body in zip(heads, bodies, strict=True)]

    return verified


def _chain_without_body(real: Any) -> Any:
    return SimpleNamespace(**vars(real) | {"extend": lambda head, body: real.extend(head, body[:40])})


# ---- once only -------------------------------------------------------------------------------------------------


def _folded_twice(real: Any) -> Any:
    return lambda state, entry, unit: real(real(state, entry, unit), entry, unit)


def _drawn_twice(real: Any) -> Any:
    def publish_all(connection: Any, world: Any, news: Any) -> None:
        real(connection, world, [*news, *(one for one in news if isinstance(one.data, EntryPublished))])

    return publish_all


# ---- who sees what ---------------------------------------------------------------------------------------------


def _told_to_everybody(real: Any) -> Any:
    def publish(connection: Any, world: Any, units: Any, data: Any, **named: Any) -> None:
        every = {row.code for row in connection.execute(tables.unit.select())}
        real(connection, world, every, data, **named)

    return publish


def _deleted_by_absence(real: Any) -> Any:
    def apply(connection: Any, unit: str, device: str, after: int, lines: Any) -> Any:
        changed = real(connection, unit, device, after, lines)
        named = [line.reading.alert for line in lines if line.reading.alert]
        connection.execute(delete(desk_tables.alert).where(desk_tables.alert.c.alert_id.not_in(named)))
        return changed

    return apply


def _nobody_responsible(real: Any) -> Any:
    def add(connection: Any, new: Any, informed: Any) -> None:
        real(connection, new, informed)
        connection.execute(update(tables.assignment).values(state="informed"))

    return add


def _draft_dropped(real: Any) -> Any:
    def publish(connection: Any, world: Any, units: Any, data: Any, **named: Any) -> None:
        if not isinstance(data, DraftPublished):
            real(connection, world, units, data, **named)

    return publish


# ---- outcomes --------------------------------------------------------------------------------------------------


def _poison_retried(real: Any) -> Any:
    return lambda c, who, settled: real(c, who, [one for one in settled if one.why is None])


def _clock_is_a_gate(real: Any) -> Any:
    def why_not(one: Any, *others: Any) -> Any:
        off = 0 if one.entry is None else one.entry.at.wall_ms - world.START_MS
        return Refusal.UNREADABLE if abs(off) > SKEW_MS else real(one, *others)

    return why_not


def _clock_orders(real: Any) -> Any:
    return lambda *arguments: tuple(sorted(real(*arguments), key=lambda line: line.made_ms))


def _fresh_alerts(real: Any) -> Any:
    return lambda line: real(msgspec.structs.replace(line, state=CaseState(unit=line.state.unit)))


# ---- histories -------------------------------------------------------------------------------------------------


def _receipts_kept(real: Any) -> Any:
    def rewind(connection: Any, common: Any, *others: Any) -> Any:
        alerts = real(connection, common, *others)
        connection.execute(update(desk_tables.feed_state).values(receipt=common.number))
        return alerts

    return rewind


def _shown_no_more(real: Any) -> Any:
    def rewind(connection: Any, common: Any, *others: Any) -> Any:
        alerts = real(connection, common, *others)
        connection.execute(delete(desk_tables.alert).where(desk_tables.alert.c.event < 0))
        return alerts

    return rewind


def _log_overwritten(real: Any) -> Any:
    def check_chain(connection: Any, device: Any, run: Any) -> Any:
        try:
            return real(connection, device, run)
        except ProblemError as problem:
            if problem.code is not Code.LOG_FORK:
                raise
        held, after = tables.device_log, run.header.after
        mine = (held.c.device == device.id) & (held.c.incarnation == device.incarnation)
        connection.execute(delete(held).where(mine & (held.c.number > after)))
        base = chain.Head(after, logs.hash_at(connection, device.id, device.incarnation, after))
        return chain.extend_all(base, run.bodies)

    return check_chain


# ---- motion ----------------------------------------------------------------------------------------------------


def _transaction_around_the_call(real: Any) -> Any:
    def step(self: Any) -> Any:
        if not any(isinstance(one, log.Run) for one in self._database.read(self._next)):
            return real(self)
        with self._database._lock:
            return real(self)

    return step


@contextmanager
def _impatient(plant: Plant) -> Iterator[None]:
    with ExitStack() as undo:
        undo.enter_context(patch.object(world, "STUCK_S", 1))
        undo.enter_context(plant())
        yield


def _unknown_kind_stops(real: Any) -> Any:
    def read(body: bytes) -> Any:
        reading = real(body)
        if reading.skipped:
            raise LinkFailure("unknown kind")
        return reading

    return read


def _says_in_step(real: Any) -> Any:
    return lambda *arguments: msgspec.structs.replace(real(*arguments), in_step=True)


BUGS: tuple[Bug, ...] = (
    Bug(
        "Kota answers before it commits",
        frozenset({"HonestAck"}),
        _replaced(writer.Writer, "_commit", _ack_before_commit),
    ),
    Bug(
        "commits are not written through",
        frozenset({"HonestAck", "HonestReceipt"}),
        _replaced(sqlite, "_prepare", _no_fsync),
    ),
    Bug(
        "the cursor moves before the events are stored",
        frozenset({"FeedChain", "HonestReceipt"}),
        _replaced(feed, "apply", _cursor_before_events),
        faults=(Kind.STOP_BEFORE_COMMIT,),
    ),
    Bug(
        "the receipt goes out before the events are stored",
        frozenset({"HonestReceipt"}),
        _replaced(receipts, "feed", _receipt_before_commit),
    ),
    Bug(
        "an entry counts as delivered though no reply came",
        frozenset({"NoLoss"}),
        _replaced(push.Pusher, "step", lambda real: _fate_without_a_reply(real, "settled")),
        faults=(
            Kind.DROP_REQUEST,
            Kind.HALF_OPEN,
        ),
    ),
    Bug(
        "a feed skips a number",
        frozenset({"FeedChain"}),
        _replaced(feeds, "append", _skipped_number),
    ),
    Bug(
        "the desk adopts the head that Kota names",
        frozenset({"FeedChain"}),
        _replaced(pull.Pull, "_verified", _head_adopted),
        faults=(Kind.FLIP,),
    ),
    Bug(
        "a log's chain leaves out part of the body",
        frozenset({"DeviceChain"}),
        _replaced(log, "chain", _chain_without_body),
    ),
    Bug(
        "Kota does not look whether it holds an entry already",
        frozenset({"OnceOnly", "NoMistake"}),
        _replaced(logs, "lines", lambda _: lambda *_: iter(())),
    ),
    Bug(
        "an entry changes its case twice",
        frozenset({"SameForAll"}),
        _replaced(applying, "fold", _folded_twice),
    ),
    Bug(
        "an entry is published twice",
        frozenset({"OnceOnly"}),
        _replaced(applying, "publish_all", _drawn_twice),
    ),
    Bug(
        "two messages of one reference are two alerts",
        frozenset({"IngestOnce", "NoMistake"}),
        _replaced(alerts, "by_reference", lambda _: lambda *_: None),
    ),
    Bug(
        "an unreadable message is dropped",
        frozenset({"IngestOnce"}),
        _replaced(settling, "publish", _draft_dropped),
    ),
    Bug(
        "every unit is told of every alert",
        frozenset({"Jurisdiction"}),
        _replaced(settling, "publish", _told_to_everybody),
    ),
    Bug(
        "an alert that is missing from a page is deleted",
        frozenset({"NoAbsenceDelete"}),
        _replaced(feed, "apply", _deleted_by_absence),
    ),
    Bug(
        "nobody is responsible for an alert",
        frozenset({"Custody"}),
        _replaced(alerts, "add", _nobody_responsible),
    ),
    Bug(
        "an entry that Kota cannot use is sent for ever",
        frozenset({"NoBlock", "Bounded", "Converge"}),
        _replaced(log, "settle", _poison_retried),
    ),
    Bug(
        "an error of the link is taken for an outcome",
        frozenset({"NoBlock", "NoLoss"}),
        _replaced(push.Pusher, "step", lambda real: _fate_without_a_reply(real, "refused")),
        faults=(Kind.DROP_REQUEST, Kind.REFUSED),
    ),
    Bug(
        "entries of a PC with a wrong clock are refused",
        frozenset({"NoBlock", "ClockFree"}),
        _replaced(applying, "_why_not", _clock_is_a_gate),
    ),
    Bug(
        "the clock of the PC orders what is shown",
        frozenset({"ClockFree"}),
        _replaced(cases, "_timeline", _clock_orders),
        faults=(
            Kind.CLOCK_JUMP,
            Kind.OFFLINE,
        ),
    ),
    Bug(
        "a restored Kota takes nothing back",
        frozenset({"Restore"}),
        _replaced(adopting.Adopting, "take", lambda _: lambda *_: (0, 0)),
        faults=(Kind.RESTORED,),
    ),
    Bug(
        "what a restored Kota does not know is not shown any more",
        frozenset({"NoAbsenceDelete", "Restore"}),
        _replaced(history, "rewind", _shown_no_more),
        faults=(Kind.RESTORED,),
    ),
    Bug(
        "receipts that a restored Kota has forgotten are not given anew",
        frozenset({"Converge"}),
        _replaced(history, "rewind", _receipts_kept),
        faults=(Kind.RESTORED,),
    ),
    Bug(
        "the log of a PC that was set back takes the place of what Kota has",
        frozenset({"ForkSafe"}),
        _replaced(entries, "_check_chain", _log_overwritten),
        faults=(Kind.SET_BACK,),
    ),
    Bug(
        "a PC that was copied goes on in the log of the other",
        frozenset({"Bounded", "Converge"}),
        _replaced(push.Pusher, "begin_anew", lambda _: lambda *_: frozenset()),
        faults=(Kind.COPIED,),
    ),
    Bug(
        "an order to wipe is obeyed without Kota's signature",
        frozenset({"Wiped"}),
        _replaced(heartbeat, "command_signed_by", lambda _: lambda *_: True),
        faults=(Kind.FORGED_ORDER, Kind.RESTART),
    ),
    Bug(
        "a wipe leaves the database behind",
        frozenset({"Wiped"}),
        _replaced(wiping, "DATABASE_FILES", lambda _: "nothing"),
        faults=(Kind.WIPED,),
    ),
    Bug(
        "a PC that was struck off is told of alerts",
        frozenset({"StruckOff"}),
        _replaced(central_feeds, "standing", lambda _: lambda c, claim: devices.find(c, claim.device)),
        faults=(Kind.STRUCK_OFF,),
    ),
    Bug(
        "a snapshot shows every case as if nothing had been done yet",
        frozenset({"SnapshotEq"}),
        _replaced(beginning, "alert_row", _fresh_alerts),
    ),
    Bug(
        "a lock is held while the link waits",
        frozenset({"NoBlock"}),
        lambda: _impatient(_replaced(push.Pusher, "step", _transaction_around_the_call)),
    ),
    Bug(
        "an event of an unknown kind stops the feed",
        frozenset({"Converge", "Skew"}),
        _replaced(pull, "read_event", _unknown_kind_stops),
    ),
    Bug(
        "a lane gives up after a failure",
        frozenset({"Progress"}),
        _replaced(loops.Loop, "_pause_s", lambda _: lambda _: 100_000.0),
        # Of all lanes, as one that gets through wakes the others.
        faults=(Kind.OFFLINE,),
    ),
    Bug(
        "a lane tries again without a pause",
        frozenset({"Bounded"}),
        _replaced(loops.Loop, "_pause_s", lambda _: lambda _: 0.0),
        faults=(Kind.OFFLINE,),
    ),
    Bug(
        "a desk that waits is not woken",
        frozenset({"Wake"}),
        _replaced(Watch, "_wake", lambda _: lambda *_: None),
    ),
    Bug(
        "the strip says in step whatever is known",
        frozenset({"HonestBanner"}),
        _replaced(status, "describe", _says_in_step),
    ),
)


def hunt(bug: Bug) -> Outcome | None:
    """The first outcome in which one of the right checkers objects to ``bug``."""
    run = twice if "ClockFree" in bug.caught_by else play
    with bug.plant():
        for seed in SEEDS:
            outcome = run(_focused(draw(seed), bug.faults))
            if outcome.names() & bug.caught_by:
                return outcome
    return None


def _focused(plan: Plan, kinds: tuple[Kind, ...]) -> Plan:
    if not kinds:
        return plan
    step = plan.until_ms // FAULTS
    faults = [
        Fault(
            step * n + 97,
            kinds[n % len(kinds)],
            KOTA if kinds[0] is Kind.RESTORED else n % len(plan.desks),
            plan.seed * 7919 + n,
        )
        # A disk is set back once: what it had is known by then.
        for n in ((4,) if kinds[0] in RARE and len(kinds) == 1 else range(FAULTS))
    ]
    return msgspec.structs.replace(plan, faults=tuple(faults))
