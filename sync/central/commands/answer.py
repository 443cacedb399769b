"""What a command gives back: facts for a program, sentences for a person; never anything of a person in danger."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sync.central.home import Home
from sync.words import Words
from sync.world import World


@dataclass(frozen=True)
class Answer:
    """``facts`` is printed with ``--json``, unless there are none; else the lines ``say`` gives in the reader's language."""

    facts: dict[str, Any]
    say: Callable[[Words], list[str]] = field(default=lambda _: [])


@dataclass(frozen=True)
class Asked:
    """A command line, understood: the options, the folder they name, and the world."""

    options: Namespace
    home: Home
    world: World


Command = Callable[[Asked], Answer]
# Adds a command of that name and one line of help, and says what carries it out.
AddCommand = Callable[[str, str, Command], ArgumentParser]


def table(rows: list[list[object]]) -> list[str]:
    """``rows`` as lines, with columns that stand under each other."""
    cells = [["–" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
