"""The facts of a case as lines of words: pure, so that masking and wording can be tested without a window.

What identifies the person is masked unless ``revealed``; locations are all listed, none preferred, none hidden.
"""

from collections.abc import Iterator

from msgspec import Struct

from desktop.case import masking
from desktop.shell.language import Language
from sync.case.report import AgeBand, Level, Location, LocationKind, Report, Subject
from sync.words import mark

PLATFORM = {
    "facebook": "Facebook",
    "instagram": "Instagram",
    "threads": "Threads",
    "whatsapp": "WhatsApp",
    "messenger": "Messenger",
}
GENDER = {"female": mark("Woman or girl"), "male": mark("Man or boy"), "other": mark("Other")}
CONTENT = {
    "live_video": mark("Live video"),
    "video": mark("Video"),
    "photo": mark("Photo"),
    "story": mark("Story"),
    "reel": mark("Reel"),
    "text": mark("Text"),
    "comment": mark("Comment"),
    "message": mark("Message"),
    "search": mark("Search"),
}
LEVEL = {
    Level.LIVE: mark("live"),
    Level.IMMINENT: mark("imminent"),
    Level.HIGH: mark("high"),
    Level.CONCERN: mark("concern"),
    Level.INFO: mark("information"),
}
KIND = {
    LocationKind.DEVICE: mark("Phone or device"),
    LocationKind.CHECK_IN: mark("Check-in in the app"),
    LocationKind.IP_ESTIMATE: mark("Estimate from the network address"),
    LocationKind.PROFILE_TEXT: mark("Written in the profile"),
    LocationKind.CONTENT_CLUE: mark("Clue in the post"),
    LocationKind.TELECOM: mark("Telecom company"),
    LocationKind.FIELD_REPORT: mark("Reported from the field"),
    LocationKind.OTHER: mark("Other source"),
}


class Fact(Struct, frozen=True):
    """A name and what is known."""

    title: str
    value: str


def person(subject: Subject, tell: Language, *, revealed: bool) -> Iterator[Fact]:
    """Who it is, as the platform knows them."""

    def veiled(value: str, mask: str) -> str:
        return value if revealed else mask

    yield Fact(tell.text("Age"), age(subject, tell))
    if subject.gender in GENDER:
        yield Fact(tell.text("Gender"), tell.text(GENDER[subject.gender]))
    for title, value in (
        (tell.text("Account name"), subject.account_name),
        (tell.text("User name"), subject.username),
    ):
        if value:
            yield Fact(title, veiled(value, masking.account(value)))
    if subject.profile_url and revealed:
        yield Fact(tell.text("Profile link"), subject.profile_url)
    for phone in subject.phones:
        surely = tell.text("verified") if phone.verified else tell.text("not verified")
        yield Fact(
            tell.text("Mobile number"), f"{veiled(phone.number, masking.phone(phone.number))} ({surely})"
        )
    for email in subject.emails:
        yield Fact(tell.text("E-mail"), veiled(email.address, masking.email(email.address)))


def age(subject: Subject, tell: Language) -> str:
    """The stated age; unknown may be a minor, and says so."""
    if subject.stated_age is not None:
        return tell.text("{age} (as stated)", age=subject.stated_age)
    if subject.age_band is AgeBand.MINOR:
        return tell.text("under 18")
    if subject.age_band is AgeBand.ADULT:
        return tell.text("18 or older")
    return tell.text("not known; may be under 18")


def post(report: Report, tell: Language) -> Iterator[Fact]:
    """What was posted, where and when. The words of the post are not among it."""
    platform = PLATFORM.get(report.source.platform) or tell.text("Other")
    yield Fact(tell.text("Platform"), f"{platform} ({tell.text(LEVEL[report.risk.level])})")
    yield Fact(tell.text("Reference number"), report.source.reference)
    for content in report.content:
        kind = tell.text(CONTENT.get(content.type, mark("Other")))
        posted = tell.moment_of(content.posted_at) if content.posted_at else tell.text("time not known")
        yield Fact(tell.text("Post"), f"{kind}, {posted}")


def network(report: Report, tell: Language, *, revealed: bool) -> Iterator[Fact]:
    """When the account was used; the addresses themselves only when revealed."""
    for sighting in report.network:
        at = tell.moment_of(sighting.at) if sighting.at else tell.text("time not known")
        port = f":{sighting.port}" if sighting.port else ""
        shown = f"{sighting.ip}{port}" if revealed else masking.address(sighting.ip)
        yield Fact(tell.text("IP address"), f"{shown}, {at}")


def excerpts(report: Report) -> list[str]:
    """The words of the post and of the platform's reviewer: covered until asked for."""
    found = [content.excerpt for content in report.content if content.excerpt]
    return [*found, report.risk.platform_note] if report.risk.platform_note else found


def location(place: Location, tell: Language) -> str:
    """One hypothesis: from where, how exact, how old, and its words."""
    parts = [tell.text(KIND[place.kind])]
    if place.accuracy_m is not None:
        parts.append(tell.text("within {distance}", distance=distance(place.accuracy_m, tell)))
    elif place.lat is not None:
        parts.append(tell.text("accuracy not known"))
    if place.at is not None:
        seconds = (tell.now_ms() - int(place.at.timestamp() * 1000)) // 1000
        parts.append(tell.ago(seconds) if 0 <= seconds < 86_400 else tell.moment_of(place.at))
    lines = [" · ".join(parts)]
    if place.place_text:
        lines.append(place.place_text)
    if place.lat is not None and place.lon is not None:
        lines.append(f"{place.lat:.5f}, {place.lon:.5f}")
    return "\n".join(lines)


def distance(metres: float, tell: Language) -> str:
    """Metres below one kilometre, else kilometres."""
    if metres < 1000:
        return tell.text("{n} m", n=round(metres))
    return tell.text("{n} km", n=f"{metres / 1000:.1f}".removesuffix(".0"))
