"""What is known of where a person may be, and what the resolver answers."""

from msgspec import Struct


class Clue(Struct, frozen=True):
    """Any of these, alone or together. ``accuracy_m`` is the radius of the circle of doubt, in metres."""

    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
    place_text: str | None = None
    profile_city: str | None = None
    content_text: str | None = None
    pin: str | int | None = None
    phone: str | int | None = None


class Candidate(Struct, frozen=True):
    """A district the clue may mean. ``score`` is 0..1; ``evidence`` is short English."""

    district: str
    score: float
    evidence: str


class Resolution(Struct, frozen=True):
    """``auto`` is set only when sure; the candidates are best first, whether sure or not."""

    auto: str | None
    candidates: tuple[Candidate, ...]
