"""A real desk for the window: an enrolled home with an encrypted store, fed with real feed events, and no link.

What Kota would send is applied through the store as the pull loop does; what the link would have found out is set as
the loops set it. Nothing asks the network for anything: `cut_off` keeps a desk from starting its loops.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import resources
from sync.case.entry import Entry, EntryData, Stamp, encode
from sync.case.priority import judge
from sync.case.report import Report, parse
from sync.case.unit import Officer
from sync.desk import keys, status
from sync.desk.delivery import Delivery
from sync.desk.desk import Desk
from sync.desk.home import Home
from sync.desk.projection import Changed, LinkProblem
from sync.desk.store import device, feed, log
from sync.desk.store.database import Database
from sync.desk.store.device import Identity
from sync.wire import chain
from sync.wire.messages import (
    KIND_OF_DATA,
    AlertPublished,
    EntryPublished,
    Event,
    EventData,
    OfficerPublished,
    Outcome,
    Plain,
    Refusal,
    Settled,
    UpdatePublished,
)
from sync.wire.reading import read_event

EVENING_MS = 1_795_281_069_000  # 2026-11-21, 22:41:09 in India, when the sample alerts were sent
PASSWORD = "abhyas-2026"
MEENA = Officer("jjn-01", "मीना शर्मा")
RAVI = Officer("jjn-02", "रवि मीणा")
DEVICE = "0193a1de-0000-7000-8000-000000000001"


class Clocks:
    """A world whose clocks move only when told to."""

    def __init__(self, wall_ms: int = EVENING_MS) -> None:
        self._wall_ms = wall_ms
        self._chance = 0

    def wall_ms(self) -> int:
        return self._wall_ms

    def offset_min(self) -> int:
        return 330

    def mono_ms(self) -> int:
        return self._wall_ms - EVENING_MS + 1_000_000

    def boot(self) -> str:
        return "one"

    def chance(self, count: int) -> bytes:
        self._chance += 1
        return self._chance.to_bytes(count)

    def pass_s(self, seconds: int) -> None:
        self._wall_ms += seconds * 1000


def sample(number: int, **changes: object) -> Report:
    """One of the published examples (0 is live, of a minor), with some fields of its own."""
    raw: list[dict[str, Any]] = json.loads(resources.path("data", "sample-alerts.json").read_text("utf-8"))[
        "examples"
    ]
    return parse(json.dumps({**raw[number], **changes}).encode())


def home_of(folder: Path) -> Home:
    return Home(folder / "home", lambda: "only for tests")


def enrolled_home(folder: Path, world: Clocks, unit: str = "JJN") -> Home:
    """The home of a desk of ``unit`` with two officers, both with the same `PASSWORD`."""
    home = home_of(folder)
    home.prepare()
    database = Database(home.database, keys.load_or_make(home, world))
    who = Identity(
        device=DEVICE,
        incarnation=1,
        unit=resources.units()[unit],
        server="https://127.0.0.1:9",
        ca="",
        private_key=Ed25519PrivateKey.generate().private_bytes_raw(),
        kota_key=bytes(32),
    )
    database.write(lambda c: device.keep_key(c, who.private_key))
    database.write(lambda c: device.enrolled(c, who, "epoch"))
    # Cheap on purpose: what is tested is who gets in, not how long guessing takes.
    verifier = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    for officer in (MEENA, RAVI):
        _apply(database, unit, None, OfficerPublished(officer=officer, verifier=verifier, active=True))
    database.close()
    return home


def _apply(database: Database, unit: str, alert: str | None, data: EventData) -> Changed:
    kind = KIND_OF_DATA[type(data)]
    raw = msgspec.Raw(msgspec.json.encode(data))
    return _store(database, unit, Event(kind=kind, must=False, at_ms=0, nonce="", alert=alert, data=raw))


def _store(database: Database, unit: str, event: Event) -> Changed:
    body = msgspec.json.encode(event)
    head = database.read(feed.standing).head
    line = feed.Line(chain.extend(head, body), body, read_event(body))
    changed = database.write(lambda c: feed.apply(c, unit, DEVICE, head.number, [line]))
    assert changed is not None
    return changed


class Kota:
    """What the loops would do to ``desk`` if Kota answered; each returns after the desk's watcher was told."""

    def __init__(self, desk: Desk, world: Clocks) -> None:
        self.desk = desk
        self.world = world
        self._alerts = 0
        self._far_entries = 0

    def alert(self, report: Report, *, number: str = "", unit: str = "", age_s: int = 0) -> str:
        """A new alert; its id."""
        self._alerts += 1
        alert_id = f"alert-{self._alerts}"
        data = AlertPublished(
            number=number or f"K-26-{self._alerts:05d}",
            received_ms=self.world.wall_ms() - age_s * 1000,
            unit=unit or self.desk.unit.code,
            route="polygon",
            judgement=judge(report),
            report=report,
        )
        self._tell(alert_id, data)
        return alert_id

    def update(self, alert_id: str, report: Report) -> None:
        self._tell(alert_id, UpdatePublished(received_ms=self.world.wall_ms(), report=report))

    def entry(self, alert_id: str, officer: Officer, unit: str, data: EntryData) -> None:
        """An entry of another desk."""
        self._far_entries += 1
        wall_ms = self.world.wall_ms()
        far = Entry(1, f"far-{self._far_entries}", alert_id, 1, officer, Stamp(wall_ms, 330, "far", 0), data)
        published = EntryPublished(
            device="far",
            unit=unit,
            number=self._far_entries,
            received_ms=wall_ms,
            entry=msgspec.Raw(encode(far)),
        )
        self._tell(alert_id, published)

    def settle(self, *, refuse: Refusal | None = None) -> None:
        """Every entry that waits has reached Kota; the last one is refused if there is a reason."""
        database, who = self.desk._database, self.desk._who
        run = database.read(lambda c: log.next_run(c, who, 200, 1_000_000))
        assert run is not None
        ids = [msgspec.json.decode(body)["id"] for body in run.bodies]
        settled = [
            Settled(
                number=run.after + place,
                id=entry_id,
                outcome=Outcome.REFUSED if refuse and place == len(ids) else Outcome.APPLIED,
                received_ms=self.world.wall_ms(),
                why=refuse if refuse and place == len(ids) else None,
            )
            for place, entry_id in enumerate(ids, 1)
        ]
        alerts = database.write(lambda c: log.settle(c, who, settled))
        self.desk._notify(Changed(alerts, status=True))

    def answers(self, *, ahead_ms: int = 0) -> None:
        """A verified page: the link is up and nothing newer waits at Kota."""
        reply = status.Reply(
            self.world.wall_ms() + ahead_ms, self.desk._database.read(feed.standing).head.number
        )
        delivery = self.desk._delivery
        delivery.contact = status.replied(delivery.contact, status.Lane.PULL, reply, self.world)
        self.desk._notify(Changed(status=True))

    def is_silent(self, problem: LinkProblem = LinkProblem.UNREACHABLE) -> None:
        delivery = self.desk._delivery
        delivery.contact = status.failed(delivery.contact, status.Lane.PULL, problem)
        self.desk._notify(Changed(status=True))

    def newer(self, alert_id: str, plain: Plain) -> None:
        """An event of a kind that only a later version knows."""
        raw = msgspec.Raw(b"{}")
        event = Event(kind="later", must=True, at_ms=0, nonce="", alert=alert_id, plain=plain, data=raw)
        self.desk._notify(_store(self.desk._database, self.desk.unit.code, event))

    def _tell(self, alert_id: str, data: EventData) -> None:
        self.desk._notify(_apply(self.desk._database, self.desk.unit.code, alert_id, data))


@contextmanager
def cut_off() -> Iterator[None]:
    """No desk starts its loops: it is told what changed, and nothing asks the network."""

    with patch.object(Delivery, "start", lambda _delivery, _notify: None):
        yield
