"""What the officer sees is true: of the link, and of every case."""

from typing import TYPE_CHECKING

import msgspec

from sync.case.lifecycle import CaseState
from sync.desk.projection import Link
from sync.wire.folding import Fold
from sync.wire.messages import Changes
from sync.wire.reading import read_event
from tests.simulation.checkers.base import Checker

if TYPE_CHECKING:
    from tests.simulation.machines import DeskMachine
    from tests.simulation.network import Answer, Call

FRESH_MS = 45_000


class HonestBanner(Checker):
    """*Connected* and *in step* are said only after a true reply of at most 45 s ago, and of all that it told."""

    def __init__(self, scene: object) -> None:
        super().__init__(scene)  # type: ignore[arg-type]  # only handed on
        self._heard: dict[int, int] = {}
        # When a page came to each desk, and how far the feed reached then.
        self._pages: dict[int, list[tuple[int, int]]] = {}
        self._epochs: dict[int, str] = {}

    def delivered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        if answer.status != 200:
            return
        self._heard[desk.number] = self.scene.clock.now_ms
        if call.path.endswith("/changes"):
            header = msgspec.json.decode(answer.body.split(b"\n", 1)[0], type=Changes)
            now = self.scene.clock.now_ms
            if self._epochs.get(desk.number) != header.epoch:
                # How far the feed reached before a restore says nothing any more.
                self._pages[desk.number] = []
                self._epochs[desk.number] = header.epoch
            late = [page for page in self._pages.get(desk.number, []) if now - page[0] <= FRESH_MS]
            self._pages[desk.number] = [*late, (now, header.end)]

    def looked(self, desk: "DeskMachine") -> None:
        if desk.desk is None:
            return
        said = desk.desk.status()
        ago = self.scene.clock.now_ms - self._heard.get(desk.number, -(1 << 40))
        if said.link is Link.CONNECTED and ago > FRESH_MS:
            self.broken(f"{desk.name} says connected; the last reply is {ago // 1000} s old")
        [(number,)] = desk.rows("SELECT number FROM feed_state")
        now = self.scene.clock.now_ms
        late = [end for at, end in self._pages.get(desk.number, []) if now - at <= FRESH_MS]
        if said.in_step and number < min(late, default=1 << 40):
            self.broken(f"{desk.name} says in step at {number}; the pages of late went to {late}")
        [(waiting,)] = desk.rows("SELECT count(*) FROM log WHERE state = 'waiting'")
        if said.waiting != waiting:
            self.broken(f"{desk.name} says {said.waiting} wait; {waiting} do")

    def finished(self) -> None:
        for desk in self.scene.served:
            self.looked(desk)
            if self.scene.converged and desk.desk is not None and not desk.desk.status().in_step:
                self.broken(f"{desk.name} is in step and does not say so")


class SnapshotEq(Checker):
    """A desk shows what its feed adds up to from the first event on, whichever way it came by it."""

    def finished(self) -> None:
        for desk in self.scene.served:
            fold = Fold(desk.unit, {}, {}, set())
            for number, _, body in desk.feed():
                fold.take(number, read_event(body))
            wanted = {line.alert_id: (line.priority, line.sounding, line.state) for line in fold.published()}
            rows = desk.rows("SELECT alert_id, priority, sounding, state FROM alert")
            shown = {
                alert: (priority, bool(sounding), _state(state)) for alert, priority, sounding, state in rows
            }
            if shown != wanted:
                self.broken(f"{desk.name} shows {shown}; its feed adds up to {wanted}")
            entries = {(line.event, line.entry_id) for line in fold.entries}
            if entries != set(desk.rows("SELECT event, entry_id FROM timeline")):
                self.broken(f"{desk.name} shows other entries than its feed holds")


def _state(raw: bytes) -> CaseState:
    return msgspec.json.decode(raw, type=CaseState)


class SameForAll(Checker):
    """Every desk shows each case as Kota has it: the fold of the same entries, and no entry twice."""

    def finished(self) -> None:
        if not self.scene.converged:
            return
        states = dict(self.scene.kota.rows("SELECT id, state FROM alert"))
        for desk in self.scene.served:
            if desk.desk is None:
                continue
            for row in desk.desk.queue(desk.desk.queue_rows()):
                kota = msgspec.json.decode(states[row.alert_id], type=CaseState)
                if row.state != kota:
                    self.broken(f"{desk.name} shows {row.state} where Kota has {kota}")
                case = desk.desk.case(row.alert_id)
                lines = [] if case is None else [line.entry_id for line in case.timeline]
                if case is None or len(lines) != len(set(lines)):
                    self.broken(f"{desk.name} shows an entry twice, or not the case at all")
