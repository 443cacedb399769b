"""Run seeds: ``python -m tests.simulation --seeds N --from S``, or one of them in full: ``--replay S``.

Ends with ``N seeds, 0 violations`` and the rate; a failing seed is shrunk and told first.
"""

import argparse
import os
import sys
import time

from tests.simulation.run import many, seed
from tests.simulation.shrink import say, shrink


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="start", help="the first one")
    parser.add_argument("--replay", type=int, help="one seed, shrunk if it fails, with its history")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args(arguments)
    if chosen.replay is not None:
        return _replay(chosen.replay)
    return _many(range(chosen.start, chosen.start + chosen.seeds), chosen.workers)


def _replay(number: int) -> int:
    outcome = seed(number)
    sys.stdout.write(say(shrink(outcome) if outcome.violations else outcome) + "\n")
    return bool(outcome.violations)


def _many(numbers: range, workers: int) -> int:
    began = time.monotonic()
    failed = [outcome for outcome in many(numbers, workers) if outcome.violations]
    rate = len(numbers) / (time.monotonic() - began) * 60
    for outcome in failed[:3]:
        sys.stdout.write(say(shrink(outcome)) + "\n\n")
    seeds = " ".join(str(outcome.plan.seed) for outcome in failed)
    sys.stdout.write(f"{len(numbers)} seeds, {len(failed)} violations{': ' + seeds if seeds else ''}\n")
    sys.stdout.write(f"{rate:.0f} seeds a minute with {workers} workers\n")
    return bool(failed)


if __name__ == "__main__":
    # Sets of strings come in an order of this process's own; a replay elsewhere must see the same one.
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])  # itself
    sys.exit(main(sys.argv[1:]))
