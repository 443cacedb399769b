"""Reports to send to Kota: the three samples, and generated ones of invented people, spread over the State."""

import csv
import json
import random
import uuid
from typing import Any

from sync import resources

SEED = 20261123
TEXTS = [
    ("hi", "Deva", "(नमूना पाठ) मन बहुत भारी है, किसी से बात करने का मन नहीं।"),
    ("hi", "Latn", "(sample text) bahut thak gaya hoon, koi samajhta nahi"),
    ("en", "Latn", "(sample text) I do not see a way forward any more."),
]


def samples() -> list[dict[str, Any]]:
    """The three published examples: Jhunjhunu live, Kota City, and one without a place."""
    raw = json.loads(resources.path("data", "sample-alerts.json").read_text(encoding="utf-8"))
    examples: list[dict[str, Any]] = raw["examples"]
    return examples


def generated(count: int, *, without: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """``count`` exercise reports, each near the headquarters of another district; the same at every call."""
    chance = random.Random(SEED)
    with resources.path("data", "districts.csv").open(encoding="utf-8", newline="") as lines:
        districts = [row for row in csv.DictReader(lines) if row["id"] not in without]
    return [_report(chance, number, place) for number, place in enumerate(chance.sample(districts, count), 1)]


def _report(chance: random.Random, number: int, place: dict[str, str]) -> dict[str, Any]:
    language, script, text = chance.choice(TEXTS)
    level = chance.choice(["imminent", "high", "concern", "info"])
    minute = f"{number:02d}"
    return {
        "schema": "abhay-alert/1",
        "message_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "message_kind": "new",
        "status": "exercise",
        "sent_at": f"2026-11-21T12:{minute}:00+05:30",
        "source": {
            "platform": chance.choice(["facebook", "instagram"]),
            "channel": "webhook",
            "reference": f"SAMPLE-GEN-{number:06d}",
            "tag": "red_alert",
        },
        "risk": {"category": "suicide", "level": level, "plan_stated": level == "imminent"},
        "subject": {
            "account_name": f"नमूना व्यक्ति {number}",
            "username": f"namoona.{number}",
            "user_id": f"SAMPLE-UID-{2000 + number}",
            "age_band": "adult",
            "profile_city": place["hq_en"],
        },
        "content": [
            {
                "type": "text",
                "posted_at": f"2026-11-21T12:{minute}:00+05:30",
                "language": language,
                "script": script,
                "excerpt": text,
            }
        ],
        "locations": [
            {
                "kind": "device",
                "lat": round(float(place["hq_lat"]) + chance.uniform(-0.005, 0.005), 5),
                "lon": round(float(place["hq_lon"]) + chance.uniform(-0.005, 0.005), 5),
                "accuracy_m": chance.choice([30, 120, 800]),
                "at": f"2026-11-21T12:{minute}:00+05:30",
                "place_text": place["hq_en"],
            }
        ],
    }


def encoded(report: dict[str, Any]) -> bytes:
    """The bytes a platform would send."""
    return json.dumps(report, ensure_ascii=False).encode()
