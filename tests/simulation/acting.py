"""People and platforms at work in a scene: each action of a plan, done through the doors that people use."""

import contextlib
import hashlib
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Struct

from sync.case.entry import Acknowledgement, Dispatch, Entry, EntryData, Note, Stamp
from sync.case.unit import Officer
from sync.central.store import feeds
from sync.central.store.database import StoreFailedError
from sync.central.webhook_secrets import WebhookSecrets
from sync.desk.errors import DeskError
from sync.desk.store import log
from sync.wire.messages import Event, Plain
from sync.world import new_id
from tests.simulation.machines import DeskMachine
from tests.simulation.network import Call
from tests.simulation.officers import OF_PLATFORM, Action, What
from tests.simulation.places import Place
from tests.simulation.reporting import canaries, number_of, signature
from tests.simulation.reporting import report as report_bytes
from tests.simulation.truth import Saved
from tests.simulation.world import Crash

if TYPE_CHECKING:
    from tests.simulation.scene import Scene

AGAIN_MS = 2_000
TRIES = 200


class Sketch(Struct, frozen=True, tag_field="kind", tag="sketch"):
    """An entry of a kind that only a later version knows."""

    lines: int = 3


def act(scene: "Scene", action: Action) -> None:
    """Do ``action``, if it can be done now."""
    if action.what in OF_PLATFORM:
        _platform(scene, action)
        return
    desk = scene.desks[action.desk]
    if desk.twin is not None and action.value & 1:
        desk = desk.twin
    if desk.desk is None or not desk.up or desk.asleep() or desk.wiped:
        return
    with contextlib.suppress(Crash):
        _officer(scene, desk, action)


# ---- the platform ----------------------------------------------------------------------------------------------


def report(scene: "Scene", place: Place) -> None:
    """A new report from ``place``."""
    reference = len(scene.truth.holders)
    scene.truth.holders[reference] = frozenset({place.unit, scene.places[0].unit})
    _send(scene, report_bytes(reference, place.lat, place.lon))


def _platform(scene: "Scene", action: Action) -> None:
    rng = random.Random(action.value)
    known = len(scene.truth.holders)
    match action.what:
        case What.REPORT:
            report(scene, rng.choice(scene.places))
        case What.REPEAT | What.UPDATE if known:
            reference = rng.randrange(known)
            unit = (scene.truth.holders[reference] - {scene.places[0].unit}) or {scene.places[0].unit}
            place = next(one for one in scene.places if one.unit in unit)
            version = action.value if action.what is What.UPDATE else 0
            _send(scene, report_bytes(reference, place.lat, place.lon, version=version))
        case What.MALFORMED:
            raw = b'{"schema": "abhay-alert/1", "odd": %d}' % action.value
            scene.truth.malformed.add(hashlib.sha256(raw).digest())
            _send(scene, raw)
        case What.FORGED:
            _send(scene, report_bytes(10_000 + known, None, None), genuine=False)
        case What.FUTURE:
            _publish_future(scene, rng.choice(scene.places).unit)


def _send(scene: "Scene", raw: bytes, *, genuine: bool = True, tries: int = TRIES) -> None:
    """As Meta does: again and again until it is answered."""
    sent = WebhookSecrets(scene.kota.home).live()[0] if genuine else b"not the secret"
    headers = ((b"x-hub-signature-256", signature(sent, raw)), (b"content-type", b"application/json"))
    task = scene.kota.serve(Call("POST", "/v1/intake/meta", b"", headers, raw))

    def answered(ended: Any) -> None:
        status = 0 if ended.cancelled() or ended.exception() else ended.result().status
        scene.truth.tell(scene.clock.now_ms, f"Meta is answered {status}")
        if status == 200:
            digest = hashlib.sha256(raw).digest()
            scene.truth.taken.add(digest)
            scene.truth.answered.add(digest)
            scene.truth.reported |= canaries(raw)
            scene.truth.gone -= canaries(raw)
            for checker in scene.checkers:
                checker.taken(raw)
            if not genuine:
                scene.violate("IngestOnce", "a forged report was taken")
        elif genuine and tries:
            scene.clock.after(AGAIN_MS, lambda: _send(scene, raw, tries=tries - 1))

    task.add_done_callback(answered)


def _publish_future(scene: "Scene", unit: str) -> None:
    if scene.kota.kota is None or not scene.kota.up:
        return
    world = scene.kota.world
    event = Event(
        v=2,
        kind="weather",
        must=True,
        at_ms=world.wall_ms(),
        nonce=world.chance(16).hex(),
        plain=Plain("मौसम", "weather"),
        data=msgspec.Raw(b'{"rain":true}'),
    )
    body = msgspec.json.encode(event)
    with contextlib.suppress(StoreFailedError, Crash):
        scene.kota.kota.store.write_now(lambda c: feeds.publish(c, {unit}, "weather", None, body))


# ---- the officers ----------------------------------------------------------------------------------------------


def _officer(scene: "Scene", desk: DeskMachine, action: Action) -> None:
    rng = random.Random(action.value)
    if action.what is What.LOOK:
        for checker in scene.checkers:
            checker.looked(desk)
        return
    alert = _choose(desk, rng)
    if action.what is What.STRAY:
        _save(scene, desk, "stray", lambda n: _raw_entry(desk, new_id(desk.world), Note(f"stray {n}")))
    elif alert is None:
        return
    elif action.what is What.STRANGE:
        _save(scene, desk, "strange", lambda _: _raw_entry(desk, alert, cast("EntryData", Sketch())))
    elif action.what is What.ACKNOWLEDGE:
        _save(scene, desk, "acknowledgement", lambda _: _record(desk, alert, Acknowledgement()))
    elif action.what is What.DISPATCH:
        _save(scene, desk, "dispatch", lambda n: _record(desk, alert, Dispatch(f"team {n}")))
    else:
        times = rng.choice([10, 30, 250]) if action.what is What.BURST else 1
        _save(scene, desk, "note", lambda n: _record(desk, alert, Note(f"note {n}")), times)


def _choose(desk: DeskMachine, rng: random.Random) -> str | None:
    """An alert on the screen; by its number, so that no clock has a say in it."""
    assert desk.desk is not None
    rows = desk.desk.queue(desk.desk.queue_rows())
    numbers = {row.number: row.alert_id for row in rows}
    return numbers[rng.choice(sorted(numbers))] if numbers else None


def _record(desk: DeskMachine, alert: str, data: EntryData) -> str:
    assert desk.desk is not None
    return desk.desk.record(Officer(f"o-{desk.number}", "A"), alert, data).entry_id


def _raw_entry(desk: DeskMachine, alert: str, data: EntryData) -> str:
    """An entry that today's window would not make."""
    assert desk.database is not None
    assert desk.who is not None
    world, who = desk.world, desk.who
    stamp = Stamp(world.wall_ms(), world.offset_min(), world.boot(), world.mono_ms())
    entry = Entry(1, new_id(world), alert, 0, Officer(f"o-{desk.number}", "A"), stamp, data)
    desk.database.write(lambda c: log.append(c, who, entry))
    assert desk.desk is not None
    desk.desk._delivery.wrote()
    return entry.id


def _save(scene: "Scene", desk: DeskMachine, kind: str, make: Callable[[int], str], times: int = 1) -> None:
    made: list[str] = []
    with contextlib.suppress(DeskError):
        for _ in range(times):
            made.append(make(len(scene.truth.saved) + len(made)))
    scene.truth.tell(scene.clock.now_ms, f"{desk.name}: {len(made)} saved ({kind})")
    marks = ",".join("?" * len(made))
    rows = desk.rows(f"SELECT entry_id, body, alert FROM log WHERE entry_id IN ({marks})", *made)
    references = dict(desk.rows("SELECT alert_id, number FROM alert"))
    for entry_id, body, alert in rows:
        scene.truth.saved[entry_id] = Saved(desk.number, references.get(alert), bytes(body), kind)
    if len(rows) < len(made):
        scene.violate("NoLoss", f"{desk.name} said {len(made)} saved; {len(rows)} are on its disk")


# ---- is it quiet? ----------------------------------------------------------------------------------------------


def at_rest(scene: "Scene") -> bool:
    """Whether every desk is there and has all that Kota has, and the other way round."""
    if not scene.kota.up or scene.network.troubled or not all(_in_touch(desk) for desk in scene.served):
        return False
    if scene.kota.rows("SELECT 1 FROM intake WHERE outcome IS NULL"):
        return False
    ends = dict(scene.kota.rows("SELECT unit, number FROM feed_head"))
    receipts = dict(scene.kota.rows("SELECT device, upto FROM receipt"))
    known = {number_of(reference) for (reference,) in scene.kota.rows("SELECT reference FROM alert")}
    if scene.truth.wanted() - known or scene.truth.malformed - scene.truth.answered:
        return False
    if any(desk.obeyed(scene.kota) is False for desk in scene.desks):
        return False
    return all(_in_step(desk, ends[desk.unit], receipts) for desk in scene.served)


def _in_touch(desk: DeskMachine) -> bool:
    return desk.desk is not None and not desk.asleep() and desk.desk.status().in_step


def _in_step(desk: DeskMachine, end: int, receipts: dict[str, int]) -> bool:
    assert desk.who is not None
    [(number,)] = desk.rows("SELECT number FROM feed_state")
    [(waiting,)] = desk.rows("SELECT count(*) FROM log WHERE state = 'waiting'")
    [(lost,)] = desk.rows("SELECT count(*) FROM feed_lost WHERE offered = 0")
    return number == end and waiting == lost == 0 and receipts.get(desk.who.device, 0) == end


def tell_the_end(scene: "Scene") -> None:
    """What every screen shows in the end, in its order, without what clocks or chance put into it."""
    for desk in scene.served:
        if desk.desk is None:
            continue
        rows = desk.desk.queue(desk.desk.queue_rows())
        for row in sorted(rows, key=lambda row: row.number[-6:]):
            case = desk.desk.case(row.alert_id)
            lines = (
                [] if case is None else [f"{line.unit} {line.data} {line.delivery}" for line in case.timeline]
            )
            state = f"{row.state.unit} {row.state.stage} {row.state.notes} {row.state.team}"
            scene.truth.tell(scene.clock.now_ms, f"{desk.name} {row.number[-6:]} {state} {lines}")
