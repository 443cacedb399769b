"""Messages as they came in: the raw bytes first, what became of them later."""

from enum import StrEnum

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, select, update

from sync.central.store.tables import intake


class IntakeOutcome(StrEnum):
    """What became of a message."""

    ALERT = "alert"
    UPDATE = "update"
    REPEAT = "repeat"
    DRAFT = "draft"


class Message(Struct, frozen=True, kw_only=True):
    """One message as it came in."""

    id: int
    raw: bytes
    sha256: bytes
    received_ms: int


class Settlement(Struct, frozen=True):
    """What became of a message: ``alert`` for all but a draft, which has a ``reason`` instead."""

    outcome: IntakeOutcome
    alert: str | None = None
    content_sha256: bytes | None = None
    reason: str | None = None


def keep(
    connection: Connection, source: str, raw: bytes, sha256: bytes, received_ms: int
) -> tuple[Message, bool]:
    """Store ``raw`` unless these very bytes are there already; the stored message, and whether it was there."""
    held = connection.execute(_SAME, {"source": source, "sha256": sha256}).one_or_none()
    if held is not None:
        return Message(id=held.id, raw=raw, sha256=sha256, received_ms=held.received_ms), True
    row = {"source": source, "raw": raw, "sha256": sha256, "received_ms": received_ms}
    added = connection.execute(_KEEP, row).scalar_one()
    return Message(id=added, raw=raw, sha256=sha256, received_ms=received_ms), False


_SAME = select(intake.c.id, intake.c.received_ms).where(
    (intake.c.source == bindparam("source")) & (intake.c.sha256 == bindparam("sha256"))
)
_KEEP = intake.insert().returning(intake.c.id)


def waiting(connection: Connection) -> list[Message]:
    """The messages nobody has dealt with yet, oldest first."""
    rows = connection.execute(select(intake).where(intake.c.outcome.is_(None)).order_by(intake.c.id))
    return [Message(id=row.id, raw=row.raw, sha256=row.sha256, received_ms=row.received_ms) for row in rows]


def outcome_of(connection: Connection, message: int) -> Settlement | None:
    """What became of a message; None while it waits, and then nobody else can settle it before the commit."""
    row = connection.execute(_OUTCOME, {"id": message}).one()
    if row.outcome is None:
        return None
    return Settlement(IntakeOutcome(row.outcome), row.alert, row.content_sha256, row.reason)


_OUTCOME = select(intake).where(intake.c.id == bindparam("id")).with_for_update(key_share=True)


def settle(connection: Connection, message: int, settlement: Settlement) -> Settlement:
    """The message has been dealt with."""
    connection.execute(_SETTLE, {"id_": message, **msgspec.structs.asdict(settlement)})
    return settlement


_SETTLE = update(intake).where(intake.c.id == bindparam("id_"))


def has_content(connection: Connection, alert: str, content_sha256: bytes) -> bool:
    """Whether a message that said the same has already been taken into ``alert``."""
    said = {"alert": alert, "content": content_sha256}
    return connection.execute(_SAID, said).first() is not None


_SAID = select(intake.c.id).where(
    (intake.c.alert == bindparam("alert")) & (intake.c.content_sha256 == bindparam("content"))
)


def counts(connection: Connection) -> dict[str, int]:
    """How many messages had each outcome; ``waiting`` for none yet."""
    rows = connection.execute(select(intake.c.outcome, func.count()).group_by(intake.c.outcome))
    return {outcome or "waiting": count for outcome, count in rows}
