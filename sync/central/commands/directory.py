"""``unit``, ``officer``, ``device`` and ``enrol-code``: who takes part."""

import getpass
import sys
from pathlib import Path

import msgspec

from sync.case.unit import Officer
from sync.central import enrolment, home, officers
from sync.central.commands.answer import AddCommand, Answer, Asked, table
from sync.central.store import devices, directory
from sync.words import SpokenError, mark

MINUTE_MS = 60_000
DEFAULT_VALID_MINUTES = 24 * 60
LONGEST_VALID_MINUTES = 30 * 24 * 60

CODE_MADE = mark("One-time code for one PC of {unit}: {code} (good for {minutes} minutes)")
FILE_MADE = mark(
    "Enrolment file for one PC of {unit}: {file} (good for {minutes} minutes). Delete it after use."
)
OFFICER_ADDED = mark("Officer {officer} can sign in at {unit} as soon as its desks have been in contact.")
OFFICER_REMOVED = mark(
    "Officer {officer} can no longer sign in at {unit} once its desks have been in contact."
)
DEVICE_REVOKED = mark("Device {device} is struck off; Kota gives it nothing any more.")


class FileNotWrittenError(SpokenError):
    """The enrolment file could not be made."""

    sentence = mark(
        "The file {file} cannot be written ({reason}); choose another name or folder with --file."
    )


class PasswordFileError(SpokenError):
    """The file with the password could not be read."""

    sentence = mark("The password file {file} cannot be read ({reason}); check its name and try again.")


def minutes(text: str) -> int:
    """An argument that is a number of minutes a code may last. Raises ``ValueError``."""
    count = int(text)
    if not 1 <= count <= LONGEST_VALID_MINUTES:
        raise ValueError(text)
    return count


def add_to(add: AddCommand) -> None:
    """Add these commands."""
    add("unit list", "show every unit", unit_list)
    command = add("officer add", "let an officer sign in, or change name or password", officer_add)
    command.add_argument("--unit", required=True)
    command.add_argument("--id", required=True)
    command.add_argument("--name", required=True)
    command.add_argument(
        "--password-file", type=Path, help="else the password is asked for, or read from stdin"
    )
    command = add("officer remove", "let an officer sign in no more", officer_remove)
    command.add_argument("--unit", required=True)
    command.add_argument("--id", required=True)
    add("officer list", "show every officer", officer_list)
    add("device list", "show every enrolled PC", device_list)
    command = add("device revoke", "strike a PC off", device_revoke)
    command.add_argument("--device", required=True)
    command = add("enrol-code", "make a one-time code that enrols one PC", enrol_code)
    command.add_argument("--unit", required=True)
    command.add_argument("--valid-minutes", type=minutes, default=DEFAULT_VALID_MINUTES)
    command.add_argument(
        "--file", type=Path, help="write address, certificate and code to a new file, for a USB stick"
    )


def unit_list(asked: Asked) -> Answer:
    """Every unit."""
    with asked.home.store() as store:
        units = list(store.read_now(directory.units).values())
    facts = {"units": msgspec.to_builtins(units)}
    return Answer(
        facts, lambda _: table([[unit.code, unit.kind, unit.name_en, unit.name_hi] for unit in units])
    )


def officer_add(asked: Asked) -> Answer:
    """Add or change an officer."""
    options = asked.options
    officer = Officer(options.id, options.name)
    with asked.home.store() as store:
        # Everything that can be wrong but the password is wrong before it is asked for.
        store.read_now(lambda c: officers.check(c, options.unit, officer))
        proof = officers.verifier(_password(options.password_file))
        store.write_now(lambda c: officers.add(c, asked.world, options.unit, officer, proof))
    facts = {"unit": options.unit, "officer": officer.id}
    return Answer(facts, lambda words: [words.text(OFFICER_ADDED, **facts)])


def officer_remove(asked: Asked) -> Answer:
    """Remove an officer."""
    facts = {"unit": asked.options.unit, "officer": asked.options.id}
    with asked.home.store() as store:
        store.write_now(lambda c: officers.remove(c, asked.world, facts["unit"], facts["officer"]))
    return Answer(facts, lambda words: [words.text(OFFICER_REMOVED, **facts)])


def officer_list(asked: Asked) -> Answer:
    """Every officer who may sign in."""
    with asked.home.store() as store:
        rows = [row for row in store.read_now(directory.officers) if row.removed_ms is None]
    facts = {"officers": [{"id": row.id, "unit": row.unit, "name": row.name} for row in rows]}
    return Answer(facts, lambda _: table([[row.unit, row.id, row.name] for row in rows]))


def device_list(asked: Asked) -> Answer:
    """Every device."""
    with asked.home.store() as store:
        rows = store.read_now(devices.everyone)
        stored = {row.device: row.upto for row in store.read_now(devices.receipts)}
    facts = [
        {
            "id": row.id,
            "unit": row.unit,
            "name": row.name,
            "enrolled_ms": row.enrolled_ms,
            "revoked": row.revoked_ms is not None,
            "incarnation": row.incarnation,
            "entries": row.last.number,
            "stored": stored.get(row.id, 0),
        }
        for row in rows
    ]
    columns = ("unit", "id", "name", "incarnation", "entries", "stored", "revoked")
    return Answer(
        {"devices": facts},
        lambda _: table([list(columns), *([row[name] for name in columns] for row in facts)]),
    )


def device_revoke(asked: Asked) -> Answer:
    """Strike a device off."""
    facts = {"device": asked.options.device}
    with asked.home.store() as store:
        store.write_now(lambda c: enrolment.revoke(c, facts["device"], asked.world.wall_ms()))
    return Answer(facts, lambda words: [words.text(DEVICE_REVOKED, **facts)])


def enrol_code(asked: Asked) -> Answer:
    """A new one-time code, or a file with all a PC needs."""
    options = asked.options
    expires_ms = asked.world.wall_ms() + options.valid_minutes * MINUTE_MS
    with asked.home.store() as store:
        code = store.write_now(lambda c: enrolment.make_code(c, options.unit, expires_ms, asked.world))
    facts = {"unit": options.unit, "code": code, "expires_ms": expires_ms}
    if options.file is None:
        return Answer(facts, lambda words: [words.text(CODE_MADE, minutes=options.valid_minutes, **facts)])
    _write_enrolment(asked.home, options.file, options.unit, code)
    facts["file"] = str(options.file)
    return Answer(facts, lambda words: [words.text(FILE_MADE, minutes=options.valid_minutes, **facts)])


def _write_enrolment(kota: home.Home, file: Path, unit: str, code: str) -> None:
    content = {
        "server": " ".join(kota.settings().urls()),
        "ca": kota.read(kota.ca_file).decode(),
        "code": code,
        "unit": unit,
    }
    try:
        home.write_private(file, msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    except OSError as error:
        raise FileNotWrittenError(file=file, reason=error.strerror) from error


def password_in(file: Path) -> str:
    """The password in ``file``. Raises `PasswordFileError`."""
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise PasswordFileError(file=file, reason=reason) from error


def _password(file: Path | None) -> str:
    """From the file, a keyboard without echo, or the first line of stdin."""
    if file is not None:
        return password_in(file)
    if sys.stdin.isatty():
        return getpass.getpass()
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise officers.PasswordError from error
