"""Heartbeats: telling Kota how this desk is, and carrying out what Kota orders in reply.

A command is carried out only under Kota's own signature for this device in this epoch, each at most once per order;
anything else is answered as *unverified* and changes nothing.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.desk.facts import Facts
from sync.desk.failures import LinkFailure
from sync.desk.projection import Changed
from sync.desk.status import Reply
from sync.desk.step import Step
from sync.desk.store import answers
from sync.desk.store.database import Database
from sync.desk.store.device import Identity
from sync.wire.heartbeat import (
    Command,
    CommandAnswer,
    CommandKind,
    Heard,
    Heartbeat,
    Result,
    command_signed_by,
)

_log = logging.getLogger(__name__)

# What a command does. It returns when it is done, and raises if it cannot be done now: Kota asks again.
Obey = Mapping[str, Callable[[], None]]


class Hearts(Protocol):
    """The one call a heartbeat needs; `sync.desk.kota.Kota` is one."""

    def heartbeat(self, said: Heartbeat) -> Heard: ...


class Heart:
    """Beats for one device; ``obey`` does what each kind of command asks."""

    def __init__(self, database: Database, who: Identity, kota: Hearts, facts: Facts, obey: Obey) -> None:
        self._database = database
        self._who = who
        self._kota = kota
        self._facts = facts
        self._obey = obey
        self._key = Ed25519PublicKey.from_public_bytes(who.kota_key)

    def step(self) -> Step:
        """Beat once and do what is ordered. Raises `sync.desk.failures.LinkFailure`."""
        said = self._facts.gather()
        heard = self._kota.heartbeat(said)
        self._database.write(lambda c: answers.told(c, said.answers))
        reply = Reply(heard.server_ms)
        todo = [command for command in heard.commands if self._verified(command, heard.epoch)]
        # The answer to a command that ends this desk cannot come after it.
        for command in sorted(todo, key=lambda command: command.kind == CommandKind.WIPE):
            if command.kind == CommandKind.WIPE:
                self._keep(command, Result.DONE)
                self._say_goodbye()
                _log.warning("command %s of Kota: destroying everything on this PC", command.id)
                self._obey[command.kind]()
                return Step(Changed(status=True), reply)
            self._obey[command.kind]()
            self._keep(command, Result.DONE)
            _log.info("command %s of Kota is done: %s", command.id, command.kind)
        return Step(Changed(status=bool(heard.commands)), reply, more=bool(todo))

    def _verified(self, command: Command, epoch: str) -> bool:
        if not command_signed_by(self._key, self._who.device, command, epoch):
            _log.warning("command %s is not Kota's to this PC; nothing was done", command.id)
            self._keep(command, Result.UNVERIFIED)
            return False
        if command.kind not in self._obey:
            _log.warning("command %s (%s) is not known to this version", command.id, command.kind)
            self._keep(command, Result.UNKNOWN)
            return False
        return True

    def _keep(self, command: Command, result: Result) -> None:
        self._database.write(lambda c: answers.keep(c, CommandAnswer(id=command.id, result=result)))

    def _say_goodbye(self) -> None:
        try:
            self._kota.heartbeat(self._facts.gather())
        except LinkFailure as failure:
            _log.warning("Kota does not know yet that its command is obeyed: %s", type(failure).__name__)
