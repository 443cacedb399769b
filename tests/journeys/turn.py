"""One turn of an officer: ``python -m tests.journeys.turn --home DIR --alert NUMBER --note TEXT``.

Records a note on a real desk, says so on standard output as soon as the desk has, and then delivers and fetches
everything, once.
"""

import argparse
import sys
from pathlib import Path

from sync.case.entry import Note
from sync.desk.desk import Desk
from sync.desk.home import Home
from sync.world import Machine
from tests.journeys.scribe import WRITER


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--alert", required=True)
    parser.add_argument("--note", required=True)
    arguments = parser.parse_args()
    desk = Desk.open(Home(arguments.home), Machine())
    alert = desk.find(arguments.alert)
    assert alert is not None
    desk.record(WRITER, alert, Note(arguments.note))
    sys.stdout.write("saved\n")
    sys.stdout.flush()
    desk.sync()
    desk.close()


if __name__ == "__main__":
    main()
