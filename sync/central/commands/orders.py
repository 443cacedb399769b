"""``device wipe``, ``resnapshot``, ``new-incarnation`` and ``health``: what PCs are told to do, and what they say."""

from typing import Any

import msgspec

from sync.central import heartbeats
from sync.central.commands.answer import AddCommand, Answer, Asked, Command, table
from sync.central.store import devices
from sync.central.store import heartbeats as stored
from sync.wire.heartbeat import CommandKind
from sync.words import mark

SENTENCE = {
    CommandKind.WIPE: mark(
        "Device {device} is struck off and will destroy its alerts at its next contact, also what it has not "
        "delivered; kota-central device health shows when it did."
    ),
    CommandKind.RESNAPSHOT: mark("Device {device} will take its alerts anew at its next contact."),
    CommandKind.NEW_INCARNATION: mark(
        "Device {device} will begin a new log at its next contact and send all that Kota does not have."
    ),
}
HELP = {
    CommandKind.WIPE: "strike a PC off and have it destroy everything it has",
    CommandKind.RESNAPSHOT: "have a PC take all its alerts anew",
    CommandKind.NEW_INCARNATION: "have a PC begin a new log",
}


def add_to(add: AddCommand) -> None:
    """Add these commands."""
    for kind in CommandKind:
        command = add(f"device {kind.replace('_', '-')}", HELP[kind], _ordering(kind))
        command.add_argument("--device", required=True)
    add("device health", "show what every PC said of itself last, and what it was ordered to do", health)


def _ordering(kind: CommandKind) -> Command:
    def order(asked: Asked) -> Answer:
        device = asked.options.device
        with asked.home.store() as store:
            command = store.write_now(lambda c: heartbeats.order(c, asked.world, device, kind))
        facts = {"device": device, "command": command, "kind": kind}
        return Answer(facts, lambda words: [words.text(SENTENCE[kind], device=device)])

    return order


def health(asked: Asked) -> Answer:
    """The last heartbeat of each device, and every command with its answer."""
    with asked.home.store() as store:
        everyone = store.read_now(devices.everyone)
        last = store.read_now(stored.last)
        commands = store.read_now(stored.commands)
    facts: list[dict[str, Any]] = []
    for device in everyone:
        row = last.get(device.id)
        facts.append(
            {
                "id": device.id,
                "unit": device.unit,
                "name": device.name,
                "heard_ms": row.at_ms if row else None,
                "said": msgspec.to_builtins(row.said) if row else None,
                "commands": [msgspec.to_builtins(one) for one in commands if one.device == device.id],
            }
        )
    return Answer({"devices": facts}, lambda _: table([COLUMNS, *map(_line, facts)]))


COLUMNS: list[object] = ["unit", "id", "name", "heard_ms", "app", "feed", "waiting", "refused", "commands"]


def _line(fact: dict[str, Any]) -> list[object]:
    said = fact["said"] or {}
    commands = " ".join(f"{one['kind']}:{one['result'] or 'given'}" for one in fact["commands"])
    return [
        *(fact[name] for name in ("unit", "id", "name", "heard_ms")),
        *(said.get(name) for name in ("app", "feed", "waiting", "refused")),
        commands or None,
    ]
