"""Putting a backup in the place of the database: proven first, the old one kept, a new epoch begun.

Everything happens on a copy, and the copy takes the place of the database in one step, while nobody else has it open.
What the backup lacks comes back from the desks (`sync.central.rejoining`); who was struck off since is not in any
feed, so it is taken over from the database that is replaced, as far as that can still be read.
"""

import logging
from pathlib import Path

import msgspec
from msgspec import Struct

from sync import sqlite
from sync.central import backups
from sync.central.backups import MADE, OWNER, BackupNotWrittenError, Proven
from sync.central.home import Home
from sync.central.rejoining import new_epoch
from sync.central.store import database, devices, heartbeats, meta
from sync.central.store.database import Alone, Connection, StoreFailedError
from sync.central.store.devices import Device
from sync.central.store.heartbeats import CommandRow
from sync.wire.chain import genesis, log_of
from sync.wire.heartbeat import CommandKind, Result
from sync.words import SpokenError
from sync.world import World

log = logging.getLogger(__name__)


class Restored(Struct, frozen=True, kw_only=True):
    """What a restore did. ``kept`` is where the old database is, None if there was none.

    ``struck_off`` counts devices whose striking off was taken over from it; None if it could not be read.
    """

    epoch: str
    proven: Proven
    kept: str | None
    struck_off: int | None


class StruckOff(Struct, frozen=True):
    """Who was struck off, and the orders to wipe that are still to be carried out."""

    devices: list[Device]
    wipes: list[CommandRow]


def restore(home: Home, world: World, file: Path) -> Restored:
    """Put the backup ``file`` in place. Nothing is changed if it raises.

    Raises `KotaRunningError`, what `backups.prove` raises, `BackupNotWrittenError`, and what `Home` raises.
    """
    part = home.folder / "restoring.sqlite3"
    with database.alone(home.place()) as alone:
        proven = backups.prove(file, home)
        try:
            _remove(part)
            part.touch(mode=0o600)
            sqlite.copy_into(file, part)
            gone = _struck_off(alone)
            epoch, carried = database.own(part).write(lambda c: _prepare(c, world, gone))
            kept = alone.replace(part, f"replaced-{backups.label(world.wall_ms())}")
        except (OSError, sqlite.DatabaseError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise BackupNotWrittenError(folder=home.folder, reason=reason) from error
        finally:
            _remove(part)
    log.warning("a backup was put in place; what it replaced is kept in %s", kept)
    return Restored(epoch=epoch, proven=proven, kept=kept, struck_off=carried)


def _remove(part: Path) -> None:
    for left in part.parent.glob(f"{part.name}*"):
        left.unlink()


def _struck_off(alone: Alone) -> StruckOff | None:
    """As the database says that is to be replaced; None if it cannot be read."""
    try:
        return alone.look(_look)
    except (StoreFailedError, SpokenError) as error:
        log.warning("who was struck off cannot be read from the old database: %s", type(error).__name__)
        return None


def _look(connection: Connection) -> StruckOff:
    gone = [one for one in devices.everyone(connection) if one.revoked_ms is not None]
    commands = heartbeats.commands(connection)
    return StruckOff(
        gone, [one for one in commands if one.kind == CommandKind.WIPE and one.result is not Result.DONE]
    )


def _prepare(connection: Connection, world: World, gone: StruckOff | None) -> tuple[str, int | None]:
    """Make the copy ready to take the place of the old database; the epoch, and how many were struck off anew."""
    meta.forget(connection, OWNER)
    meta.forget(connection, MADE)
    epoch = new_epoch(connection, world)
    return epoch, None if gone is None else _strike_off(connection, gone)


def _strike_off(connection: Connection, gone: StruckOff) -> int:
    count = 0
    for one in gone.devices:
        known = devices.find(connection, one.id)
        if known is None:
            # Kota does not have its log any more; it must still know that this PC may not come back.
            start = genesis(log_of(one.id, one.incarnation))
            devices.add(connection, msgspec.structs.replace(one, last=start))
        if known is None or known.revoked_ms is None:
            devices.revoke(connection, one.id, one.revoked_ms or 0)
            count += 1
    given = {one.id for one in heartbeats.commands(connection)}
    for order in gone.wipes:
        if order.id not in given:
            heartbeats.give(connection, order)
    return count
