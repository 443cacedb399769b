"""Times, memory and the lines of JSON in which they are told."""

import json
import os
import re
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

now = time.perf_counter


def settle() -> None:
    """Write out what earlier work left in memory, so that nobody pays for others."""
    os.sync()
    time.sleep(0.3)


def part(values: Sequence[float], percent: int) -> float:
    """The value that ``percent`` of ``values`` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round((len(ordered) - 1) * percent / 100))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def private_kib(pid: int) -> int:
    """The memory only this process has."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return sum(int(kib) for kib in re.findall(r"^Anonymous:\s+(\d+)", rollup, re.MULTILINE))


def tell(workload: str, n: int, metric: str, unit: str, *, value: float, bound: float | None) -> None:
    """Print one figure; ``bound`` is the same figure of the bare bound, in the same run."""
    line = {
        "workload": workload,
        "n": n,
        "metric": metric,
        "value": round(value, 4),
        "unit": unit,
        "ratio_to_bound": None if bound is None else round(value / bound, 2),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
