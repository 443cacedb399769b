"""The desk's facade: all that a screen or a script may ask of this PC's copy, and all it may do to it.

Reads answer from this disk and never wait for the link. Writes return only when they are on this disk. Delivery is
the loops' business and never delays either.
"""

from collections.abc import Sequence
from contextlib import ExitStack

from sync.case.entry import EntryData, Note
from sync.case.unit import Officer
from sync.desk import entries, errors, keys, salvage, sign_in, status, wiping
from sync.desk.audit import Audit, audit
from sync.desk.delivery import Delivery, Notify
from sync.desk.home import Home
from sync.desk.keeping import Keeper
from sync.desk.projection import CaseFile, Changed, DeskStatus, Notice, OutboxLine, QueueRow, TimelineLine
from sync.desk.salvage import Salvaged
from sync.desk.store import backups, cases, device, drafts, feed, log, officers, queue
from sync.desk.store.backups import Backup
from sync.desk.store.database import Connection, Database
from sync.desk.store.device import Identity
from sync.occupancy import Occupancy
from sync.world import World


class Desk:
    """Everything a screen or a script may ask of this PC's copy. Thread-safe."""

    def __init__(
        self, database: Database, who: Identity, world: World, here: Occupancy | None = None
    ) -> None:
        self.unit = who.unit
        self.device = who.device
        self.server = who.server
        self._database = database
        self._who = who
        self._world = world
        self._home = Home(database.folder)
        self._here = here
        self._delivery = Delivery(database, who, world)
        self._keeper = Keeper(database, self._home, world)
        self._notify: Notify = lambda _: None

    @classmethod
    def open(cls, home: Home, world: World) -> "Desk":
        """The desk enrolled in ``home``; a damaged database is salvaged first, see `salvaged`.

        Raises the `errors.DeskError` that fits; nothing is changed then.
        """
        home.check()
        if home.wiped.exists():
            wiping.finish(home, world)
            raise errors.WipedError
        if not home.database.exists() and not home.new_database.exists():
            raise errors.NotEnrolledError
        with ExitStack() as undo:
            here = undo.enter_context(Occupancy(home.occupied, home.database))
            key = keys.load(home)
            salvage.put_right(home, key, world, here)
            database = Database(home.database, key)
            undo.callback(database.close)
            who = database.read(device.identity)
            if who is None:
                raise errors.IdentityLostError if salvage.told(home) else errors.NotEnrolledError
            database.write(lambda c: feed.read_again(c, who.unit.code, who.device))
            undo.pop_all()
        return cls(database, who, world, here)

    def start(self, notify: Notify) -> None:
        """Start the loops. ``notify`` is called on their threads, and on the caller's after `record`."""
        self._notify = notify
        self._delivery.start(notify)
        self._keeper.start(notify)

    def close(self) -> None:
        """Stop the loops, at most 2 s, and close the database."""
        self._keeper.stop()
        self._delivery.stop()
        self._database.close()
        if self._here is not None:
            self._here.leave()

    def sync(self) -> None:
        """Deliver and fetch all there is, once, without loops. Raises the `errors.DeskError` for a link that fails."""
        self._delivery.once()

    def incarnation(self) -> int:
        """Which log of this PC's is written now: more than 1 once its disk was copied or set back."""
        return self._database.read(lambda c: device.now(c, self._who)).incarnation

    def audit(self) -> Audit:
        """Prove that feed and log stand here unchanged. Raises the `errors.DeskError` that says what is wrong."""
        return audit(self._database, self._who)

    def salvaged(self) -> Salvaged | None:
        """What somebody must be told of a salvage, until `salvage_seen`."""
        return salvage.told(self._home)

    def salvage_seen(self) -> None:
        """Somebody has read it."""
        salvage.seen(self._home)

    def backups(self) -> list[Backup]:
        """The copies there are, the newest first."""
        return backups.kept(self._home.backups)

    def back_up(self) -> Backup | None:
        """Make a copy now; None where the disk has no room for one. Raises `DatabaseDamagedError`, `DiskFullError`."""
        return self._keeper.back_up()

    # ---- reads: any thread, each under 16 ms -------------------------------------------------------------------

    def queue_rows(self) -> Sequence[int]:
        """Row numbers in the order of the queue: the most urgent first, then the oldest."""
        return self._database.read(queue.numbers)

    def queue(self, rows: Sequence[int]) -> list[QueueRow]:
        """The rows asked for, in that order; unknown ones are left out."""
        return self._database.read(lambda c: queue.rows(c, self.unit.code, rows))

    def row_of(self, alert_id: str) -> int | None:
        """The row number of an alert."""
        return self._database.read(lambda c: queue.row_of(c, alert_id))

    def alarming(self) -> list[QueueRow]:
        """The alerts that must sound now, the most urgent first."""
        return self._database.read(lambda c: queue.alarming(c, self.unit.code))

    def case(self, alert_id: str) -> CaseFile | None:
        """All there is on an alert."""
        return self._database.read(lambda c: cases.case(c, self.unit.code, alert_id))

    def notices(self) -> tuple[Notice, ...]:
        """What must be shown of events on no alert that this version does not know."""
        return self._database.read(lambda c: cases.notices(c, None))

    def find(self, number: str) -> str | None:
        """The id of the alert with Kota's ``number``."""
        return self._database.read(lambda c: queue.find(c, number.strip()))

    def status(self) -> DeskStatus:
        """What may be said of link and outbox right now."""
        kept = self._database.read(
            lambda c: status.Kept(feed.standing(c).head.number, log.backlog(c), feed.skipped(c))
        )
        return status.describe(self._delivery.contact, self.unit, kept, self._world)

    def outbox(self) -> list[OutboxLine]:
        """Entries that Kota has not got or has refused, oldest first."""
        return self._database.read(lambda c: cases.outbox(c, self.unit.code))

    def officers(self) -> list[Officer]:
        """Those who may sign in here."""
        return self._database.read(officers.active)

    def draft(self, officer: str, alert_id: str) -> str:
        """The officer's unfinished note, empty if there is none."""
        return self._database.read(lambda c: drafts.read(c, officer, alert_id))

    # ---- writes: on the disk when they return ------------------------------------------------------------------

    def sign_in(self, officer: str, password: str) -> Officer:
        """The officer, if the password is theirs; needs no link. Raises `WrongPasswordError`."""
        return sign_in.verify(self._database.read(lambda c: officers.verifier(c, officer)), password)

    def record(self, officer: Officer, alert_id: str, data: EntryData) -> TimelineLine:
        """Save what the officer did, and take the draft away that became a note, both or neither.

        Raises `UnknownAlertError`, `TextNotAcceptedError`, `DiskFullError`, `DatabaseBusyError`.
        """

        def change(connection: Connection) -> TimelineLine:
            if queue.row_of(connection, alert_id) is None:
                raise errors.UnknownAlertError(alert=alert_id)
            base = feed.standing(connection).head.number
            entry = entries.make(self._world, officer, alert_id, base, data)
            log.append(connection, self._who, entry)
            if isinstance(data, Note):
                drafts.keep(connection, officer.id, alert_id, "")
            return cases.own_line(connection, self.unit.code, entry.id)

        line = self._database.write(change)
        self._delivery.wrote()
        self._notify(Changed(frozenset({alert_id}), status=True))
        return line

    def keep_draft(self, officer: str, alert_id: str, text: str) -> None:
        """Keep an unfinished note; an empty text removes it."""
        self._database.write(lambda c: drafts.keep(c, officer, alert_id, text))
