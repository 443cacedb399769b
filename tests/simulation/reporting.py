"""What Meta sends: reports of invented people, each with a canary by which its bytes are known again anywhere."""

import hashlib
import hmac
import json
import re
from functools import cache
from typing import Any

from sync import resources
from sync.wire.messages import AlertPublished
from sync.wire.reading import Reading

CANARY = re.compile(rb"canary-(\d+)-")


@cache
def _sample() -> str:
    samples = json.loads(resources.path("data", "sample-alerts.json").read_text(encoding="utf-8"))
    return json.dumps(samples["examples"][0], ensure_ascii=False)


def report(reference: int, lat: float | None, lon: float | None, *, version: int = 0) -> bytes:
    """The message for ``reference``; another ``version`` says more."""
    body: dict[str, Any] = json.loads(_sample())
    body["source"]["reference"] = f"SIM-{reference}"
    body["locations"] = [{"kind": "device", "lat": lat, "lon": lon, "accuracy_m": 20}]
    body["content"][0]["excerpt"] = f"canary-{reference}- {version}"
    body["message_kind"] = "update" if version else "new"
    return json.dumps(body, ensure_ascii=False).encode()


def canaries(raw: bytes) -> set[int]:
    """The references whose canary is in ``raw``."""
    return {int(found) for found in CANARY.findall(raw)}


def number_of(reference: str) -> int:
    """The number in what Kota calls a report; one that came back beside another has a mark behind it."""
    return int(reference.removeprefix("SIM-").partition("-")[0])


def reported(reading: Reading) -> set[int]:
    """The report that an event makes an alert of, if it is such an event."""
    if not isinstance(reading.data, AlertPublished):
        return set()
    return {number_of(reading.data.report.source.reference)}


def signature(secret: bytes, raw: bytes) -> bytes:
    """As the platform signs."""
    return b"sha256=" + hmac.new(secret, raw, hashlib.sha256).hexdigest().encode()
