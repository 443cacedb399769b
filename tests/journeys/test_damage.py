"""A real desk is killed with undelivered entries and its file damaged: nothing is lost without being said."""

import random
from pathlib import Path

import pytest

from sync.case.entry import Note
from sync.desk.desk import Desk
from sync.desk.home import Home
from sync.sqlite import PAGE_BYTES
from sync.world import Machine
from tests.journeys import reports
from tests.journeys.kota import Kota
from tests.journeys.test_kills import Scribe, desk

PAGES = 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_killed_and_damaged_desk_goes_on_with_every_entry_it_does_not_report_as_lost(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    home = Home(tmp_path / "desk")
    with Kota(tmp_path / "kota") as kota:
        kota.init()
        kota.start()
        desk(home.folder, "enrol", "--file", str(kota.invite("JJN")))
        alert, *_ = [kota.report(reports.encoded(report)).json()["alert"] for report in reports.samples()]
        desk(home.folder, "sync", "--once")
        said: list[int] = []
        delivering = Scribe(home.folder, alert, 0, said)
        delivering.write(chance.randint(5, 40))
        delivering.kill()
        desk(home.folder, "sync", "--once")
        kota.stop()
        alone = Scribe(home.folder, alert, 10_000, said)
        alone.write(chance.randint(5, 40))
        alone.kill()

        before = damage(home.database, chance)
        opened = Desk.open(home, Machine())
        told = opened.salvaged()
        opened.close()
        assert told is not None
        assert (home.folder / told.kept).read_bytes() == before

        kota.start()
        desk(home.folder, "sync", "--once")
        opened = Desk.open(home, Machine())
        try:
            found = opened.find(alert)
            case = opened.case(found) if found else None
            assert case is not None
            shown = [int(line.data.text.split()[1]) for line in case.timeline if isinstance(line.data, Note)]
        finally:
            opened.close()
        missing = set(said) - set(shown)
        assert told.lost is None or len(missing) <= told.lost
        assert len(shown) == len(set(shown))
        assert not desk(home.folder, "status")["waiting"]
        assert desk(home.folder, "audit")
        assert kota.run("audit")


def damage(file: Path, chance: random.Random) -> bytes:
    """Overwrite a part of some pages, and of the write-ahead log; the file as it is then."""
    raw = bytearray(file.read_bytes())
    for page in chance.sample(range(len(raw) // PAGE_BYTES), PAGES):
        start = page * PAGE_BYTES + chance.randrange(PAGE_BYTES - 64)
        raw[start : start + 64] = chance.randbytes(64)
    file.write_bytes(raw)
    return bytes(raw)
