"""That things move, and come to rest: nothing stands still while there is work, and nothing runs for ever."""

from typing import TYPE_CHECKING

from sync.wire.messages import LIMIT_ENTRIES, LIMIT_EVENTS, LIMIT_PUSH_BYTES
from tests.simulation.checkers.base import Checker

if TYPE_CHECKING:
    from tests.simulation.machines import DeskMachine
    from tests.simulation.network import Answer, Call

# A page may go over its limit by one event and a header.
PAGE_MOST = LIMIT_PUSH_BYTES + 256 * 1024
WAL_MOST = 64 * 1024 * 1024
# Longer than any lane may rest while it has work: its longest pause and the longest that Kota may ask for.
IDLE_MOST_MS = 130_000
WINDOW_MS = 10_000
CALLS_MOST = 200


class Converge(Checker):
    """When faults end, everything arrives everywhere, and every queue is empty, in bounded time."""

    def finished(self) -> None:
        if self.scene.converged:
            return
        ends = dict(self.scene.kota.rows("SELECT unit, number FROM feed_head"))
        for desk in self.scene.served:
            stands = desk.rows("SELECT number, receipt FROM feed_state") or [(None, None)]
            [(waiting,)] = desk.rows("SELECT count(*) FROM log WHERE state = 'waiting'")
            self.broken(f"{desk.name}: feed {stands[0]} of {ends[desk.unit]}, {waiting} entries wait")
        for intake, outcome in self.scene.kota.rows("SELECT id, outcome FROM intake WHERE outcome IS NULL"):
            self.broken(f"message {intake} waits at Kota ({outcome})")


class NoBlock(Checker):
    """An entry that Kota cannot use holds up no other, and is to be seen at both ends."""

    def finished(self) -> None:
        for desk in self.scene.served:
            states = desk.rows("SELECT entry_id, number, state FROM log ORDER BY number")
            # By their bytes: what a crash kept from being told to the officer is on the disk all the same.
            poison = {entry for entry, body in desk.rows("SELECT entry_id, body FROM log") if _useless(body)}
            bad = [number for entry, number, _ in states if entry in poison]
            stuck = [number for _, number, state in states if state == "waiting"]
            if bad and stuck and stuck[-1] >= bad[0]:
                self.broken(f"{len(stuck)} entries of {desk.name} wait behind one that Kota cannot use")
            if not stuck:
                self._visible(desk, poison)

    def _visible(self, desk: "DeskMachine", poison: set[str]) -> None:
        for entry, state in desk.rows("SELECT entry_id, state FROM log"):
            rows = self.scene.kota.rows("SELECT outcome FROM device_log WHERE entry_id = ?", entry)
            outcome = rows[0][0] if rows else None
            if entry in poison and (state, outcome) != ("refused", "refused"):
                self.broken(f"an unusable entry of {desk.name} is {state} there and {outcome} at Kota")
            if entry not in poison and "refused" in {state, outcome}:
                self.broken(f"a good entry of {desk.name} is {state} there and {outcome} at Kota")


def _useless(body: bytes) -> bool:
    return b'"kind":"sketch"' in body or b'"text":"stray ' in body


class Progress(Checker):
    """No lane rests for long while it has work and Kota answers."""

    def __init__(self, scene: object) -> None:
        super().__init__(scene)  # type: ignore[arg-type]  # only handed on
        self._last: dict[tuple[int, str], int] = {}

    def sent(self, desk: "DeskMachine", call: "Call") -> None:
        self._last[desk.number, call.path.rsplit("/", 1)[-1]] = self.scene.clock.now_ms

    def finished(self) -> None:
        now = self.scene.clock.now_ms
        healed = self.scene.healed_ms or 0
        for desk in self.scene.served:
            [(waiting,)] = desk.rows("SELECT count(*) FROM log WHERE state = 'waiting'")
            work = ["changes"] + (["entries"] if waiting else [])
            for lane in work:
                last = max(self._last.get((desk.number, lane), 0), healed)
                if now - last > IDLE_MOST_MS and not desk.asleep():
                    self.broken(f"{desk.name} has not tried {lane} for {(now - last) // 1000} s")


class Bounded(Checker):
    """Pages, runs and write-ahead logs stay under their limits, and no lane spins."""

    def __init__(self, scene: object) -> None:
        super().__init__(scene)  # type: ignore[arg-type]  # only handed on
        self._calls: dict[tuple[int, int], int] = {}

    def sent(self, desk: "DeskMachine", call: "Call") -> None:
        key = (desk.number, self.scene.clock.now_ms // WINDOW_MS)
        self._calls[key] = self._calls.get(key, 0) + 1
        if self._calls[key] > CALLS_MOST:
            self.broken(f"{desk.name} made more than {CALLS_MOST} calls in {WINDOW_MS // 1000} s")
        if call.path == "/v1/entries":
            page = call.page()
            lines = page.count(b"\n") - 1
            if lines > LIMIT_ENTRIES or len(page) > LIMIT_PUSH_BYTES:
                self.broken(f"{desk.name} sent {lines} entries in {len(page)} bytes")

    def answered(self, desk: "DeskMachine", call: "Call", answer: "Answer") -> None:
        if answer.body.count(b"\n") - 1 > LIMIT_EVENTS or len(answer.body) > PAGE_MOST:
            self.broken(f"Kota sent a page of {len(answer.body)} bytes")

    def finished(self) -> None:
        for machine in [self.scene.kota, *self.scene.desks]:
            for file in machine.disk.folder.glob("*-wal"):
                if file.stat().st_size > WAL_MOST:
                    self.broken(f"the write-ahead log of {machine.name} has {file.stat().st_size} bytes")


class Wake(Checker):
    """A desk that waits for news is told at once: a new alert is on its disk within seconds."""

    def finished(self) -> None:
        if self.scene.converged and not self.scene.prompt:
            self.broken("new alerts were not on every connected desk within 3 s")
