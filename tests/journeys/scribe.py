"""An officer who writes without pause: ``python -m tests.journeys.scribe --home DIR --alert NUMBER --first N``.

Records numbered notes on a real desk with its link loops running, and says each number on standard output as soon as
the desk has said it is saved, and not before. It never ends by itself: it is there to be killed.
"""

import argparse
import itertools
import sys
from pathlib import Path

from sync.case.entry import Note
from sync.case.unit import Officer
from sync.desk.desk import Desk
from sync.desk.home import Home
from sync.world import Machine

WRITER = Officer("jjn-01", "मीना शर्मा")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--alert", required=True)
    parser.add_argument("--first", type=int, required=True)
    arguments = parser.parse_args()
    desk = Desk.open(Home(arguments.home), Machine())
    desk.start(lambda changed: None)
    alert = desk.find(arguments.alert)
    assert alert is not None
    for number in itertools.count(arguments.first):
        desk.record(WRITER, alert, Note(f"note {number}"))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
