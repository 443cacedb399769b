"""Enrolled PCs, the codes that enrol them, and what they said they store."""

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, bindparam, select, update

from sync.central.store.tables import device, enrol_code, receipt
from sync.wire.chain import Head


class Device(Struct, frozen=True, kw_only=True):
    """One enrolled PC; ``last`` is the head of its log in its newest ``incarnation`` as Kota holds it."""

    id: str
    unit: str
    public_key: bytes
    name: str
    enrolled_ms: int
    incarnation: int
    last: Head
    revoked_ms: int | None = None


class EnrolCode(Struct, frozen=True):
    """A one-time code as stored: by its hash only. ``device`` is who used it."""

    code_sha256: bytes
    unit: str
    expires_ms: int
    device: str | None = None


class ReceiptRow(Struct, frozen=True):
    """The furthest a device says it stores its unit's feed."""

    device: str
    unit: str
    upto: int
    at_ms: int


def add_code(connection: Connection, code: EnrolCode) -> None:
    """Store a new code."""
    connection.execute(
        enrol_code.insert().values(code_sha256=code.code_sha256, unit=code.unit, expires_ms=code.expires_ms)
    )


def find_code(connection: Connection, code_sha256: bytes) -> EnrolCode | None:
    """The code with that hash; nobody else can use it before the commit."""
    query = select(enrol_code).where(enrol_code.c.code_sha256 == code_sha256)
    row = connection.execute(query.with_for_update(key_share=True)).one_or_none()
    return None if row is None else EnrolCode(row.code_sha256, row.unit, row.expires_ms, row.device)


def use_code(connection: Connection, code_sha256: bytes, device_id: str, used_ms: int) -> None:
    """The code has enrolled ``device_id`` and will enrol nobody else."""
    connection.execute(
        update(enrol_code)
        .where(enrol_code.c.code_sha256 == code_sha256)
        .values(device=device_id, used_ms=used_ms)
    )


def add(connection: Connection, new: Device) -> None:
    """Store a new device."""
    connection.execute(
        device.insert().values(
            id=new.id,
            unit=new.unit,
            public_key=new.public_key,
            name=new.name,
            enrolled_ms=new.enrolled_ms,
            incarnation=new.incarnation,
            last_number=new.last.number,
            last_hash=new.last.hash,
        )
    )


def find(connection: Connection, device_id: str) -> Device | None:
    """The device with that id."""
    row = connection.execute(_BY_ID, {"id": device_id}).one_or_none()
    return None if row is None else _device(row)


_BY_ID = select(device).where(device.c.id == bindparam("id"))


def lock(connection: Connection, device_id: str) -> None:
    """Keep everybody else from changing the device, or adding to its log, until the commit."""
    connection.execute(_LOCK, {"id": device_id}).all()


_LOCK = select(device.c.id).where(device.c.id == bindparam("id")).with_for_update(key_share=True)


def lock_everyone(connection: Connection) -> None:
    """Keep everybody else from changing any device, or adding to any log, until the commit."""
    connection.execute(select(device.c.id).order_by(device.c.id).with_for_update(key_share=True)).all()


def everyone(connection: Connection) -> list[Device]:
    """All devices, revoked ones too, by unit and time of enrolment."""
    query = select(device).order_by(device.c.unit, device.c.enrolled_ms, device.c.id)
    return [_device(row) for row in connection.execute(query)]


def in_unit(connection: Connection, unit: str) -> frozenset[str]:
    """The devices of ``unit`` that were not struck off."""
    return frozenset(connection.execute(_IN_UNIT, {"unit": unit}).scalars())


_IN_UNIT = select(device.c.id).where((device.c.unit == bindparam("unit")) & device.c.revoked_ms.is_(None))


def _device(row: Row[Any]) -> Device:
    return Device(
        id=row.id,
        unit=row.unit,
        public_key=row.public_key,
        name=row.name,
        enrolled_ms=row.enrolled_ms,
        incarnation=row.incarnation,
        last=Head(row.last_number, row.last_hash),
        revoked_ms=row.revoked_ms,
    )


def advance(connection: Connection, device_id: str, incarnation: int, last: Head) -> None:
    """Kota now holds the log of ``incarnation`` up to ``last``; the device row follows the newest one."""
    values = {"incarnation": incarnation, "last_number": last.number, "last_hash": last.hash}
    connection.execute(_ADVANCE, {"id_": device_id, "newest": incarnation, **values})


_ADVANCE = update(device).where(
    (device.c.id == bindparam("id_")) & (device.c.incarnation <= bindparam("newest"))
)


def revoke(connection: Connection, device_id: str, at_ms: int) -> None:
    """Strike the device off."""
    connection.execute(update(device).where(device.c.id == device_id).values(revoked_ms=at_ms))


def receipts(connection: Connection) -> list[ReceiptRow]:
    """The furthest receipt of each device."""
    return [
        ReceiptRow(row.device, row.unit, row.upto, row.at_ms) for row in connection.execute(select(receipt))
    ]


def save_receipt(connection: Connection, device_id: str, unit: str, head: Head, at_ms: int) -> int:
    """Keep the receipt if it is further than the one there; returns the furthest."""
    of = {"device_": device_id, "unit_": unit}
    held = connection.execute(_GIVEN, of).scalar_one_or_none()
    values = {"upto": head.number, "hash": head.hash, "at_ms": at_ms}
    if held is None and head.number > 0:
        connection.execute(receipt.insert().values(device=device_id, unit=unit, **values))
    elif held is not None and held < head.number:
        connection.execute(_FURTHER, of | values)
    return max(held or 0, head.number)


_OF_DEVICE = (receipt.c.device == bindparam("device_")) & (receipt.c.unit == bindparam("unit_"))
_GIVEN = select(receipt.c.upto).where(_OF_DEVICE).with_for_update(key_share=True)
_FURTHER = update(receipt).where(_OF_DEVICE)
