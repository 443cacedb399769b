"""``backup``, ``restore`` and ``new-epoch``: so that Kota may lose its disk, and what to do then."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec

from sync.central import backups, rejoining, restoring
from sync.central.commands.answer import AddCommand, Answer, Asked
from sync.central.store import database
from sync.words import Words, mark

MADE = mark("{file} is a whole backup: {events} events and {entries} entries, every chain checked.")
KEYS_ARE_ELSEWHERE = mark(
    "The keys of Kota are not in it: keep a copy of the folder {folder} in a safe place."
)
PLACED = mark("The backup of {made} is in place.")
PLACED_BY_HAND = mark("The backup is in place.")
KEPT = mark("What was there before is kept in {kept}; remove it when you no longer need it.")
CARRIED = mark("PCs struck off since then stay struck off: {count}.")
NOT_CARRIED = mark(
    "The old database could not be read: PCs that were struck off since then are let in again. Look at kota-central "
    "device list and strike them off anew."
)
BEGUN = mark(
    "A new epoch has begun. Start Kota: every desk will find out by itself and give back what the backup lacks."
)


def add_to(add: AddCommand) -> None:
    """Add these commands."""
    command = add("backup", "make a backup of everything, while Kota goes on working", backup)
    command.add_argument("--to", type=Path, help="the folder of the backups, best on another disk")
    command = add("restore", "put a backup in the place of the database, while Kota is stopped", restore)
    command.add_argument("file", type=Path, metavar="FILE")
    add("new-epoch", "begin a new epoch after a database was put in place by other means", new_epoch)


def backup(asked: Asked) -> Answer:
    """A new backup, and all there are."""
    folder = asked.options.to or asked.home.backups
    made, proven = backups.make(asked.home, asked.world, folder)
    facts = {
        "file": str(made.file),
        "made_ms": made.made_ms,
        "bytes": made.bytes,
        "audited": msgspec.to_builtins(proven.audited),
        "backups": [str(one.file) for one in backups.kept(folder)],
    }
    events, entries = proven.audited.events, proven.audited.entries
    return Answer(
        facts,
        lambda words: [
            words.text(MADE, file=made.file, events=events, entries=entries),
            words.text(KEYS_ARE_ELSEWHERE, folder=asked.home.folder),
        ],
    )


def restore(asked: Asked) -> Answer:
    """A backup in place, and what happens next."""
    done = restoring.restore(asked.home, asked.world, asked.options.file)
    made_ms = done.proven.made_ms
    facts = {"epoch": done.epoch, "made_ms": made_ms, "kept": done.kept, "struck_off": done.struck_off}

    def say(words: Words) -> list[str]:
        placed = PLACED_BY_HAND if made_ms is None else PLACED
        lines = [words.text(placed, made="" if made_ms is None else _local(asked, made_ms))]
        if done.kept is not None:
            lines.append(words.text(KEPT, kept=done.kept))
        if done.struck_off is None:
            lines.append(words.text(NOT_CARRIED))
        elif done.struck_off:
            lines.append(words.text(CARRIED, count=done.struck_off))
        return [*lines, words.text(BEGUN)]

    return Answer(facts, say)


def new_epoch(asked: Asked) -> Answer:
    """Begin a new epoch."""
    with database.alone(asked.home.place()) as alone:
        epoch = alone.write(lambda c: rejoining.new_epoch(c, asked.world))
    return Answer({"epoch": epoch}, lambda words: [words.text(BEGUN)])


def _local(asked: Asked, wall_ms: int) -> str:
    zone = timezone(timedelta(minutes=asked.world.offset_min()))
    return datetime.fromtimestamp(wall_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")
