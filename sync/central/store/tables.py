"""The tables of Kota, and what must be true of their rows whatever the program does.

Times (``*_ms``) are milliseconds since 1970 UTC by Kota's clock: labels, never an order. Hashes are 32 raw bytes.
Bodies are kept as the very bytes that were received or published.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

metadata = MetaData()


def _hash(name: str = "hash") -> Column[bytes]:
    return Column(name, LargeBinary, CheckConstraint(f"length({name}) = 32"), nullable=False)


meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

unit = Table(
    "unit",
    metadata,
    Column("code", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("name_hi", Text, nullable=False),
    Column("districts", Text, nullable=False),
)

officer = Table(
    "officer",
    metadata,
    Column("id", Text, primary_key=True),
    Column("unit", Text, ForeignKey("unit.code"), nullable=False),
    Column("name", Text, nullable=False),
    Column("removed_ms", BigInteger),
)

device = Table(
    "device",
    metadata,
    Column("id", Text, primary_key=True),
    Column("unit", Text, ForeignKey("unit.code"), nullable=False),
    Column("public_key", LargeBinary, CheckConstraint("length(public_key) = 32"), nullable=False),
    Column("name", Text, nullable=False),
    Column("enrolled_ms", BigInteger, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("last_number", BigInteger, CheckConstraint("last_number >= 0"), nullable=False),
    _hash("last_hash"),
    Column("revoked_ms", BigInteger),
)

enrol_code = Table(
    "enrol_code",
    metadata,
    Column("code_sha256", LargeBinary, primary_key=True),
    Column("unit", Text, ForeignKey("unit.code"), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("device", Text, ForeignKey("device.id"), unique=True),
    Column("used_ms", BigInteger),
    CheckConstraint("(device IS NULL) = (used_ms IS NULL)"),
)

intake = Table(
    "intake",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    _hash("sha256"),
    Column("received_ms", BigInteger, nullable=False),
    # All NULL until the message has been dealt with.
    Column("outcome", Text, CheckConstraint("outcome IN ('alert', 'update', 'repeat', 'draft')")),
    Column("alert", Text, ForeignKey("alert.id")),
    Column("content_sha256", LargeBinary),
    Column("reason", Text),
    UniqueConstraint("source", "sha256"),
    CheckConstraint("(outcome IS NULL OR outcome = 'draft') = (alert IS NULL)"),
    CheckConstraint("(outcome = 'draft') = (reason IS NOT NULL) OR outcome IS NULL"),
)
Index("intake_of_alert", intake.c.alert)
Index(
    "intake_waiting",
    intake.c.id,
    sqlite_where=intake.c.outcome.is_(None),
    postgresql_where=intake.c.outcome.is_(None),
)

alert_year = Table(
    "alert_year",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, unique=True, nullable=False),
    Column("platform", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("priority", Integer, CheckConstraint("priority BETWEEN 1 AND 4"), nullable=False),
    Column("why", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("route_words", Text, nullable=False),
    # The folded `CaseState` as JSON.
    Column("state", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    UniqueConstraint("platform", "reference"),
)

assignment = Table(
    "assignment",
    metadata,
    Column("alert", Text, ForeignKey("alert.id"), primary_key=True),
    Column("unit", Text, ForeignKey("unit.code"), primary_key=True),
    Column("gen", Integer, nullable=False),
    Column("state", Text, CheckConstraint("state IN ('responsible', 'informed')"), nullable=False),
)
# Custody: never two responsible units at once, whatever the program believes.
Index(
    "one_responsible_unit",
    assignment.c.alert,
    unique=True,
    sqlite_where=assignment.c.state == literal_column("'responsible'"),
    postgresql_where=assignment.c.state == literal_column("'responsible'"),
)

feed_head = Table(
    "feed_head",
    metadata,
    Column("unit", Text, ForeignKey("unit.code"), primary_key=True),
    Column("number", BigInteger, CheckConstraint("number >= 0"), nullable=False),
    _hash(),
)

feed_event = Table(
    "feed_event",
    metadata,
    Column("unit", Text, ForeignKey("feed_head.unit"), primary_key=True),
    Column("number", BigInteger, CheckConstraint("number >= 1"), primary_key=True, autoincrement=False),
    _hash(),
    Column("kind", Text, nullable=False),
    Column("alert", Text, ForeignKey("alert.id")),
    Column("body", LargeBinary, nullable=False),
)

device_log = Table(
    "device_log",
    metadata,
    Column("device", Text, ForeignKey("device.id"), primary_key=True),
    Column("incarnation", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, CheckConstraint("number >= 1"), primary_key=True, autoincrement=False),
    # NULL when the entry could not be read, or repeats one that is held under another number.
    Column("entry_id", Text, unique=True),
    _hash(),
    Column("body", LargeBinary, nullable=False),
    # The device's signature over the head after this entry; only the last entry of each push has one.
    Column("signature", LargeBinary),
    Column("outcome", Text, CheckConstraint("outcome IN ('applied', 'refused')"), nullable=False),
    Column("why", Text),
    Column("received_ms", BigInteger, nullable=False),
    CheckConstraint("(outcome = 'refused') = (why IS NOT NULL)"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("device", Text, ForeignKey("device.id"), primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("upto", BigInteger, nullable=False),
    _hash(),
    Column("at_ms", BigInteger, nullable=False),
    # A receipt that names an event Kota never published cannot be stored; 0 is no receipt.
    ForeignKeyConstraint(["unit", "upto"], ["feed_event.unit", "feed_event.number"]),
)

# The last word of each device about itself, as it came.
heartbeat = Table(
    "heartbeat",
    metadata,
    Column("device", Text, ForeignKey("device.id"), primary_key=True),
    Column("body", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

# What devices are ordered to do; ``result`` is what the device answered last, NULL until it answers.
command = Table(
    "command",
    metadata,
    Column("id", Text, primary_key=True),
    Column("device", Text, ForeignKey("device.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("given_ms", BigInteger, nullable=False),
    Column("result", Text, CheckConstraint("result IN ('done', 'unverified', 'unknown')")),
    Column("answered_ms", BigInteger),
    CheckConstraint("(result IS NULL) = (answered_ms IS NULL)"),
)
Index("command_of_device", command.c.device)

# Entries that came back from a desk's feed after a restore, before (or without) the log of the device they are of.
adopted_entry = Table(
    "adopted_entry",
    metadata,
    Column("entry_id", Text, primary_key=True),
)
