"""Taking back an event that Kota once published and a restore made it forget.

It is published again as the very bytes it was, under a new number: desks know it by them. Only an alert whose own
number (RJ-…) has been given to another meanwhile gets a new one. What follows from it (the
alert, who holds it, where the case stands, who may sign in) is put in place as far as Kota lacks it. What Kota has
learned since the restore is newer and stays.
"""

from collections.abc import Iterable

import msgspec

from sync.case.entry import Entry, decode
from sync.case.lifecycle import CaseState, fold
from sync.case.unit import UnitKind
from sync.central.events import publish
from sync.central.kota import Kota
from sync.central.store import alerts, devices, directory, feeds, logs
from sync.central.store.alerts import AlertRow
from sync.central.store.database import Connection
from sync.central.store.directory import OfficerRow
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


def alerts_first(bodies: Iterable[bytes]) -> list[bytes]:
    """The same bodies, those that publish an alert before all others, else in their order."""
    return sorted(bodies, key=lambda body: not _publishes_an_alert(body))


def _publishes_an_alert(body: bytes) -> bool:
    try:
        return _event.decode(body).kind == EventKind.ALERT
    except msgspec.DecodeError:
        return False


class Adopting:
    """Takes events of the feed of ``unit`` back, inside the caller's transaction."""

    def __init__(self, connection: Connection, kota: Kota, unit: str) -> None:
        self._connection = connection
        self._kota = kota
        self._unit = unit
        self._units = directory.units(connection)
        self._hubs = {code for code, one in self._units.items() if one.kind is UnitKind.HUB}

    def take(self, body: bytes) -> bool:
        """Publish the event again unless Kota has what it says. Raises ``msgspec.DecodeError`` if it is none of ours."""
        event = _event.decode(body)
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
            publish(self._connection, self._kota.world, holders, published, alert=alert_id)

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
        known = map(_event.decode, feeds.of_kind(self._connection, self._unit, EventKind.OFFICER))
        if any(self._is_of(one, who.id) and one.at_ms > event.at_ms for one in known):
            return False
        removed_ms = None if published.active else event.at_ms
        held = directory.find_officer(self._connection, who.id, lock=True)
        row = OfficerRow(who.id, self._unit, who.name, removed_ms)
        directory.save_officer(self._connection, row, held)
        return self._publish(event, body, {self._unit})

    def _is_of(self, event: Event, officer: str) -> bool:
        data = self._data(event)
        return isinstance(data, OfficerPublished) and data.officer.id == officer

    def _publish(self, event: Event, body: bytes, units: Iterable[str]) -> bool:
        known = event.alert is not None and bool(alerts.holders(self._connection, event.alert))
        feeds.publish(self._connection, units, event.kind, event.alert if known else None, body)
        return True


def _renamed(event: Event, published: AlertPublished, number: str) -> bytes:
    data = msgspec.json.encode(msgspec.structs.replace(published, number=number))
    return msgspec.json.encode(msgspec.structs.replace(event, data=msgspec.Raw(data)))


def _entry(published: EntryPublished) -> Entry | None:
    try:
        return decode(published.entry)
    except msgspec.DecodeError:
        return None
