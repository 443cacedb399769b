"""What a run of feed events adds up to at one unit: the same rule at the desk, and at Kota when it makes a snapshot.

Only facts of the feed, in its order; no clock, no database. A line for each thing that is shown; an event of a kind
that is none of ours to show is named, so that nobody has to read the whole feed to find it.
"""

from collections.abc import Mapping
from functools import reduce
from typing import TypeAlias

from msgspec import Struct, structs

from sync.case.entry import Entry
from sync.case.lifecycle import CaseState, fold, must_alarm
from sync.case.report import Status, is_live, may_be_minor, place_of
from sync.wire.messages import AlertPublished, EntryPublished, UpdatePublished
from sync.wire.reading import Reading, read_entry

# Moves when the same events fold to something else. Who folds by another rule than a snapshot's reads the events.
RULE = 1

# What was recorded on an alert before, with the unit of each.
Earlier: TypeAlias = list[tuple[Entry, str]]


class AlertLine(Struct, frozen=True, array_like=True, tag="alert"):
    """An alert as the queue shows it; ``event`` published it last, ``sounding`` is whether it must alarm here."""

    event: int
    alert_id: str
    number: str
    priority: int
    why: str
    live: bool
    exercise: bool
    minor: bool
    place: str
    received_ms: int
    sounding: bool
    state: CaseState


class UpdateLine(Struct, frozen=True, array_like=True, tag="update"):
    """A later message of the platform on ``alert``."""

    event: int
    alert: str


class EntryLine(Struct, frozen=True, array_like=True, tag="entry"):
    """An entry of any desk, each once, by the event that brought it first."""

    event: int
    entry_id: str
    alert: str
    device: str
    received_ms: int


class OtherLine(Struct, frozen=True, array_like=True, tag="other"):
    """An event that neither is nor changes an alert: it says for itself what it is."""

    event: int


Line = AlertLine | UpdateLine | EntryLine | OtherLine


class Fold:
    """The effect of events on what was known before, at ``unit``.

    ``states`` and ``earlier`` are of the alerts that the events are about, ``known`` the entries that are not new;
    all three go on standing here.
    """

    def __init__(
        self, unit: str, states: Mapping[str, CaseState], earlier: Mapping[str, Earlier], known: set[str]
    ) -> None:
        self._unit = unit
        self._earlier = dict(earlier)
        self._known = known
        self.states = dict(states)
        self._alerts: dict[str, AlertLine] = {}
        self._moved: set[str] = set()
        self.updates: list[UpdateLine] = []
        self.entries: list[EntryLine] = []
        self.others: list[OtherLine] = []

    def take(self, number: int, reading: Reading) -> None:
        """One more event. Numbers rise."""
        match reading.data:
            case AlertPublished() as published:
                self._alert(number, str(reading.alert), published)
            case UpdatePublished():
                self.updates.append(UpdateLine(number, str(reading.alert)))
            case EntryPublished() as published:
                self._entry(number, str(reading.alert), published)
            case _:
                self.others.append(OtherLine(number))

    def published(self) -> list[AlertLine]:
        """The alerts that were published, as they stand after all that was taken."""
        return [
            structs.replace(line, state=self.states[line.alert_id], sounding=self.sounds(line.alert_id))
            for line in self._alerts.values()
        ]

    def moved(self) -> set[str]:
        """The alerts that were not published and stand otherwise than before."""
        return self._moved - self._alerts.keys()

    def sounds(self, alert_id: str) -> bool:
        """Whether the alert must alarm at this unit."""
        return must_alarm(self.states[alert_id], self._unit)

    def _alert(self, number: int, alert_id: str, published: AlertPublished) -> None:
        report = published.report
        # The entries known before count anew for the unit that is responsible now.
        self.states[alert_id] = reduce(
            lambda state, entry: fold(state, *entry),
            self._earlier.get(alert_id, []),
            CaseState(unit=published.unit),
        )
        self._alerts[alert_id] = AlertLine(
            event=number,
            alert_id=alert_id,
            number=published.number,
            priority=int(published.judgement.priority),
            why=published.judgement.why,
            live=is_live(report),
            exercise=report.status is not Status.ACTUAL,
            minor=may_be_minor(report),
            place=place_of(report),
            received_ms=published.received_ms,
            sounding=self.sounds(alert_id),
            state=self.states[alert_id],
        )

    def _entry(self, number: int, alert_id: str, published: EntryPublished) -> None:
        entry = read_entry(published.entry)
        if entry is None:
            self.others.append(OtherLine(number))
            return
        if entry.id in self._known:
            return
        self._known.add(entry.id)
        self.entries.append(EntryLine(number, entry.id, alert_id, published.device, published.received_ms))
        if not isinstance(entry, Entry):
            return
        self._earlier.setdefault(alert_id, []).append((entry, published.unit))
        if alert_id in self.states:
            self.states[alert_id] = fold(self.states[alert_id], entry, published.unit)
            self._moved.add(alert_id)
