"""What stands in the desk's database.

Raw events lie in ``feed_event`` and ``feed_block`` as received; ``alert`` and ``timeline`` are the projection of them, narrow enough to
list a million alerts without reading one event. ``log`` is this device's own chain and is never rewritten: only what
became of an entry (``state``, ``why``, ``kota_ms``, ``event``) is noted beside it.
"""

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()


def _number(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=null)


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def _bytes(name: str, *, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=null)


# One row. The key pair is there before Kota is asked; the rest once Kota has answered.
device = Table(
    "device",
    metadata,
    Column("only", Integer, CheckConstraint("only = 1"), primary_key=True),
    _bytes("private_key"),
    _text("server", null=True),
    _text("ca", null=True),
    _text("device", null=True),
    _number("incarnation", null=True),
    _bytes("unit", null=True),
    _bytes("kota_key", null=True),
    _text("membership", null=True),
    sqlite_strict=True,
)

# ``receipt`` is the number up to which Kota has confirmed our receipt.
feed_state = Table(
    "feed_state",
    metadata,
    Column("unit", Text, primary_key=True),
    _text("epoch"),
    _number("number"),
    _bytes("hash"),
    _number("receipt"),
    sqlite_strict=True,
)

# ``skipped`` says why an event is kept but not shown (`sync.wire.reading.Skip`).
feed_event = Table(
    "feed_event",
    metadata,
    Column("number", Integer, primary_key=True),
    _bytes("hash"),
    _text("kind"),
    _text("alert", null=True),
    _bytes("body"),
    _text("skipped", null=True),
    sqlite_strict=True,
)
Index("feed_event_skipped", feed_event.c.number, sqlite_where=feed_event.c.skipped.is_not(None))

# The beginning of the feed as a snapshot brought it: events up to ``last`` packed into ``frame``, where ``hash`` is the
# chain's after the last. What lies in a block has no row in ``feed_event`` unless it is skipped.
feed_block = Table(
    "feed_block",
    metadata,
    Column("last", Integer, primary_key=True),
    _bytes("hash"),
    _bytes("frame"),
    sqlite_strict=True,
)

# ``event`` published the alert last; ``state`` is the fold of confirmed entries; ``sounding`` is whether it must
# alarm here as far as those say.
alert = Table(
    "alert",
    metadata,
    Column("row", Integer, primary_key=True),
    Column("alert_id", Text, nullable=False, unique=True),
    Column("number", Text, nullable=False, index=True),
    _number("priority"),
    _text("why"),
    _number("live"),
    _number("exercise"),
    _number("minor"),
    _text("place"),
    _number("received_ms"),
    _number("sounding"),
    _bytes("state"),
    _number("event"),
    sqlite_strict=True,
)
# The order of the queue, complete in itself: listing rows never touches the table.
Index("alert_queue", alert.c.priority, alert.c.received_ms, alert.c.row)
Index("alert_sounding", alert.c.priority, alert.c.received_ms, sqlite_where=alert.c.sounding == 1)

# Later messages of the platform on an alert, by the event that brought them.
alert_update = Table(
    "alert_update",
    metadata,
    Column("event", Integer, primary_key=True),
    Column("alert", Text, nullable=False, index=True),
    sqlite_strict=True,
)

# Confirmed entries of all desks, each once, by the event that brought them.
timeline = Table(
    "timeline",
    metadata,
    Column("event", Integer, primary_key=True),
    Column("entry_id", Text, nullable=False, unique=True),
    Column("alert", Text, nullable=False, index=True),
    sqlite_strict=True,
)

# ``event`` is the feed event in which the entry came back, if it has.
log = Table(
    "log",
    metadata,
    Column("incarnation", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("entry_id", Text, nullable=False, unique=True),
    _bytes("hash"),
    _bytes("body"),
    Column("alert", Text, nullable=False, index=True),
    _number("made_ms"),
    _text("state"),
    _text("why", null=True),
    _number("kota_ms", null=True),
    _number("event", null=True),
    sqlite_strict=True,
)
Index("log_state", log.c.state, log.c.incarnation, log.c.number)

draft = Table(
    "draft",
    metadata,
    Column("officer", Text, primary_key=True),
    Column("alert", Text, primary_key=True),
    _text("text"),
    sqlite_strict=True,
)

officer = Table(
    "officer",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name"),
    _text("verifier"),
    _number("active"),
    sqlite_strict=True,
)

# What became of Kota's commands, until Kota knows; ``result`` is a `sync.wire.heartbeat.Result`.
command_answer = Table(
    "command_answer",
    metadata,
    Column("id", Text, primary_key=True),
    _text("result"),
    sqlite_strict=True,
)

# Kota's signatures over the feed as pages brought them: the proof of what Kota published, should it lose it.
feed_signature = Table(
    "feed_signature",
    metadata,
    Column("epoch", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    _bytes("signature"),
    sqlite_strict=True,
)

# Events of a history that Kota no longer has. Their rows in ``feed_event`` have negative numbers (``event``) until
# the same bytes come back; ``epoch`` and ``number`` say where they stood; ``offered`` is 1 once Kota was given them.
feed_lost = Table(
    "feed_lost",
    metadata,
    Column("event", Integer, primary_key=True),
    _text("epoch"),
    _number("number"),
    Column("body_sha256", LargeBinary, nullable=False, index=True),
    _number("offered"),
    sqlite_strict=True,
)
Index("feed_lost_waiting", feed_lost.c.event, sqlite_where=feed_lost.c.offered == 0)
