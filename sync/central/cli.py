"""The command ``kota-central``.

A failure that a person can act on is one sentence in their language on stderr and exit code 1 (with ``--json`` also
an object on stdout); a command line that makes no sense is exit code 2. It must never show a stack trace for
foreseeable input.
"""

import logging
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import msgspec

from sync import pace
from sync.central.commands import directory, look, orders, restore, route, secret, setup, snapshot
from sync.central.commands.answer import Answer, Asked, Command
from sync.central.home import Home, folder_of_machine
from sync.central.store.database import StoreFailedError
from sync.words import SpokenError, Tongue, Words, mark, tongue_of_environment
from sync.world import Machine

LISTENING = mark("Kota is listening at {url}")


class StoreBusyError(SpokenError):
    """Another program holds the database, or the disk is full."""

    sentence = mark("The database cannot be used just now; check that the disk is not full, then try again.")


def main(argv: list[str] | None = None) -> int:
    """Carry out one command line; returns the exit code."""
    pace.answer_at_once()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Hindi and JSON are UTF-8, whatever code page a pipe on Windows starts with.
            stream.reconfigure(encoding="utf-8")
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    options.listening = lambda url: _show(Answer({"listening": url}, _listening(url)), options)
    try:
        answer = _carry_out(options)
    except SpokenError as error:
        return _fail(error, options)
    except KeyboardInterrupt:
        return 0 if options.command is setup.serve else 130
    _show(answer, options)
    return 0


def _carry_out(options: Namespace) -> Answer:
    command: Command = options.command
    try:
        return command(Asked(options, Home(options.home or folder_of_machine()), Machine()))
    except StoreFailedError as error:
        if isinstance(error, SpokenError):
            raise
        raise StoreBusyError from error


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="kota-central", description="Kota's end of the alert desk.")
    parser.add_argument("--home", type=Path, help="the folder of this Kota (default: KOTA_CENTRAL_HOME)")
    parser.add_argument("--language", choices=list(Tongue), default=tongue_of_environment(), type=Tongue)
    places: dict[str, Any] = {"": parser.add_subparsers(required=True, metavar="COMMAND")}

    def add(name: str, text: str, command: Command) -> ArgumentParser:
        first, _, second = name.rpartition(" ")
        if first not in places:
            theme = places[""].add_parser(first, help=f"{first} …")
            places[first] = theme.add_subparsers(required=True, metavar="COMMAND")
        one: ArgumentParser = places[first].add_parser(second, help=text, description=text)
        one.add_argument("--json", action="store_true", help="answer with one JSON object")
        one.set_defaults(command=command)
        return one

    for theme in (setup, directory, orders, look, route, restore, secret, snapshot):
        theme.add_to(add)
    return parser


def _listening(url: str) -> Callable[[Words], list[str]]:
    return lambda words: [words.text(LISTENING, url=url)]


def _show(answer: Answer, options: Namespace) -> None:
    if options.json:
        if answer.facts:
            print(msgspec.json.encode(answer.facts).decode(), flush=True)
        return
    for line in answer.say(Words(options.language)):
        print(line, flush=True)


def _fail(error: SpokenError, options: Namespace) -> int:
    sentence = error.say(Words(options.language))
    print(sentence, file=sys.stderr)
    if options.json:
        facts = {"error": type(error).__name__, "message": sentence}
        print(msgspec.json.encode(facts).decode(), flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
