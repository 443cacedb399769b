"""Whatever is asked of Kota, in whatever order, it does what a few lists and dictionaries say it should.

The real handlers, rules and SQL, over HTTP; beside them a model that knows nothing of how Kota does it. After every
step the feeds are as long as the model's, and at the end each is read whole and every chain is proven. ``DEEP=1`` in the
environment makes many more examples.
"""

import asyncio
import os
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sync.case.entry import Acknowledgement, EntryData, Note
from sync.central import enrolment
from sync.central.audit import audit
from sync.central.store import feeds
from sync.wire.chain import Head, extend, extend_all, feed_of, genesis, log_of
from sync.wire.messages import Outcome, Pushed, Refusal
from tests.sync.central.stage import OwnWorld, Stage, StageDesk, report_at, stage
from tests.sync.central.test_heartbeats import words

T = TypeVar("T")
HUB = "HUB-KOTA"
PLACES = {"JJN": (28.1296, 75.3991), "SIK": (27.6094, 75.1399)}
UNITS = [HUB, *PLACES]
DEEP = bool(os.environ.get("DEEP"))
_ENTRIES = ["note", "acknowledgement", "stray", "others", "nonsense", "again"]


@dataclass
class Told:
    """What a feed should tell at one place: its kind, and what it is about."""

    kind: str
    about: str


@dataclass
class Case:
    """An alert as it should be: who holds it, and what was said of it."""

    unit: str
    said: set[int]
    alert_id: str = ""

    @property
    def holders(self) -> set[str]:
        return {self.unit, HUB}


@dataclass
class Seat:
    """A desk as it should be: its log with the fate of each entry, and how far Kota has its receipt."""

    desk: StageDesk
    log: list[tuple[bytes, Outcome, Refusal | None]] = field(default_factory=list)
    receipt: int = 0
    revoked: bool = False

    def head(self, number: int) -> Head:
        start = genesis(log_of(self.desk.device, 1))
        return extend_all(start, [body for body, *_ in self.log[:number]])[-1] if number else start


class Api(RuleBasedStateMachine):
    """Kota behind its HTTP API, and the model."""

    seats = Bundle("seats")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.world = OwnWorld()
        self.cases: dict[int, Case] = {}
        self.told: dict[str, list[Told]] = {unit: [] for unit in UNITS}
        self.everybody: list[Seat] = []
        self.drafts = 0
        self._open()

    def _open(self) -> None:
        self._context = stage(Path(self.folder.name) / "kota", self.world)
        self.kota: Stage = self.runner.run(self._context.__aenter__())
        self.kota.client.event_hooks["response"] = [_no_mistake]
        for seat in self.everybody:
            seat.desk.stage = self.kota

    def _run(self, awaited: Awaitable[T]) -> T:
        async def alone() -> T:
            return await awaited

        return self.runner.run(alone())

    def teardown(self) -> None:
        for unit in UNITS:
            seen = self._all_of(Seat(self._run(self.kota.desk(unit))))
            assert [event.kind for event in seen] == [told.kind for told in self.told[unit]]
            for event, told in zip(seen, self.told[unit], strict=True):
                assert event.kind in {"officer", "draft"} or event.alert == self._about(told)
        proven = self._run(self.kota.kota.store.read(audit))
        assert proven.entries == sum(len(seat.log) for seat in self.everybody)
        self.runner.run(self._context.__aexit__(None, None, None))
        self.runner.close()
        self.folder.cleanup()

    def _about(self, told: Told) -> str:
        return self.cases[int(told.about)].alert_id

    def _all_of(self, seat: Seat) -> list[Any]:
        """The feed from its beginning; every page is proven by `StageDesk.pull`."""
        seat.desk.feed = genesis(feed_of(seat.desk.unit))
        events: list[Any] = []
        while page := self._run(seat.desk.pull()):
            events += page
        return events

    def _tell(self, units: set[str], kind: str, about: str = "") -> None:
        for unit in units:
            self.told[unit].append(Told(kind, about))

    @initialize(target=seats)
    def begin(self) -> MultipleResults[Seat]:
        """A desk of each unit, and an alert in each district."""
        for reference, unit in enumerate(PLACES):
            self._reported(reference, unit, 0)
        return multiple(*map(self._seated, UNITS))

    # ---- the platform --------------------------------------------------------------------------------------------

    @rule(reference=st.integers(0, 5), unit=st.sampled_from(list(PLACES)), version=st.integers(0, 2))
    def report(self, reference: int, unit: str, version: int) -> None:
        self._reported(reference, unit, version)

    def _reported(self, reference: int, unit: str, version: int) -> None:
        case = self.cases.get(reference)
        place = PLACES[case.unit if case else unit]
        body = report_at(*place, f"REF-{reference}", related={"version": version})
        answer = self._run(self.kota.report(body))
        assert answer.status_code == 200
        if case is None:
            self.cases[reference] = Case(unit, {version})
            self._tell({unit, HUB}, "alert", str(reference))
            self._learn_id(reference)
        elif version not in case.said:
            case.said.add(version)
            self._tell(case.holders, "update", str(reference))

    def _learn_id(self, reference: int) -> None:
        number = len(self.told[HUB])

        def newest(connection: Any) -> str:
            [line] = feeds.lines(connection, HUB, number - 1)
            return str(msgspec.json.decode(line.body)["alert"])

        self.cases[reference].alert_id = self._run(self.kota.kota.store.read(newest))

    @rule()
    def unreadable_report(self) -> None:
        self.drafts += 1
        raw = b'{"schema": "abhay-alert/1", "odd": %d}' % self.drafts
        assert self._run(self.kota.report(raw)).status_code == 200
        self._tell({HUB}, "draft")

    @rule()
    def forged_report(self) -> None:
        body = report_at(*PLACES["JJN"], "REF-forged")
        answer = self._run(self.kota.report(body, signature=b"sha256=" + b"0" * 64))
        assert 400 <= answer.status_code < 500

    # ---- desks -----------------------------------------------------------------------------------------------------

    @rule(target=seats, unit=st.sampled_from(UNITS))
    def enrol(self, unit: str) -> Seat:
        return self._seated(unit)

    def _seated(self, unit: str) -> Seat:
        seat = Seat(self._run(self.kota.desk(unit)))
        self.everybody.append(seat)
        return seat

    @rule(seat=seats, limit=st.integers(1, 5))
    def pull(self, seat: Seat, limit: int) -> None:
        if seat.revoked:
            assert self._run(seat.desk.ask()).status_code == 403
            return
        known = seat.desk.feed.number
        events = self._run(seat.desk.pull(limit=limit))
        wanted = self.told[seat.desk.unit][known : known + limit]
        assert [event.kind for event in events] == [told.kind for told in wanted]

    @rule(seat=seats, other=st.sampled_from([*UNITS, "UDP", "NOWHERE"]))
    def ask_for_the_feed_of_others(self, seat: Seat, other: str) -> None:
        """What is not one's own cannot be told from what does not exist."""
        if other == seat.desk.unit:
            return
        start = genesis(feed_of(other)).hash.hex()
        answers = [
            self._run(seat.desk.ask(unit=other, after=0, head=start)),
            self._run(self.kota.client.get(f"/v1/feeds/{other}/snapshot", headers=seat.desk.headers)),
        ]
        wanted = "device_revoked" if seat.revoked else "not_your_feed"
        assert {(answer.status_code, answer.json()["error"]) for answer in answers} == {(403, wanted)}

    @rule(seat=seats, ahead=st.integers(-3, 3), right=st.booleans())
    def receipt(self, seat: Seat, ahead: int, right: bool) -> None:
        end = len(self.told[seat.desk.unit])
        upto = max(0, end + ahead)
        bodies = self._run(
            self.kota.kota.store.read(lambda c: [x.body for x in feeds.lines(c, seat.desk.unit, 0)])
        )
        heads = [genesis(feed_of(seat.desk.unit)), *extend_all(genesis(feed_of(seat.desk.unit)), bodies)]
        head = heads[upto].hash.hex() if right and upto <= end else "00" * 32
        said = {"unit": seat.desk.unit, "epoch": seat.desk.enrolled.epoch, "upto": upto, "head": head}
        answer = self._run(self.kota.client.post("/v1/receipts", json=said, headers=seat.desk.headers))
        if seat.revoked:
            assert answer.status_code == 403
        elif right and upto <= end:
            seat.receipt = max(seat.receipt, upto)
            assert answer.json()["upto"] == seat.receipt
        else:
            assert (answer.status_code, answer.json()["error"]) == (409, "head_mismatch")

    @rule(seat=seats)
    def heartbeat(self, seat: Seat) -> None:
        said = msgspec.to_builtins(words(unit=seat.desk.unit, log=len(seat.log)))
        answer = self._run(self.kota.client.post("/v1/heartbeat", json=said, headers=seat.desk.headers))
        assert answer.status_code == (403 if seat.revoked else 200)

    @rule(seat=seats)
    def revoke(self, seat: Seat) -> None:
        self._run(
            self.kota.kota.store.write(lambda c: enrolment.revoke(c, seat.desk.device, self.world.now_ms))
        )
        seat.revoked = True

    # ---- entries ---------------------------------------------------------------------------------------------------

    @rule(
        seat=seats,
        wanted=st.lists(st.sampled_from(_ENTRIES), min_size=1, max_size=4),
        data=st.data(),
    )
    def push(self, seat: Seat, wanted: list[str], data: st.DataObject) -> None:
        """The next entries of a log, good and bad."""
        new = [self._entry(seat, kind, data) for kind in wanted]
        before = len(seat.log)
        answer = self._post(seat, before, [body for body, *_ in new])
        if seat.revoked:
            assert answer.status_code == 403
            return
        seat.log += [(body, outcome, why) for body, outcome, why, _ in new]
        self._settled(seat, before, answer)
        for _, outcome, _, reference in new:
            if outcome is Outcome.APPLIED:
                self._tell(self.cases[reference].holders, "entry", str(reference))

    @precondition(lambda self: any(seat.log for seat in self.everybody))
    @rule(seat=seats, data=st.data())
    def push_again(self, seat: Seat, data: st.DataObject) -> None:
        """A run that Kota holds already, or the end of it: the same answer, and nothing happens twice."""
        if seat.revoked or not seat.log:
            return
        before = data.draw(st.integers(0, len(seat.log) - 1))
        upto = data.draw(st.integers(before + 1, len(seat.log)))
        answer = self._post(seat, before, [body for body, *_ in seat.log[before:upto]])
        self._settled(seat, before, answer, upto)

    @rule(seat=seats, how=st.sampled_from(["hole", "forged", "epoch", "head", "fork", "stranger"]))
    def push_wrongly(self, seat: Seat, how: str) -> None:
        if seat.revoked:
            return
        body = seat.desk.entry("no alert")
        number = len(seat.log)
        changed: dict[str, Any] = {}
        wanted = {
            "hole": "log_gap",
            "forged": "unreadable",
            "epoch": "epoch_changed",
            "head": "head_mismatch",
            "fork": "log_fork",
            "stranger": "unreadable",
        }[how]
        head = seat.head(number)
        match how:
            case "hole":
                head = extend(head, b"one that was never sent")
            case "forged":
                changed = {"signature": "00" * 64}
            case "epoch":
                changed = {"epoch": "another"}
            case "head":
                changed = {"head": "00" * 32}
            case "stranger":
                changed = {"device": "d-nobody"}
            case "fork" if number:
                head = seat.head(number - 1)
            case _:
                return
        raw = seat.desk.page([body], beyond=head, **changed)
        answer = self._run(seat.desk.post(raw))
        assert (
            answer.json()["error"] in {wanted, "head_mismatch", "unreadable"}
            if how in {"head", "stranger"}
            else (answer.json()["error"] == wanted)
        ), answer.text

    def _entry(
        self, seat: Seat, kind: str, data: st.DataObject
    ) -> tuple[bytes, Outcome, Refusal | None, int]:
        mine = [n for n, case in self.cases.items() if seat.desk.unit in case.holders]
        others = [n for n, case in self.cases.items() if seat.desk.unit not in case.holders]
        refused = Outcome.REFUSED
        desk = seat.desk
        match kind:
            case "note" | "acknowledgement" if mine:
                said: EntryData = Note("नोट") if kind == "note" else Acknowledgement()
                reference = data.draw(st.sampled_from(mine))
                return desk.entry(self.cases[reference].alert_id, said), Outcome.APPLIED, None, reference
            case "others" if others:
                alert = self.cases[data.draw(st.sampled_from(others))].alert_id
                return desk.entry(alert), refused, Refusal.UNKNOWN_ALERT, -1
            case "nonsense":
                return b'{"id":"x-%d"}' % self.world._drawn, refused, Refusal.UNREADABLE, -1
            case "again" if seat.log and seat.log[0][2] is not Refusal.UNREADABLE:
                return seat.log[0][0], refused, Refusal.REPEATED, -1
        return desk.entry("no such alert"), refused, Refusal.UNKNOWN_ALERT, -1

    def _post(self, seat: Seat, before: int, bodies: list[bytes]) -> httpx.Response:
        return self._run(seat.desk.post(seat.desk.page(bodies, beyond=seat.head(before))))

    def _settled(self, seat: Seat, before: int, answer: httpx.Response, upto: int | None = None) -> None:
        pushed = msgspec.json.decode(answer.content, type=Pushed)
        assert pushed.last == len(seat.log)
        said = [(one.outcome, one.why) for one in pushed.settled]
        assert said == [(outcome, why) for _, outcome, why in seat.log[before:upto]]

    # ---- Kota itself -----------------------------------------------------------------------------------------------

    @rule()
    def restart(self) -> None:
        self.runner.run(self._context.__aexit__(None, None, None))
        self._open()

    @invariant()
    def feeds_are_as_long_as_they_should_be(self) -> None:
        ends = self._run(self.kota.kota.store.read(feeds.ends))
        assert {unit: ends[unit] for unit in UNITS} == {unit: len(told) for unit, told in self.told.items()}
        assert sum(ends.values()) == sum(map(len, self.told.values()))


async def _no_mistake(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.request.url
    assert answer.headers["X-Kota-Sync"] == "1"


@pytest.mark.slow
@pytest.mark.timeout(3600 if DEEP else 120)
@pytest.mark.usefixtures("both_databases")
def test_kota_is_what_the_model_says() -> None:
    examples, steps = (300, 60) if DEEP else (15, 30)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Api, settings=chosen)
