"""What a desk may say of itself to Kota: figures and versions, never anything of a person."""

import shutil
from collections.abc import Callable
from importlib import metadata

from sync import sqlite
from sync.desk.status import Contact
from sync.desk.store import answers, device, feed, log, migrations
from sync.desk.store.database import Connection, Database
from sync.desk.store.device import Identity
from sync.wire.heartbeat import Heartbeat
from sync.world import World

DISTRIBUTION = "kota-alert-desk"


class Facts:
    """The facts of one desk; ``contact`` gives what the lanes have found out."""

    def __init__(
        self, database: Database, who: Identity, world: World, contact: Callable[[], Contact]
    ) -> None:
        self._database = database
        self._who = who
        self._world = world
        self._contact = contact

    def gather(self) -> Heartbeat:
        """The facts of this moment."""
        contact, free = self._contact(), shutil.disk_usage(self._database.folder).free
        return self._database.read(lambda c: self._said(c, contact, free))

    def _said(self, connection: Connection, contact: Contact, free: int) -> Heartbeat:
        backlog = log.backlog(connection)
        who = device.now(connection, self._who)
        end = log.head(connection, who)
        oldest_ms = backlog.oldest_ms
        return Heartbeat(
            incarnation=who.incarnation,
            log=end.number,
            log_head=end.hash.hex(),
            waiting=backlog.waiting,
            oldest_waiting_s=None if oldest_ms is None else max(0, self._world.wall_ms() - oldest_ms) // 1000,
            refused=backlog.refused,
            unit=who.unit.code,
            feed=feed.standing(connection).head.number,
            skipped=feed.skipped(connection),
            app=_app(),
            schema=migrations.VERSION,
            sqlite=sqlite.dbapi.sqlite_version,
            disk_free=free,
            kota_ahead_ms=None if contact.mono_ms is None else contact.kota_ahead_ms,
            last_error=next((str(problem) for problem in contact.problems.values()), None),
            answers=answers.untold(connection),
        )


def _app() -> str:
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "frozen"
