"""The loads: invented reports of the usual size (1.1 KB) from Jhunjhunu, in Hindi and English, and notes (0.3 KB)."""

import json
import random
import uuid
from typing import Any

SEED = 20261123
PLACE = (28.1296, 75.3991)

_HINDI = [
    "नमूना",
    "पाठ",
    "मन",
    "भारी",
    "है",
    "किसी",
    "से",
    "बात",
    "नहीं",
    "करनी",
    "सब",
    "कुछ",
    "थक",
    "गया",
    "हूँ",
    "आज",
    "रात",
    "अकेला",
    "कोई",
    "नहीं",
    "समझता",
]
_ENGLISH = [
    "sample",
    "text",
    "do",
    "not",
    "see",
    "a",
    "way",
    "forward",
    "tired",
    "alone",
    "tonight",
    "nobody",
    "understands",
    "anything",
    "any",
    "more",
]


def report(
    number: int, *, version: int = 1, place: tuple[float, float] = PLACE, prefix: str = "BENCH"
) -> bytes:
    """The bytes of report ``number``; another ``version`` is an update of it."""
    chance = random.Random(f"{SEED}/{prefix}/{number}/{version}")
    minute = f"2026-11-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:00+05:30"
    said: dict[str, Any] = {
        "schema": "abhay-alert/1",
        "message_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "message_kind": "new" if version == 1 else "update",
        "status": "exercise",
        "sent_at": minute,
        "source": {"platform": "facebook", "channel": "webhook", "reference": f"{prefix}-{number:08d}"},
        "risk": {"category": "suicide", "level": chance.choice(["imminent", "high", "concern"])},
        "subject": {
            "account_name": f"नमूना व्यक्ति {number}",
            "username": f"namoona.{number}",
            "age_band": "adult",
            "profile_city": "Jhunjhunu",
        },
        "content": [
            {
                "type": "text",
                "posted_at": minute,
                "language": "hi",
                "excerpt": " ".join(chance.choices(_HINDI, k=12) + chance.choices(_ENGLISH, k=16)),
            }
        ],
        "locations": [
            {
                "kind": "device",
                "lat": round(place[0] + chance.uniform(-0.01, 0.01), 5),
                "lon": round(place[1] + chance.uniform(-0.01, 0.01), 5),
                "accuracy_m": chance.choice([30, 120, 800]),
                "at": minute,
                "place_text": "Jhunjhunu",
            }
        ],
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def note(number: int) -> str:
    """The text of note ``number``."""
    chance = random.Random(f"{SEED}/note/{number}")
    return " ".join(chance.choices(_HINDI, k=7) + chance.choices(_ENGLISH, k=6))
