"""What a platform reports: the message ``abhay-alert/1``, as `resources/data/alert-payload.schema.json` fixes it.

A `Report` is kept as received and never changed; what the police find out stands in entries. Unknown fields are
let through, so that a platform may add some without asking us first; anything that breaks the schema is a
`msgspec.ValidationError` for intake to keep as a draft.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

SCHEMA = "abhay-alert/1"

Moment = Annotated[datetime, Meta(tz=True)]


class MessageKind(StrEnum):
    """What the message does to the alert its reference names."""

    NEW = "new"
    UPDATE = "update"
    CANCEL = "cancel"


class Status(StrEnum):
    """Whether a person may really be in danger. Exercise and test must be unmistakable on every screen."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"


class Level(StrEnum):
    """How urgent the *platform* calls it; our own priority stands beside it, never over it."""

    LIVE = "live"
    IMMINENT = "imminent"
    HIGH = "high"
    CONCERN = "concern"
    INFO = "info"


class AgeBand(StrEnum):
    """Self-declared; unknown may be a minor."""

    MINOR = "minor"
    ADULT = "adult"
    UNKNOWN = "unknown"


class LocationKind(StrEnum):
    """Where a location hypothesis comes from."""

    DEVICE = "device"
    CHECK_IN = "check_in"
    IP_ESTIMATE = "ip_estimate"
    PROFILE_TEXT = "profile_text"
    CONTENT_CLUE = "content_clue"
    TELECOM = "telecom"
    FIELD_REPORT = "field_report"
    OTHER = "other"


class Source(Struct, frozen=True):
    """Which platform says so, by which way, under which of its own numbers."""

    platform: Literal["facebook", "instagram", "threads", "whatsapp", "messenger", "other"]
    channel: Literal["webhook", "portal", "email", "phone", "manual"]
    reference: Annotated[str, Meta(min_length=1, max_length=120)]
    case_url: str | None = None
    tag: Literal["red_alert", "other"] | None = None
    desk_contact: dict[str, Any] | None = None
    entered_by: str | None = None


class Risk(Struct, frozen=True):
    """What the platform's reviewer saw."""

    category: Literal["suicide", "self_injury", "other"]
    level: Level
    live_now: bool | None = None
    plan_stated: bool | None = None
    time_stated: str | None = None
    means_visible: bool | None = None
    platform_note: Annotated[str, Meta(max_length=4000)] | None = None


class Phone(Struct, frozen=True):
    """A number on the account; it may be a relative's, or an old one."""

    number: str
    verified: bool | None = None
    last_verified_at: Moment | None = None


class Email(Struct, frozen=True):
    """An address on the account."""

    address: str
    verified: bool | None = None


class Subject(Struct, frozen=True):
    """The person in distress, as the platform knows them."""

    account_name: str | None = None
    username: str | None = None
    user_id: str | None = None
    profile_url: str | None = None
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    stated_age: Annotated[int, Meta(ge=0, le=120)] | None = None
    age_band: AgeBand = AgeBand.UNKNOWN
    gender: Literal["female", "male", "other", "unknown"] = "unknown"
    student: Literal["yes", "likely", "no", "unknown"] = "unknown"
    profile_city: str | None = None


class Content(Struct, frozen=True):
    """One post. The excerpt is covered on every screen until an officer asks for it."""

    type: Literal[
        "live_video", "video", "photo", "story", "reel", "text", "comment", "message", "search", "other"
    ]
    url: str | None = None
    posted_at: Moment | None = None
    still_up: bool | None = None
    language: str | None = None
    script: Literal["Deva", "Latn", "Arab", "other"] | None = None
    excerpt: Annotated[str, Meta(max_length=8000)] | None = None
    media: tuple[dict[str, Any], ...] = ()


class Sighting(Struct, frozen=True):
    """One use of the account on the network; port and time are what finds a subscriber behind a shared address."""

    ip: str
    port: Annotated[int, Meta(ge=0, le=65535)] | None = None
    event: str | None = None
    at: Moment | None = None
    possible_proxy: bool | None = None
    isp_hint: str | None = None


class Location(Struct, frozen=True):
    """One hypothesis of where the person is. Several stand side by side; none ever replaces another."""

    kind: LocationKind
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    accuracy_m: Annotated[float, Meta(ge=0)] | None = None
    at: Moment | None = None
    place_text: str | None = None


class Report(Struct, frozen=True):
    """One message of a platform about one person."""

    schema: Literal["abhay-alert/1"]
    message_id: UUID
    message_kind: MessageKind
    status: Status
    sent_at: Moment
    source: Source
    risk: Risk
    subject: Subject
    content: Annotated[tuple[Content, ...], Meta(min_length=1)]
    network: tuple[Sighting, ...] = ()
    locations: tuple[Location, ...] = ()
    related: dict[str, Any] = {}
    handling: dict[str, Any] = {}


_decoder = msgspec.json.Decoder(Report)


def parse(raw: bytes) -> Report:
    """The report in ``raw``. Raises `msgspec.DecodeError` (of which ``ValidationError`` is one) with the reason."""
    return _decoder.decode(raw)


def is_live(report: Report) -> bool:
    """Whether it is happening now: the class that goes before everything else."""
    return report.risk.level is Level.LIVE or report.risk.live_now is True


def may_be_minor(report: Report) -> bool:
    """Whether the person is known to be under 18; the age is self-declared."""
    age = report.subject.stated_age
    return report.subject.age_band is AgeBand.MINOR or (age is not None and age < 18)


def points(report: Report) -> Iterator[tuple[Location, float, float]]:
    """The hypotheses that can be put on a map, surest first: known and smaller accuracy circle, then newer."""

    def sureness(location: Location) -> tuple[float, float]:
        circle = float("inf") if location.accuracy_m is None else location.accuracy_m
        return circle, -location.at.timestamp() if location.at else 0.0

    for location in sorted(report.locations, key=sureness):
        if location.lat is not None and location.lon is not None:
            yield location, location.lat, location.lon


def place_of(report: Report) -> str:
    """The place to show in one line: of the surest hypothesis that has words, else the city of the profile."""
    named = [location.place_text for location, _, _ in points(report) if location.place_text]
    named += [location.place_text for location in report.locations if location.place_text]
    return next(iter(named), report.subject.profile_city or "")
