"""How the database came to be what it is: numbered steps, each frozen on the day it was released.

A step is never edited afterwards and never uses `tables`, which describes only the present; a test holds the two
together. ``PRAGMA user_version`` is the number of the last step taken.
"""

FIRST = """
CREATE TABLE device (
    only INTEGER NOT NULL CHECK (only = 1), private_key BLOB NOT NULL, server TEXT, ca TEXT, device TEXT,
    incarnation INTEGER, unit BLOB, kota_key BLOB, PRIMARY KEY (only)) STRICT;
CREATE TABLE feed_state (
    unit TEXT NOT NULL, epoch TEXT NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, receipt INTEGER NOT NULL,
    PRIMARY KEY (unit)) STRICT;
CREATE TABLE feed_event (
    number INTEGER NOT NULL, hash BLOB NOT NULL, kind TEXT NOT NULL, alert TEXT, body BLOB NOT NULL, skipped TEXT,
    PRIMARY KEY (number)) STRICT;
CREATE INDEX feed_event_skipped ON feed_event (number) WHERE skipped IS NOT NULL;
CREATE TABLE alert (
    "row" INTEGER NOT NULL, alert_id TEXT NOT NULL, number TEXT NOT NULL, priority INTEGER NOT NULL,
    why TEXT NOT NULL, live INTEGER NOT NULL, exercise INTEGER NOT NULL, minor INTEGER NOT NULL,
    place TEXT NOT NULL, received_ms INTEGER NOT NULL, sounding INTEGER NOT NULL, state BLOB NOT NULL,
    event INTEGER NOT NULL, PRIMARY KEY ("row"), UNIQUE (alert_id)) STRICT;
CREATE INDEX alert_queue ON alert (priority, received_ms, "row");
CREATE INDEX alert_sounding ON alert (priority, received_ms) WHERE sounding = 1;
CREATE INDEX ix_alert_number ON alert (number);
CREATE TABLE alert_update (event INTEGER NOT NULL, alert TEXT NOT NULL, PRIMARY KEY (event)) STRICT;
CREATE INDEX ix_alert_update_alert ON alert_update (alert);
CREATE TABLE timeline (
    event INTEGER NOT NULL, entry_id TEXT NOT NULL, alert TEXT NOT NULL,
    PRIMARY KEY (event), UNIQUE (entry_id)) STRICT;
CREATE INDEX ix_timeline_alert ON timeline (alert);
CREATE TABLE log (
    incarnation INTEGER NOT NULL, number INTEGER NOT NULL, entry_id TEXT NOT NULL, hash BLOB NOT NULL,
    body BLOB NOT NULL, alert TEXT NOT NULL, made_ms INTEGER NOT NULL, state TEXT NOT NULL, why TEXT,
    kota_ms INTEGER, event INTEGER, PRIMARY KEY (incarnation, number), UNIQUE (entry_id)) STRICT;
CREATE INDEX ix_log_alert ON log (alert);
CREATE INDEX log_state ON log (state, incarnation, number);
CREATE TABLE draft (
    officer TEXT NOT NULL, alert TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (officer, alert)) STRICT;
CREATE TABLE officer (
    id TEXT NOT NULL, name TEXT NOT NULL, verifier TEXT NOT NULL, active INTEGER NOT NULL,
    PRIMARY KEY (id)) STRICT;
"""

# Commands answered; what it takes to give a restored Kota back what it lost, and to take the feed anew.
SECOND = """
CREATE TABLE command_answer (id TEXT NOT NULL, result TEXT NOT NULL, PRIMARY KEY (id)) STRICT;
CREATE TABLE feed_signature (
    epoch TEXT NOT NULL, number INTEGER NOT NULL, signature BLOB NOT NULL, PRIMARY KEY (epoch, number)) STRICT;
CREATE TABLE feed_lost (
    event INTEGER NOT NULL, epoch TEXT NOT NULL, number INTEGER NOT NULL, body_sha256 BLOB NOT NULL,
    offered INTEGER NOT NULL, PRIMARY KEY (event)) STRICT;
CREATE INDEX ix_feed_lost_body_sha256 ON feed_lost (body_sha256);
CREATE INDEX feed_lost_waiting ON feed_lost (event) WHERE offered = 0;
"""

# The beginning of the feed, as a snapshot brings it.
THIRD = """
CREATE TABLE feed_block (last INTEGER NOT NULL, hash BLOB NOT NULL, frame BLOB NOT NULL, PRIMARY KEY (last)) STRICT;
"""

# Kota's own word that this PC is a device.
FOURTH = """
ALTER TABLE device ADD COLUMN membership TEXT;
"""

STEPS = (FIRST, SECOND, THIRD, FOURTH)
VERSION = len(STEPS)


def statements(step: str) -> list[str]:
    """The statements of a step, one by one; none of them contains a semicolon of its own."""
    return [statement.strip() for statement in step.split(";") if statement.strip()]
