"""The desk without a window: ``kota-desk COMMAND``.

A failure that a person can act on is one sentence in their language on stderr and exit code 1 (with ``--json`` also
an object on stdout); a command line that makes no sense is exit code 2. Secrets come from files or the terminal,
never from arguments.
"""

import argparse
import getpass
import logging
import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import msgspec

from sync import pace
from sync.desk import commands
from sync.desk.commands import Answer, Asked, Command
from sync.desk.home import PASSPHRASE_VARIABLE, Home, passphrase_in_file
from sync.words import SpokenError, Tongue, Words, mark, tongue_of_environment
from sync.world import Machine

PASSPHRASE_PROMPT = mark("Passphrase of this PC:")

_COMMANDS: dict[str, tuple[Command, str]] = {
    "enrol": (commands.enrol, "make this PC a desk of its unit, once, with a code from Kota"),
    "sync": (commands.sync, "deliver and fetch all there is, then end"),
    "record": (commands.record, "save what an officer did on an alert"),
    "status": (commands.status, "what waits for delivery; asks nobody"),
    "alerts": (commands.alerts, "the queue"),
    "show": (commands.show, "one alert with everything that happened on it"),
    "backups": (
        commands.backups,
        "the copies of the database on this PC; they are read only if it is damaged",
    ),
    "audit": (commands.audit, "prove that nothing here was changed or lost"),
}
COMMANDS = tuple(_COMMANDS)


def main(argv: list[str] | None = None) -> int:
    """Carry out one command line; returns the exit code."""
    pace.answer_at_once()
    parser = ArgumentParser(prog="kota-desk", description="The desk of a control room.")
    add_options(parser)
    add_commands(parser.add_subparsers(required=True, metavar="COMMAND", dest="command"))
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    return carry_out(options)


def add_options(parser: ArgumentParser) -> None:
    """What holds for every command."""
    parser.add_argument("--home", type=Path, help="the folder of this desk (default: KOTA_DESK_HOME)")
    parser.add_argument("--language", choices=list(Tongue), default=tongue_of_environment(), type=Tongue)
    parser.set_defaults(json=False)


def add_commands(subparsers: "argparse._SubParsersAction[ArgumentParser]") -> None:
    """Add every command of the desk to ``subparsers``."""
    made = {}
    for name, (command, text) in _COMMANDS.items():
        made[name] = subparsers.add_parser(name, help=text, description=text)
        made[name].set_defaults(command=command)
        _add_json(made[name])
    enrol = made["enrol"]
    enrol.add_argument("--file", type=Path, help="the enrolment file from Kota; or all of:")
    enrol.add_argument("--server", metavar="URL", help="several in quotes, the first to be tried first")
    enrol.add_argument("--ca", type=Path, help="the certificate of Kota's authority")
    enrol.add_argument("--code")
    enrol.add_argument("--name", help="what Kota calls this PC (default: its network name)")
    made["sync"].add_argument("--once", action="store_true", help="the default; said for clarity in scripts")
    made["backups"].add_argument("--make", action="store_true", help="make one now")
    made["show"].add_argument("--alert", metavar="NUMBER", required=True)
    _add_kinds(made["record"])


def _add_kinds(record: ArgumentParser) -> None:
    record.add_argument("--officer", metavar="ID", required=True)
    record.add_argument("--password-file", metavar="FILE", required=True, help="- for standard input")
    record.add_argument("--alert", metavar="NUMBER", required=True)
    kinds = record.add_subparsers(required=True, metavar="KIND", dest="kind")
    note = kinds.add_parser("note", help="free text")
    text = note.add_mutually_exclusive_group(required=True)
    text.add_argument("--text")
    text.add_argument("--text-file", metavar="FILE", help="- for standard input")
    dispatch = kinds.add_parser("dispatch", help="a team has been sent")
    dispatch.add_argument("--team", required=True)
    dispatch.add_argument("--place", default="")
    for kind in (kinds.add_parser("acknowledge", help="the alert is seen and taken up"), note, dispatch):
        _add_json(kind)


def _add_json(parser: ArgumentParser) -> None:
    # Suppressed, so that the word may stand after the innermost command without undoing itself.
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="answer with one JSON object"
    )


def carry_out(options: Namespace) -> int:
    """Carry out a parsed command; returns the exit code."""
    words = Words(options.language)
    home = Home.find(options.home, lambda: _passphrase(words))
    command: Command = options.command
    try:
        answer = command(Asked(home, Machine(), options))
    except SpokenError as error:
        return _fail(error, options, words)
    except KeyboardInterrupt:
        return 130
    _show(answer, options, words)
    return 0


def _passphrase(words: Words) -> str:
    if PASSPHRASE_VARIABLE not in os.environ and sys.stdin.isatty():
        return getpass.getpass(words.text(PASSPHRASE_PROMPT) + " ")
    return passphrase_in_file()


def _show(answer: Answer, options: Namespace, words: Words) -> None:
    if options.json:
        print(msgspec.json.encode(answer.facts).decode())
        return
    for line in answer.say(words):
        print(line)


def _fail(error: SpokenError, options: Namespace, words: Words) -> int:
    sentence = error.say(words)
    print(sentence, file=sys.stderr)
    if options.json:
        print(msgspec.json.encode({"error": type(error).__name__, "message": sentence}).decode())
    return 1


if __name__ == "__main__":
    sys.exit(main())
