"""An officer in a process of its own, to be killed: saves entries and drafts, and says what was said to be saved.

python -m tests.sync.desk.officer FOLDER ALERT NAME
"""

import sys
from pathlib import Path

from sync.case.entry import Note
from sync.desk.desk import Desk
from sync.world import Machine
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import MEENA


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    folder, alert, name = sys.argv[1:]
    site = Site(Path(folder))
    desk = Desk(site.database, site.who, Machine())
    number = 0
    while True:
        number += 1
        desk.keep_draft(MEENA.id, alert, f"{name} {number}")
        say(f"draft {name} {number}")
        saved = desk.record(MEENA, alert, Note(f"{name} {number}"))
        say(f"entry {saved.entry_id}")


if __name__ == "__main__":
    main()
