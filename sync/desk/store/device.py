"""Who this PC is to Kota: the key pair made here, and what Kota answered."""

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from sync.case.unit import Unit
from sync.desk.store import feed
from sync.desk.store.tables import device


class Identity(Struct, frozen=True, kw_only=True):
    """An enrolled device. ``private_key`` and ``kota_key`` are raw Ed25519 keys, ``ca`` is PEM text.

    ``server`` is the address of Kota, or several, separated by spaces, the first to be tried first. ``membership`` is
    Kota's word that this PC is a device, empty if it gave none yet.
    """

    device: str
    incarnation: int
    unit: Unit
    server: str
    ca: str
    private_key: bytes
    kota_key: bytes
    membership: str = ""


def identity(connection: Connection) -> Identity | None:
    """The identity of this PC, None before it is enrolled."""
    row = connection.execute(select(device).where(device.c.device.is_not(None))).one_or_none()
    if row is None:
        return None
    return Identity(
        device=row.device,
        incarnation=row.incarnation,
        unit=msgspec.json.decode(row.unit, type=Unit),
        server=row.server,
        ca=row.ca,
        private_key=row.private_key,
        kota_key=row.kota_key,
        membership=row.membership or "",
    )


def now(connection: Connection, who: Identity) -> Identity:
    """``who`` in the incarnation of this moment: another lane, or another process, may have begun one."""
    incarnation: int | None = connection.execute(_INCARNATION).scalar_one_or_none()
    if incarnation in (None, who.incarnation):
        return who
    return msgspec.structs.replace(who, incarnation=incarnation)


_INCARNATION = select(device.c.incarnation)


def begun(connection: Connection, incarnation: int) -> bool:
    """From now on entries go into the log of ``incarnation``; False if the PC is already beyond it."""
    changed = update(device).where(device.c.incarnation < incarnation).values(incarnation=incarnation)
    return connection.execute(changed).rowcount > 0


def keep_key(connection: Connection, fresh: bytes) -> bytes:
    """The private key of this PC: the one kept already, else ``fresh``, kept from now on."""
    kept: bytes | None = connection.execute(select(device.c.private_key)).scalar_one_or_none()
    if kept is not None:
        return kept
    connection.execute(insert(device).values(only=1, private_key=fresh))
    return fresh


def keep_membership(connection: Connection, text: str) -> None:
    """Kota's newest word that this PC is a device."""
    connection.execute(update(device).values(membership=text))


def save(connection: Connection, who: Identity) -> None:
    """From now on this PC is ``who``."""
    values = msgspec.structs.asdict(who)
    connection.execute(update(device).values(**{**values, "unit": msgspec.json.encode(who.unit)}))


def enrolled(connection: Connection, who: Identity, epoch: str) -> None:
    """Kota took the PC in; its feed begins."""
    save(connection, who)
    feed.begin(connection, who.unit.code, epoch)
