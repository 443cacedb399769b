"""The resolver keeps its targets on the labelled clues, both halves, and its rules on the cases that matter."""

import json
from pathlib import Path

import pytest

from sync import resources
from sync.central import cli
from sync.central.routing import resolving
from sync.central.routing.clue import Clue
from sync.central.routing.resolving import Resolver
from tests.sync.central.routing.measure import figures, labelled


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return resolving.load(resources.path("data"))


@pytest.mark.parametrize("first", [0, 1], ids=["tuned", "held-out"])
def test_the_targets_hold(resolver: Resolver, first: int) -> None:
    rows = labelled()[first::2]

    found = figures(resolver, rows)

    assert len(labelled()) >= 500
    assert found["auto_right"] >= 0.995
    assert found["top"] >= 0.95
    assert found["top_three"] >= 0.99
    assert found["auto_of_decidable"] >= 0.8


@pytest.mark.parametrize(
    "clue",
    [
        Clue(pin="302017"),
        Clue(phone="0744-2451234"),
        Clue(phone="+91 98290 12345"),
        Clue(place_text="Pratapgarh"),
        Clue(profile_city="Kota"),
        Clue(place_text="Kota Chhattisgarh"),
        Clue(lat=28.61, lon=77.21, profile_city="Jaipur"),
        Clue(lat=25.98, lon=71.77),
        Clue(place_text="Jhunjhunu", profile_city="Barmer"),
        Clue(),
    ],
)
def test_what_never_routes_by_itself(resolver: Resolver, clue: Clue) -> None:
    assert resolver.resolve(clue).auto is None


def test_a_shared_name_and_an_independent_clue_are_enough(resolver: Resolver) -> None:
    assert resolver.resolve(Clue(place_text="Pratapgarh", pin="312605")).auto == "pratapgarh"
    assert resolver.resolve(Clue(place_text="Pratapgarh", pin="230001")).auto is None


def test_a_circle_of_doubt_over_several_districts_is_not_sure(resolver: Resolver) -> None:
    assert resolver.resolve(Clue(lat=28.13, lon=75.4, accuracy_m=50)).auto == "jhunjhunu"
    assert resolver.resolve(Clue(lat=28.13, lon=75.4, accuracy_m=80_000)).auto is None


def test_a_text_of_any_length_is_answered(resolver: Resolver) -> None:
    for text in ("jaipurr " * 20_000, "a" * 200_000, "म" * 30_000):
        assert len(resolver.resolve(Clue(content_text=text)).candidates) <= 1


def test_bad_lines_are_answered_in_their_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "clues.jsonl"
    good = b'{"clue": {"lat": 28.13, "lon": 75.4, "accuracy_m": 50}}'
    bad = [b"", b"\xff\xfe", b"[]", b'{"clue": {"lat": "x"}}', b'{"clue": {"lat": 1e999}}', b"[" * 100_000]
    file.write_bytes(b"\n".join([good, *bad, good]) + b"\n")

    assert cli.main(["route", "--batch", str(file)]) == 0

    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(answers) == len(bad) + 2
    assert answers[0]["auto"] == answers[-1]["auto"] == "jhunjhunu"
    assert all(answer["error"] for answer in answers[1:-1])


def test_one_clue_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--language", "en", "route", "--place-text", "Sodala Jaipur"]) == 0

    assert "jaipur" in capsys.readouterr().out
