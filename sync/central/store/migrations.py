"""How the database came to be what it is: numbered steps, each frozen on the day it was released.

A step is never edited afterwards and never uses `tables`, which describes only the present; a test holds the two
together on both databases. A step only adds: nodes of the version before go on working beside nodes of this one.
``{bytes}`` and ``{serial}`` are the two types that SQLite and PostgreSQL call by different names.
"""

FIRST = """
CREATE TABLE meta (name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name));
CREATE TABLE unit (
    code TEXT NOT NULL, kind TEXT NOT NULL, name_en TEXT NOT NULL, name_hi TEXT NOT NULL, districts TEXT NOT NULL,
    PRIMARY KEY (code));
CREATE TABLE officer (
    id TEXT NOT NULL, unit TEXT NOT NULL, name TEXT NOT NULL, removed_ms BIGINT,
    PRIMARY KEY (id), FOREIGN KEY (unit) REFERENCES unit (code));
CREATE TABLE device (
    id TEXT NOT NULL, unit TEXT NOT NULL, public_key {bytes} NOT NULL CHECK (length(public_key) = 32),
    name TEXT NOT NULL, enrolled_ms BIGINT NOT NULL, incarnation INTEGER NOT NULL,
    last_number BIGINT NOT NULL CHECK (last_number >= 0),
    last_hash {bytes} NOT NULL CHECK (length(last_hash) = 32), revoked_ms BIGINT,
    PRIMARY KEY (id), FOREIGN KEY (unit) REFERENCES unit (code));
CREATE TABLE enrol_code (
    code_sha256 {bytes} NOT NULL, unit TEXT NOT NULL, expires_ms BIGINT NOT NULL, device TEXT, used_ms BIGINT,
    PRIMARY KEY (code_sha256), CHECK ((device IS NULL) = (used_ms IS NULL)),
    FOREIGN KEY (unit) REFERENCES unit (code), UNIQUE (device), FOREIGN KEY (device) REFERENCES device (id));
CREATE TABLE alert_year (year INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (year));
CREATE TABLE alert (
    id TEXT NOT NULL, number TEXT NOT NULL, platform TEXT NOT NULL, reference TEXT NOT NULL, status TEXT NOT NULL,
    priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 4), why TEXT NOT NULL, route TEXT NOT NULL,
    route_words TEXT NOT NULL, state TEXT NOT NULL, created_ms BIGINT NOT NULL,
    PRIMARY KEY (id), UNIQUE (platform, reference), UNIQUE (number));
CREATE TABLE intake (
    id {serial} NOT NULL, source TEXT NOT NULL, raw {bytes} NOT NULL,
    sha256 {bytes} NOT NULL CHECK (length(sha256) = 32), received_ms BIGINT NOT NULL,
    outcome TEXT CHECK (outcome IN ('alert', 'update', 'repeat', 'draft')), alert TEXT, content_sha256 {bytes},
    reason TEXT,
    PRIMARY KEY (id), UNIQUE (source, sha256),
    CHECK ((outcome IS NULL OR outcome = 'draft') = (alert IS NULL)),
    CHECK ((outcome = 'draft') = (reason IS NOT NULL) OR outcome IS NULL),
    FOREIGN KEY (alert) REFERENCES alert (id));
CREATE INDEX intake_of_alert ON intake (alert);
CREATE INDEX intake_waiting ON intake (id) WHERE outcome IS NULL;
CREATE TABLE assignment (
    alert TEXT NOT NULL, unit TEXT NOT NULL, gen INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('responsible', 'informed')),
    PRIMARY KEY (alert, unit),
    FOREIGN KEY (alert) REFERENCES alert (id), FOREIGN KEY (unit) REFERENCES unit (code));
CREATE UNIQUE INDEX one_responsible_unit ON assignment (alert) WHERE state = 'responsible';
CREATE TABLE feed_head (
    unit TEXT NOT NULL, number BIGINT NOT NULL CHECK (number >= 0),
    hash {bytes} NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (unit), FOREIGN KEY (unit) REFERENCES unit (code));
CREATE TABLE feed_event (
    unit TEXT NOT NULL, number BIGINT NOT NULL CHECK (number >= 1),
    hash {bytes} NOT NULL CHECK (length(hash) = 32), kind TEXT NOT NULL, alert TEXT, body {bytes} NOT NULL,
    PRIMARY KEY (unit, number),
    FOREIGN KEY (unit) REFERENCES feed_head (unit), FOREIGN KEY (alert) REFERENCES alert (id));
CREATE TABLE device_log (
    device TEXT NOT NULL, incarnation INTEGER NOT NULL, number BIGINT NOT NULL CHECK (number >= 1), entry_id TEXT,
    hash {bytes} NOT NULL CHECK (length(hash) = 32), body {bytes} NOT NULL, signature {bytes},
    outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'refused')), why TEXT, received_ms BIGINT NOT NULL,
    PRIMARY KEY (device, incarnation, number), CHECK ((outcome = 'refused') = (why IS NOT NULL)),
    FOREIGN KEY (device) REFERENCES device (id), UNIQUE (entry_id));
CREATE TABLE receipt (
    device TEXT NOT NULL, unit TEXT NOT NULL, upto BIGINT NOT NULL,
    hash {bytes} NOT NULL CHECK (length(hash) = 32), at_ms BIGINT NOT NULL,
    PRIMARY KEY (device, unit), FOREIGN KEY (unit, upto) REFERENCES feed_event (unit, number),
    FOREIGN KEY (device) REFERENCES device (id));
"""

# What devices say of themselves, what they are ordered to do, and what a restored Kota got back from them.
SECOND = """
CREATE TABLE heartbeat (
    device TEXT NOT NULL, body TEXT NOT NULL, at_ms BIGINT NOT NULL,
    PRIMARY KEY (device), FOREIGN KEY (device) REFERENCES device (id));
CREATE TABLE command (
    id TEXT NOT NULL, device TEXT NOT NULL, kind TEXT NOT NULL, given_ms BIGINT NOT NULL,
    result TEXT CHECK (result IN ('done', 'unverified', 'unknown')), answered_ms BIGINT,
    PRIMARY KEY (id), CHECK ((result IS NULL) = (answered_ms IS NULL)),
    FOREIGN KEY (device) REFERENCES device (id));
CREATE INDEX command_of_device ON command (device);
CREATE TABLE adopted_entry (entry_id TEXT NOT NULL, PRIMARY KEY (entry_id));
"""

STEPS = (FIRST, SECOND)
VERSION = len(STEPS)


def statements(version: int, **types: str) -> list[str]:
    """What leads from ``version`` to `VERSION`, in order; ``types`` names the types of the database.

    No statement contains a semicolon of its own.
    """
    text = ";".join(step.format(**types) for step in STEPS[version:])
    return [statement.strip() for statement in text.split(";") if statement.strip()]
