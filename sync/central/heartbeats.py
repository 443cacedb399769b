"""What devices say of themselves, and what they are ordered to do.

A device under the order to wipe gets nothing from Kota but that order, even though it is struck off: it may come in
to hear it and to say that it has obeyed, and for nothing else. A command is signed anew in every reply, for the
epoch of that reply, and repeated until the device says that it is done.
"""

import logging

from sync.central.enrolment import UnknownDeviceError, revoke, standing
from sync.central.kota import Kota
from sync.central.store import devices, heartbeats
from sync.central.store.database import Connection, Store
from sync.central.store.heartbeats import CommandRow
from sync.central.tokens import Claim
from sync.wire.heartbeat import Command, CommandKind, Heard, Heartbeat, Result, sign_command
from sync.world import World, new_id

log = logging.getLogger(__name__)


def order(connection: Connection, world: World, device: str, kind: CommandKind) -> str:
    """Order ``device`` to do ``kind``; the id of the command, an open one of that kind if there is one.

    The order to wipe strikes the device off as well. Raises `UnknownDeviceError`.
    """
    devices.lock(connection, device)
    if devices.find(connection, device) is None:
        raise UnknownDeviceError(device=device)
    if kind is CommandKind.WIPE:
        revoke(connection, device, world.wall_ms())
    for row in heartbeats.undone(connection, device):
        if row.kind == kind:
            return row.id
    new = CommandRow(id=new_id(world), device=device, kind=kind, given_ms=world.wall_ms())
    heartbeats.give(connection, new)
    return new.id


class Heartbeats:
    """Answers ``heartbeat``."""

    def __init__(self, store: Store, kota: Kota) -> None:
        self._store = store
        self._kota = kota

    async def hear(self, claim: Claim, said: Heartbeat) -> Heard:
        """Keep what the device said; its open commands. Raises `ProblemError`: `standing`'s."""
        commands = await self._store.write(lambda c: self._hear(c, claim, said))
        return Heard(epoch=self._kota.epoch, server_ms=self._kota.now_ms(), commands=commands)

    def _hear(self, connection: Connection, claim: Claim, said: Heartbeat) -> tuple[Command, ...]:
        device = standing(connection, claim, under_wipe=True)
        now_ms = self._kota.now_ms()
        heartbeats.save(connection, device.id, said, now_ms)
        for answer in said.answers:
            known = heartbeats.answered(connection, device.id, answer.id, answer.result, now_ms)
            if answer.result is not Result.DONE or not known:
                log.warning("device %s answered %s to command %s", device.id, answer.result, answer.id)
            else:
                log.info("device %s has done command %s", device.id, answer.id)
        key, epoch = self._kota.key, self._kota.epoch
        open_ones = heartbeats.undone(connection, device.id)
        if device.revoked_ms is not None:
            open_ones = [row for row in open_ones if row.kind == CommandKind.WIPE]
        return tuple(sign_command(key, device.id, row.id, row.kind, epoch) for row in open_ones)
