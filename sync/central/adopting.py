"""Taking back an event that Kota once published and a restore made it forget.

It is published again as the very bytes it was, under a new number: desks know it by them. Only an alert whose own
number (RJ-…) has been given to another meanwhile gets a new one. What follows from it (the
alert, who holds it, where the case stands, who may sign in) is put in place as far as Kota lacks it. What Kota has
learned since the restore is newer and stays.
"""

import contextlib
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from sync.case.entry import Entry, decode
from sync.case.lifecycle import CaseState, fold
from sync.case.unit import UnitKind
from sync.central.events import News, Outgoing, body_of
from sync.central.kota import Kota
from sync.central.store import alerts, devices, directory, feeds, logs
from sync.central.store.alerts import AlertRow
from sync.central.store.database import Connection
from sync.central.store.directory import OfficerRow
from sync.central.store.feeds import Body
from sync.wire.messages import (
    DATA_OF_KIND,
    AlertPublished,
    EntryPublished,
    Event,
    EventData,
    EventKind,
    OfficerPublished,
)

_event = msgspec.json.Decoder(Event)


class _Numbered(Struct):
    """All that is asked of an alert before it is taken back."""

    number: str


class Adopting:
    """Takes events of the feed of ``unit`` back, inside the caller's transaction."""

    def __init__(self, connection: Connection, kota: Kota, unit: str) -> None:
        self._connection = connection
        self._kota = kota
        self._unit = unit
        self._units = directory.units(connection)
        self._hubs = {code for code, one in self._units.items() if one.kind is UnitKind.HUB}
        self._outgoing = Outgoing()

    def take(self, bodies: Iterable[bytes]) -> tuple[int, int]:
        """Publish events again unless Kota has what they say. How many were, and how many could not be read.

        The caller keeps everybody else from the logs of the devices.
        """
        events, unreadable = _read(bodies)
        alerts.reserve(self._connection, _numbers(events))
        alerts.lock(self._connection, {event.alert for event, _ in events if event.alert is not None})
        adopted = 0
        # What concerns an alert can only be taken back once the alert is.
        for event, body in sorted(events, key=lambda one: one[0].kind != EventKind.ALERT):
            try:
                adopted += self._take(event, body)
            except msgspec.DecodeError:
                unreadable += 1
        self._outgoing.append(self._connection)
        return adopted, unreadable

    def _take(self, event: Event, body: bytes) -> bool:
        match self._data(event):
            case AlertPublished() as published if event.alert is not None:
                return self._alert(event, published, body)
            case EntryPublished() as published if event.alert is not None:
                return self._entry(event, published, body)
            case OfficerPublished() as published:
                return self._officer(event, published, body)
            case _:
                holders = alerts.holders(self._connection, event.alert) if event.alert else frozenset()
                return self._publish(event, body, holders or {self._unit})

    @staticmethod
    def _data(event: Event) -> EventData | None:
        shape = DATA_OF_KIND.get(EventKind(event.kind)) if event.kind in set(EventKind) else None
        return None if shape is None else msgspec.json.decode(event.data, type=shape)

    def _alert(self, event: Event, published: AlertPublished, body: bytes) -> bool:
        alert_id = str(event.alert)
        holders = alerts.holders(self._connection, alert_id)
        if self._unit in holders:
            return False
        if holders:
            alerts.inform(self._connection, alert_id, self._unit)
            return self._publish(event, body, {self._unit})
        responsible = published.unit if published.unit in self._units else self._unit
        source = published.report.source
        number = alerts.free_number(self._connection, published.number)
        if number != published.number:
            # No two alerts may be called the same on the telephone.
            body = _renamed(event, published, number)
        row = AlertRow(
            id=alert_id,
            number=number,
            platform=source.platform,
            reference=alerts.free_reference(self._connection, source.platform, source.reference),
            status=published.report.status,
            judgement=published.judgement,
            route=published.route,
            route_words="",
            state=CaseState(unit=responsible),
            created_ms=published.received_ms,
        )
        informed = (self._hubs | {self._unit}) - {responsible}
        alerts.add(self._connection, row, informed)
        self._publish(event, body, informed | {responsible})
        self._judge_again(alert_id, informed | {responsible})
        return True

    def _judge_again(self, alert_id: str, holders: set[str]) -> None:
        """Entries that came before their alert came back were refused for want of it: now they take effect."""
        for device_id, incarnation, number, body in logs.of_unknown_alerts(self._connection):
            entry, device = decode(body), devices.find(self._connection, device_id)
            if entry.alert != alert_id or device is None or device.unit not in holders:
                continue
            logs.apply_after_all(self._connection, device_id, incarnation, number)
            state = fold(alerts.state(self._connection, alert_id), entry, device.unit)
            alerts.save_state(self._connection, alert_id, state)
            published = EntryPublished(
                device=device_id,
                unit=device.unit,
                number=number,
                received_ms=self._kota.now_ms(),
                entry=msgspec.Raw(body),
            )
            news = News(holders, published, alert_id)
            self._outgoing.add(holders, body_of(self._kota.world, news))

    def _entry(self, event: Event, published: EntryPublished, body: bytes) -> bool:
        alert_id = str(event.alert)
        entry = _entry(published)
        if entry is not None:
            if logs.knows(self._connection, entry.id):
                return False
            logs.adopt(self._connection, entry.id)
        holders = alerts.holders(self._connection, alert_id)
        if entry is not None and holders:
            state = fold(alerts.state(self._connection, alert_id), entry, published.unit)
            alerts.save_state(self._connection, alert_id, state)
        return self._publish(event, body, holders or {self._unit})

    def _officer(self, event: Event, published: OfficerPublished, body: bytes) -> bool:
        who = published.officer
        held = directory.find_officer(self._connection, who.id, lock=True)
        known = map(_event.decode, feeds.of_kind(self._connection, self._unit, EventKind.OFFICER))
        if any(self._is_of(one, who.id) and one.at_ms > event.at_ms for one in known):
            return False
        removed_ms = None if published.active else event.at_ms
        row = OfficerRow(who.id, self._unit, who.name, removed_ms)
        directory.save_officer(self._connection, row, held)
        return self._publish(event, body, {self._unit})

    def _is_of(self, event: Event, officer: str) -> bool:
        data = self._data(event)
        return isinstance(data, OfficerPublished) and data.officer.id == officer

    def _publish(self, event: Event, body: bytes, units: Iterable[str]) -> bool:
        known = event.alert is not None and bool(alerts.holders(self._connection, event.alert))
        self._outgoing.add(units, Body(event.kind, event.alert if known else None, body))
        return True


def _read(bodies: Iterable[bytes]) -> tuple[list[tuple[Event, bytes]], int]:
    """Those that are events, and how many are none."""
    events, unreadable = [], 0
    for body in bodies:
        try:
            events.append((_event.decode(body), body))
        except msgspec.DecodeError:
            unreadable += 1
    return events, unreadable


def _numbers(events: Iterable[tuple[Event, bytes]]) -> Iterator[str]:
    """What the alerts among ``events`` are called on the telephone."""
    for event, _ in events:
        if event.kind == EventKind.ALERT:
            with contextlib.suppress(msgspec.DecodeError):
                yield msgspec.json.decode(event.data, type=_Numbered).number


def _renamed(event: Event, published: AlertPublished, number: str) -> bytes:
    data = msgspec.json.encode(msgspec.structs.replace(published, number=number))
    return msgspec.json.encode(msgspec.structs.replace(event, data=msgspec.Raw(data)))


def _entry(published: EntryPublished) -> Entry | None:
    try:
        return decode(published.entry)
    except msgspec.DecodeError:
        return None
