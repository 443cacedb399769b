"""The figures of the resolver on the labelled clues: ``python -m tests.sync.central.routing.measure``.

Even lines of the file were tuned on; odd lines are held out.
"""

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from sync import resources
from sync.central.routing import resolving
from sync.central.routing.clue import Clue, Resolution
from sync.central.routing.resolving import Resolver

LABELLED = Path(__file__).with_name("labelled.jsonl")


def labelled() -> list[dict[str, Any]]:
    """Every labelled clue, in the order of the file."""
    return [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]


def figures(resolver: Resolver, rows: list[dict[str, Any]]) -> dict[str, float]:
    """Shares (0..1) as the targets name them, and the 99th percentile in milliseconds."""
    answers: list[tuple[dict[str, Any], Resolution]] = []
    took: list[float] = []
    for row in rows:
        clue = msgspec.convert(row["clue"], Clue)
        start = perf_counter()
        answers.append((row, resolver.resolve(clue)))
        took.append((perf_counter() - start) * 1000)
    auto = [(row, answer) for row, answer in answers if answer.auto]
    decidable = [(row, answer) for row, answer in answers if row["decidable"]]
    return {
        "clues": len(rows),
        "auto": len(auto),
        "auto_right": sum(answer.auto == row["district"] for row, answer in auto) / len(auto),
        "top": sum(row["district"] in _first(answer, 1) for row, answer in decidable) / len(decidable),
        "top_three": sum(row["district"] in _first(answer, 3) for row, answer in decidable) / len(decidable),
        "auto_of_decidable": sum(answer.auto is not None for _, answer in decidable) / len(decidable),
        "p99_ms": sorted(took)[int(len(took) * 0.99)],
    }


def _first(answer: Resolution, count: int) -> list[str]:
    return [candidate.district for candidate in answer.candidates[:count]]


def main() -> None:
    """Print both halves."""
    resolver = resolving.load(resources.path("data"))
    rows = labelled()
    for name, half in (("tuned", rows[::2]), ("held out", rows[1::2])):
        sys.stdout.write(json.dumps({"half": name, **figures(resolver, half)}) + "\n")


if __name__ == "__main__":
    main()
