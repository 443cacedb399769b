"""``route``: where a clue points, for people; or a file of clues, a line of JSON each. It reads and changes nothing.

A bad line gets an answer with its ``error``; the lines after it are answered all the same.
"""

from pathlib import Path

import msgspec

from sync import resources
from sync.central.commands.answer import AddCommand, Answer, Asked, table
from sync.central.routing import resolving
from sync.central.routing.clue import Clue, Resolution
from sync.central.routing.resolving import Resolver
from sync.words import SpokenError, Words, mark

SURE = mark("Sure enough to route at once: {district}.")
UNSURE = mark("Not sure: a person at the hub decides.")


class ClueFileError(SpokenError):
    """The file with the clues could not be read."""

    sentence = mark("The file with clues {file} cannot be read ({reason}); check its name and try again.")


class _Line(msgspec.Struct):
    clue: Clue


_decoder = msgspec.json.Decoder(_Line)


def add_to(add: AddCommand) -> None:
    """Add this command."""
    command = add("route", "explain which district a clue points to, and how surely", route)
    command.add_argument(
        "--batch", type=Path, help="a file with one JSON clue a line; answers a line for each"
    )
    for name in ("lat", "lon", "accuracy-m"):
        command.add_argument(f"--{name}", type=float)
    for name in ("place-text", "profile-city", "content-text", "pin", "phone"):
        command.add_argument(f"--{name}")


def route(asked: Asked) -> Answer:
    """One clue explained, or a file of them answered in order."""
    resolver = resolving.load(resources.path("data"))
    if asked.options.batch is not None:
        # Answers are JSON a line in any case; one object around them would be another format.
        asked.options.json = False
        lines = [_line(resolver, line) for line in _read(asked.options.batch)]
        return Answer({}, lambda _: lines)
    clue = Clue(**{name: getattr(asked.options, name) for name in Clue.__struct_fields__})
    resolution = resolver.resolve(clue)
    return Answer(msgspec.to_builtins(resolution), lambda words: _explained(resolution, words))


def _explained(resolution: Resolution, words: Words) -> list[str]:
    verdict = words.text(SURE, district=resolution.auto) if resolution.auto else words.text(UNSURE)
    rows: list[list[object]] = [
        [one.district, f"{one.score:.2f}", one.evidence] for one in resolution.candidates
    ]
    return [verdict, *(table(rows) if rows else [])]


def _read(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().splitlines()
    except OSError as error:
        raise ClueFileError(file=str(file), reason=error.strerror) from error


def _line(resolver: Resolver, line: bytes) -> str:
    try:
        clue = _decoder.decode(line).clue
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return msgspec.json.encode({"auto": None, "candidates": [], "error": str(error)}).decode()
    return msgspec.json.encode(resolver.resolve(clue)).decode()
