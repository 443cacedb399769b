"""What platforms send is read as the published schema says, and judged by the rules of the domain report."""

import json
from typing import Any

import msgspec
import pytest

from sync import resources
from sync.case.priority import Priority, Why, judge
from sync.case.report import parse, points

SAMPLES: list[dict[str, Any]] = json.loads(
    resources.path("data", "sample-alerts.json").read_text(encoding="utf-8")
)["examples"]


def changed(**risk: object) -> bytes:
    """The third sample, a concern of an adult without a plan, with some of its risk changed."""
    sample = {**SAMPLES[2], "risk": {**SAMPLES[2]["risk"], **risk}}
    return json.dumps(sample).encode()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["source"]["reference"])
def test_every_sample_is_read(sample: dict[str, Any]) -> None:
    report = parse(json.dumps(sample).encode())

    assert report.source.reference == sample["source"]["reference"]
    assert len(report.locations) == len(sample["locations"])


@pytest.mark.parametrize(
    "missing", ["schema", "message_id", "status", "sent_at", "source", "risk", "content"]
)
def test_a_message_without_a_required_field_is_not_a_report(missing: str) -> None:
    sample = {name: value for name, value in SAMPLES[0].items() if name != missing}

    with pytest.raises(msgspec.ValidationError, match=missing):
        parse(json.dumps(sample).encode())


def test_fields_nobody_told_us_of_are_let_through() -> None:
    assert parse(json.dumps({**SAMPLES[0], "new_field": {"x": [1]}}).encode()).status == "exercise"


def test_a_time_without_a_zone_is_refused_because_it_could_be_hours_off() -> None:
    with pytest.raises(msgspec.ValidationError):
        parse(json.dumps({**SAMPLES[0], "sent_at": "2026-11-20T22:41:09"}).encode())


@pytest.mark.parametrize(
    ("risk", "priority", "why"),
    [
        ({}, Priority.P3, Why.CONCERN),
        ({"level": "info", "live_now": True}, Priority.P1, Why.LIVE),
        ({"level": "live"}, Priority.P1, Why.LIVE),
        ({"level": "imminent"}, Priority.P2, Why.TIME_OR_PLAN),
        ({"plan_stated": True}, Priority.P2, Why.TIME_OR_PLAN),
        ({"time_stated": "aaj raat"}, Priority.P2, Why.TIME_OR_PLAN),
        ({"level": "high"}, Priority.P3, Why.CONCERN),
        ({"level": "info"}, Priority.P4, Why.INFORMATION),
    ],
)
def test_priority_follows_the_rules(risk: dict[str, object], priority: Priority, why: Why) -> None:
    judgement = judge(parse(changed(**risk)))

    assert (judgement.priority, judgement.why) == (priority, why)


@pytest.mark.parametrize("subject", [{"stated_age": 17}, {"age_band": "minor"}])
def test_a_concern_for_a_minor_is_raised(subject: dict[str, object]) -> None:
    judgement = judge(parse(json.dumps({**SAMPLES[2], "subject": subject}).encode()))

    assert (judgement.priority, judgement.why) == (Priority.P2, Why.MINOR)


def test_the_surest_place_comes_first_and_places_without_coordinates_are_no_points() -> None:
    assert [round(lat, 4) for _, lat, _ in points(parse(json.dumps(SAMPLES[1]).encode()))] == [25.1421, 25.15]
    assert len(list(points(parse(json.dumps(SAMPLES[0]).encode())))) == 1
    assert list(points(parse(json.dumps(SAMPLES[2]).encode()))) == []
