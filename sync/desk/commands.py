"""What each command of ``kota-desk`` does: the facts for a program, a few sentences for a person."""

import platform
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sync.case.entry import Acknowledgement, Dispatch, EntryData, Note
from sync.desk import enrolment, errors, salvage
from sync.desk.desk import Desk
from sync.desk.enrolment import Invitation
from sync.desk.home import Home
from sync.desk.projection import TimelineLine
from sync.words import Words, mark
from sync.world import World

ENROLLED = mark("This PC is now a desk of {unit}.")
IN_STEP = mark("Everything is delivered, and everything Kota has for this desk is here.")
SAVED = mark("Saved here, on alert {alert}.")
WAITING = mark("Entries saved here, not yet at Kota: {waiting}")
REFUSED = mark("Entries that Kota refused: {refused}")
BACKUP = mark("{file}, made {made}, {kib} KiB")
NO_BACKUP = mark("There is no backup of the alerts on this PC yet.")
WHOLE = mark("Nothing was changed or lost: {feed} events from Kota and {log} entries of this PC are whole.")


class Answer(Struct, frozen=True):
    """``facts`` is printed with ``--json``, else the lines ``say`` gives in the reader's language."""

    facts: dict[str, Any]
    say: Callable[[Words], list[str]]


class Asked(Struct, frozen=True):
    """A command line, understood."""

    home: Home
    world: World
    options: Namespace


Command = Callable[[Asked], Answer]


@contextmanager
def _desk(asked: Asked) -> Iterator[Desk]:
    desk = Desk.open(asked.home, asked.world)
    try:
        yield desk
    finally:
        desk.close()


def enrol(asked: Asked) -> Answer:
    """Make this PC a desk."""
    options = asked.options
    invitation = _invitation(options)
    enrolment.enrol(asked.home, invitation, asked.world, options.name or platform.node())
    with _desk(asked) as desk:
        facts = {"unit": desk.unit.code, "device": desk.device, "server": desk.server}
    return Answer(facts, lambda words: [words.text(ENROLLED, unit=facts["unit"])])


def sync(asked: Asked) -> Answer:
    """One full round."""
    with _desk(asked) as desk:
        desk.sync()
        facts = _status(desk)
    return Answer(facts, lambda words: [words.text(IN_STEP)])


def record(asked: Asked) -> Answer:
    """Save an entry, as the officer who proves to be one."""
    options = asked.options
    data = _data(options)
    with _desk(asked) as desk:
        officer = desk.sign_in(options.officer, _text(options.password_file).split("\n", 1)[0])
        line = desk.record(officer, _alert(desk, options.alert), data)
    facts = {"alert": options.alert, **_line(line)}
    return Answer(facts, lambda words: [words.text(SAVED, alert=options.alert)])


def status(asked: Asked) -> Answer:
    """What is known without asking anybody."""
    with _desk(asked) as desk:
        facts = _status(desk)
        salvaged = desk.salvaged()

    def say(words: Words) -> list[str]:
        told = [] if salvaged is None else salvage.say(salvaged, words)
        return [*told, words.text(WAITING, **facts), words.text(REFUSED, **facts)]

    return Answer({**facts, "salvaged": msgspec.to_builtins(salvaged)}, say)


def alerts(asked: Asked) -> Answer:
    """The queue."""
    with _desk(asked) as desk:
        rows = desk.queue(desk.queue_rows())
    lines = [
        f"{row.number}  P{row.judgement.priority}  {row.state.stage.name.lower()}  {row.place}"
        for row in rows
    ]
    return Answer({"alerts": msgspec.to_builtins(rows)}, lambda _: lines)


def show(asked: Asked) -> Answer:
    """One alert."""
    with _desk(asked) as desk:
        case = desk.case(_alert(desk, asked.options.alert))
    if case is None:
        raise errors.UnknownAlertError(alert=asked.options.alert)
    timeline = [_line(line) for line in case.timeline]
    facts = {**msgspec.to_builtins(case), "timeline": timeline}
    lines = [f"{line['officer']['name']}  {line['kind']}  {line['delivery']}" for line in timeline]
    return Answer(facts, lambda _: [case.row.number, *lines])


def backups(asked: Asked) -> Answer:
    """The copies there are, and one more if asked for."""
    with _desk(asked) as desk:
        made = desk.back_up() if asked.options.make else None
        if asked.options.make and made is None:
            raise errors.NoRoomForBackupError
        kept = desk.backups()
    facts = {"backups": [{"file": str(one.file), "made_ms": one.made_ms, "bytes": one.bytes} for one in kept]}

    def say(words: Words) -> list[str]:
        lines = [
            words.text(BACKUP, file=one.file.name, made=_local(asked, one.made_ms), kib=one.bytes // 1024)
            for one in kept
        ]
        return lines or [words.text(NO_BACKUP)]

    return Answer(facts, say)


def audit(asked: Asked) -> Answer:
    """Both chains."""
    with _desk(asked) as desk:
        proven = desk.audit()
    facts = {
        name: {"number": head.number, "head": head.hash.hex()}
        for name, head in (("feed", proven.feed), ("log", proven.log))
    }
    return Answer(facts, lambda words: [words.text(WHOLE, feed=proven.feed.number, log=proven.log.number)])


def _local(asked: Asked, wall_ms: int) -> str:
    zone = timezone(timedelta(minutes=asked.world.offset_min()))
    return datetime.fromtimestamp(wall_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")


# ---- from options, and to facts -------------------------------------------------------------------------------


def _invitation(options: Namespace) -> Invitation:
    if options.file is not None:
        return enrolment.read_invitation(options.file)
    if not (options.server and options.ca and options.code):
        raise errors.InvitationMissingError
    return Invitation(server=options.server, ca=_text(str(options.ca)), code=options.code)


def _data(options: Namespace) -> EntryData:
    match options.kind:
        case "note":
            return Note(_text(options.text_file) if options.text is None else options.text)
        case "dispatch":
            return Dispatch(options.team, options.place)
        case _:
            return Acknowledgement()


def _text(file: str) -> str:
    """What stands in ``file``, ``-`` for standard input, without the newline at its end."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise errors.FileUnreadableError(file=file) from error
    return text.removesuffix("\n")


def _alert(desk: Desk, number: str) -> str:
    found = desk.find(number)
    if found is None:
        raise errors.UnknownAlertError(alert=number)
    return found


def _status(desk: Desk) -> dict[str, Any]:
    who = {"device": desk.device, "incarnation": desk.incarnation(), "server": desk.server}
    return {**msgspec.to_builtins(desk.status()), **who}


def _line(line: TimelineLine) -> dict[str, Any]:
    """A timeline line as scripts see it: the kind beside the data, also where the kind is unknown."""
    facts: dict[str, Any] = msgspec.to_builtins(line)
    data: dict[str, Any] = facts.pop("data") or {}
    return {"id": facts.pop("entry_id"), "kind": data.pop("kind", None), "data": data, **facts}
