"""``alerts``, ``audit`` and ``status``: how things stand. They read and change nothing."""

import msgspec

from sync.central.audit import audit as audit_all
from sync.central.commands.answer import AddCommand, Answer, Asked, table
from sync.central.store import alerts as stored
from sync.central.store import devices, directory, feeds, intake
from sync.words import mark

WHOLE = mark("All chains hold: {feeds} feeds with {events} events, {logs} logs with {entries} entries.")


def add_to(add: AddCommand) -> None:
    """Add these commands."""
    add("alerts", "show every alert by number, and where it stands", alerts)
    add("audit", "check every feed and every device's log from its first byte", audit)
    add("status", "show what this Kota holds", status)


def alerts(asked: Asked) -> Answer:
    """Every alert; nothing of the person."""
    with asked.home.store() as store:
        rows = store.read_now(stored.everything)
    facts = [
        {
            "number": row.number,
            "status": row.status,
            "unit": row.state.unit,
            "stage": row.state.stage.name.lower(),
            "notes": row.state.notes,
            "received_ms": row.created_ms,
        }
        for row in rows
    ]
    columns = ("number", "status", "unit", "stage", "notes")
    return Answer(
        {"alerts": facts},
        lambda _: table([list(columns), *([row[name] for name in columns] for row in facts)]),
    )


def audit(asked: Asked) -> Answer:
    """Whether every chain holds."""
    with asked.home.store() as store:
        found = msgspec.to_builtins(store.read_now(audit_all))
    return Answer(found, lambda words: [words.text(WHOLE, **found)])


def status(asked: Asked) -> Answer:
    """Counts."""
    with asked.home.store() as store:
        messages = store.read_now(intake.counts)
        facts: dict[str, object] = {
            "url": asked.home.settings().urls()[0],
            "epoch": store.epoch(),
            "units": len(store.read_now(directory.units)),
            "devices": sum(one.revoked_ms is None for one in store.read_now(devices.everyone)),
            "alerts": len(store.read_now(stored.everything)),
            "drafts": messages.get("draft", 0),
            "waiting": messages.get("waiting", 0),
            "feeds": {unit: end for unit, end in store.read_now(feeds.ends).items() if end},
        }
    return Answer(facts, lambda _: table([[name, value] for name, value in facts.items()]))
