"""What was said to be saved is there after kill -9, and two programs on one home never break the chain."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from sync.case.entry import Note
from sync.desk.desk import Desk
from sync.desk.store.database import Database
from tests.sync.desk.conftest import DATABASE_KEY, Site
from tests.sync.desk.model_kota import MEENA


@contextmanager
def officer_process(folder: Path, name: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sync.desk.officer", str(folder), "a", name],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def said_until_killed(process: "subprocess.Popen[str]", after_lines: int) -> list[str]:
    """All it said, killed with -9 after ``after_lines`` lines, wherever it is by then."""
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(after_lines)]
    process.kill()
    # What was in the pipe was said, too; a last line cut in the middle was not.
    said += process.stdout.readlines()
    return [line.strip() for line in said if line.endswith("\n")]


def prepare(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    site.desk.close()


@pytest.mark.parametrize("after_lines", [1, 2, 13, 40])
def test_all_that_was_said_to_be_saved_survives_a_kill(site: Site, after_lines: int) -> None:
    prepare(site)

    with officer_process(site.file.parent, "first") as process:
        said = said_until_killed(process, after_lines)

    site.restart()
    case = site.desk.case("a")
    assert case is not None
    saved = [line.entry_id for line in case.timeline]
    entries = [line.split()[1] for line in said if line.startswith("entry")]
    # It may have saved one more than it had time to say.
    assert saved[: len(entries)] == entries
    assert len(saved) - len(entries) in (0, 1)
    assert site.desk.audit().log.number == len(saved)
    drafts = [line.removeprefix("draft ") for line in said if line.startswith("draft")]
    kept = site.desk.draft(MEENA.id, "a")
    if len(saved) < len(drafts):
        assert kept == drafts[-1]
    texts = [line.data.text for line in case.timeline if isinstance(line.data, Note)]
    assert kept not in texts


def test_two_programs_on_one_home_write_one_chain(site: Site) -> None:
    prepare(site)

    with officer_process(site.file.parent, "one") as one, officer_process(site.file.parent, "two") as two:
        said: list[str] = []
        readers = [Thread(target=lambda p=p: said.extend(said_until_killed(p, 30))) for p in (one, two)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()

    site.restart()
    case = site.desk.case("a")
    assert case is not None
    entries = {line.split()[1] for line in said if line.startswith("entry")}
    assert len(entries) >= 20
    assert entries <= {line.entry_id for line in case.timeline}
    assert site.desk.audit().log.number == len(case.timeline)
    site.push()
    assert len(site.kota.log) == len(case.timeline)


def test_two_desks_on_one_home_see_what_the_other_saved(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    other = Desk(Database(site.file, DATABASE_KEY), site.who, site.world)
    try:
        ids = [desk.record(MEENA, "a", Note("x")).entry_id for desk in (site.desk, other, site.desk)]
        case = other.case("a")
        assert case is not None
        assert [line.entry_id for line in case.timeline] == ids
        assert site.desk.status().waiting == other.status().waiting == 3
        assert other.audit().log.number == 3
    finally:
        other.close()
