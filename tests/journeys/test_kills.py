"""Kill -9 of either end, at moments nobody chose: what was said to be saved arrives at Kota, once, in order."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import postgresql
from tests.journeys import reports
from tests.journeys.kota import Kota

ROUNDS = 6


class Scribe:
    """A run of `tests.journeys.scribe`; ``said`` collects the numbers it was told are saved."""

    def __init__(self, home: Path, alert: str, first: int, said: list[int]) -> None:
        self.said = said
        desk = ["--home", str(home), "--alert", alert, "--first", str(first)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.scribe", *desk], stdout=subprocess.PIPE, text=True
        )

    def write(self, count: int) -> None:
        """Until it has said ``count`` more numbers."""
        assert self._process.stdout is not None
        for _ in range(count):
            self.said.append(int(self._process.stdout.readline()))

    def kill(self) -> None:
        self._process.kill()
        assert self._process.stdout is not None
        # What it said between the last line read and its death counts as said.
        self.said.extend(int(line) for line in self._process.stdout if line.endswith("\n"))
        self._process.wait()
        self._process.stdout.close()


def desk(home: Path, *arguments: str) -> dict[str, Any]:
    finished = subprocess.run(
        [sys.executable, "-m", "desktop", "--home", str(home), *arguments, "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where Kota keeps what it holds."""
    if request.param == "sqlite":
        yield "sqlite"
        return
    with postgresql.running() as server:
        yield server.new()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database", "seed"),
    [("sqlite", 1), ("sqlite", 2), ("sqlite", 3), ("postgresql", 4)],
    indirect=["database"],
)
def test_nothing_said_to_be_saved_is_lost_or_doubled_by_kills_of_both_ends(
    tmp_path: Path, database: str, seed: int
) -> None:
    chance = random.Random(seed)
    jhunjhunu, hub = tmp_path / "jjn", tmp_path / "hub"
    said: list[int] = []
    with Kota(tmp_path / "kota") as kota:
        kota.init(database)
        kota.start()
        desk(jhunjhunu, "enrol", "--file", str(kota.invite("JJN")))
        desk(hub, "enrol", "--file", str(kota.invite("HUB-KOTA")))
        alert = kota.report(reports.encoded(reports.samples()[0])).json()["alert"]
        desk(jhunjhunu, "sync", "--once")

        for turn in range(ROUNDS):
            scribe = Scribe(jhunjhunu, alert, 10_000 * turn, said)
            scribe.write(chance.randint(1, 30))
            if chance.random() < 0.7:
                kota.kill()
                scribe.write(chance.randint(0, 20))
                kota.start()
            scribe.write(chance.randint(0, 30))
            scribe.kill()

        desk(jhunjhunu, "sync", "--once")
        desk(hub, "sync", "--once")
        lines = desk(hub, "show", "--alert", alert)["timeline"]
        kota.run("audit")
    desk(jhunjhunu, "audit")
    arrived = [int(line["data"]["text"].removeprefix("note ")) for line in lines]
    # The one note that was saved when the kill came, before it could be said, may be there as well.
    assert set(said) <= set(arrived)
    assert len(arrived) == len(set(arrived))
    assert arrived == sorted(arrived)
    assert len(arrived) - len(said) <= ROUNDS
