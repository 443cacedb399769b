"""Where the programs are plugged into the simulated world: threads, events, the link, the disk. Nothing else of them
is replaced; what they do in between is the code that runs in control rooms.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, Engine

from sync.central import routing, snapshots, watch
from sync.central.store import sqlite as kotas_file
from sync.central.store import writer
from sync.central.store.writer import Writer
from sync.desk import delivery, guard, keeping, loops
from sync.sqlite import dbapi
from tests.simulation.disk import Disk, connecting
from tests.simulation.machines import DeskMachine, KotaMachine, owner
from tests.simulation.network import Cable, Network, SimLink
from tests.simulation.places import router
from tests.simulation.world import Clock, VirtualEvent, VirtualThread

T = TypeVar("T")

LOOK_EVERY_S = 10.0


class InlineWriter(Writer):
    """Kota's writer without its thread: each write is committed before `submit` returns."""

    def __init__(self, engine: Engine, *others: Any) -> None:
        with patch.object(writer, "Thread"):
            super().__init__(engine, *others)
        self._connection = engine.connect()

    def submit(self, work: Callable[[Connection], T]) -> Any:
        future = super().submit(work)
        batch, _ = self._gather()
        self._commit(self._connection, batch)
        return future

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()


def link_of(network: Network, desk: DeskMachine, server: str, ca: str, epoch: str | None = None) -> SimLink:
    """A link of ``desk``."""
    return SimLink(Cable(network, desk), server, ca, epoch)


@contextmanager
def plugged(network: Network, kota: KotaMachine, desks: list[DeskMachine], clock: Clock) -> Iterator[None]:
    """The programs run in the simulated world while this is open."""
    known = router()

    def disk_of(uri: str) -> Disk | None:
        path = unquote(urlsplit(uri).path)
        machines = [kota, *desks]
        return next((one.disk for one in machines if path.startswith(f"{one.disk.folder.resolve()}/")), None)

    def thread(target: Callable[[], None], **_: object) -> VirtualThread:
        return VirtualThread(clock, owner(desks).fiber(target))

    def link(server: str, ca: str, epoch: str | None = None) -> SimLink:
        return link_of(network, owner(desks), server, ca, epoch)

    with (
        patch.object(dbapi, "connect", connecting(disk_of, dbapi.connect)),
        patch.multiple(loops, Thread=thread, Event=VirtualEvent),
        patch.multiple(guard, Thread=thread, Event=VirtualEvent),
        # Backups are for what this world does not do to a disk: damage.
        patch.object(keeping.Keeper, "start", lambda *_: None),
        patch.object(delivery, "Link", link),
        patch.object(kotas_file, "Writer", InlineWriter),
        patch.object(routing, "load", lambda *_: known),
        # There is no second Kota whose commits only a look could notice; its own wake it at once.
        patch.object(watch, "LOOK_EVERY_S", LOOK_EVERY_S),
        # Small feeds are worth a snapshot here. It comes in one piece, as the number of pieces would depend on how well
        # the times in it can be packed, and so on the clocks.
        patch.multiple(snapshots, WORTH_IT=3, GROWN_BY=2, STRIDE=3, LOOK_EVERY_S=1.0),
    ):
        yield
