"""The story is a test like any other: the same function `make run` plays."""

from pathlib import Path

import pytest

from tests.journeys import story


@pytest.mark.slow
def test_one_alert_goes_from_report_to_officer_through_two_kills_and_back(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    (tmp_path / "stage").mkdir()

    played = story.play(tmp_path / "stage", pictures, paced=False)
    played.open.close()

    taken = sorted(file.name for file in pictures.iterdir())
    assert len(taken) == 2 * len({name.rsplit("-", 1)[0] for name in taken})
    assert [name for name in taken if "alarm" in name] == ["03-alarm-en.png", "03-alarm-hi.png"]
