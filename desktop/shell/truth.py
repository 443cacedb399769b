"""What the truth strip says, from the facts of `DeskStatus` alone: pure values, so that each claim can be tested.

It must never claim more than was verified. *Connected* is said only with the age of the last verified reply, and
*no contact* looks and reads nothing like *no alerts*.
"""

from enum import StrEnum

from msgspec import Struct

from desktop.shell.language import Language
from sync.desk.projection import DeskStatus, Link, LinkProblem, StoreProblem
from sync.words import mark

CLOCK_ERROR_MS = 60_000


class Shape(StrEnum):
    """The sign beside the words; each has its own outline, for those who do not see the colours."""

    TICK = "tick"
    CUT = "cut"
    ASKING = "asking"


class Truth(Struct, frozen=True):
    """One claim: a line to read at a glance and a quieter one with the advice (may be empty)."""

    shape: Shape
    headline: str
    detail: str


ADVICE = {
    LinkProblem.UNREACHABLE: mark("Check the network cable; new alerts do not arrive here"),
    LinkProblem.NOT_KOTA: mark("Something other than Kota answers: open no page, ask for the network"),
    LinkProblem.NOT_TRUSTED: mark("The answer is not certainly Kota's: nothing was taken from it"),
    LinkProblem.REVOKED: mark("Kota has struck off this PC: it gets no new alerts"),
    LinkProblem.FORGOTTEN: mark(
        "Kota does not know this PC any more: ask Kota for an enrolment file. What was saved stays saved"
    ),
    LinkProblem.BUSY: mark("Kota is busy; this PC tries again by itself"),
    LinkProblem.DIFFERS: mark("The history here and at Kota differ: nothing was overwritten"),
    LinkProblem.STUCK: mark("An answer of Kota does not come to an end; this PC asks anew by itself"),
    LinkProblem.OUTDATED: mark("This program is too old to deliver entries: install the new version"),
}

STORING = {
    StoreProblem.FULL: mark(
        "Its disk is full: make room. What was saved stays saved; the rest comes by itself"
    ),
    StoreProblem.FAILING: mark("Its disk cannot be written: phone Kota. What was saved stays saved"),
    StoreProblem.BUSY: mark("Another program holds the alerts; close it. What was saved stays saved"),
}


def of_link(status: DeskStatus, language: Language) -> Truth:
    """The link, as far as it is known."""
    if status.link is Link.CONNECTED and status.checked_ago_s is not None:
        return _connected(status, status.checked_ago_s, language)
    if status.link is Link.NOT_CONNECTED:
        advice = language.text(ADVICE[status.problem or LinkProblem.UNREACHABLE])
        if status.since_ms is None:
            return Truth(Shape.CUT, language.text("NO CONTACT · phone Kota"), advice)
        since = language.local(status.since_ms)
        return Truth(Shape.CUT, language.text("NO CONTACT · since {since} · phone Kota", since=since), advice)
    return Truth(
        Shape.ASKING,
        language.text("Not checked yet"),
        language.text("It is not yet known whether Kota can be reached"),
    )


def _connected(status: DeskStatus, ago_s: int, language: Language) -> Truth:
    if status.storing is not None:
        headline = language.text("NEW ALERTS CANNOT BE STORED ON THIS PC · phone Kota")
        return Truth(Shape.CUT, headline, language.text(STORING[status.storing]))
    headline = language.text("Connected to Kota · checked {ago}", ago=language.ago(ago_s))
    if status.skipped:
        newer = language.count(
            "{n} message of Kota needs a newer version of this program; phone Kota",
            "{n} messages of Kota need a newer version of this program; phone Kota",
            status.skipped,
        )
        return Truth(Shape.ASKING, headline, newer)
    if status.in_step:
        return Truth(Shape.TICK, headline, language.text("Everything Kota has for this desk is here"))
    return Truth(Shape.ASKING, headline, language.text("More is arriving from Kota"))


def of_outbox(status: DeskStatus, language: Language) -> Truth | None:
    """What this desk recorded that Kota has not confirmed; None when there is nothing to say."""
    refused = (
        language.count("{n} entry refused by Kota", "{n} entries refused by Kota", status.refused)
        if status.refused
        else ""
    )
    if not status.waiting:
        return Truth(Shape.CUT, refused, language.text("Open the case; phone Kota")) if refused else None
    headline = language.count(
        "{n} entry saved here, not yet at Kota", "{n} entries saved here, not yet at Kota", status.waiting
    )
    since = (
        ""
        if status.oldest_waiting_ms is None
        else language.text("waiting since {since}", since=language.local(status.oldest_waiting_ms))
    )
    return Truth(Shape.ASKING, headline, " · ".join(part for part in (since, refused) if part))


def of_clock(status: DeskStatus, language: Language) -> str:
    """A word on the PC's own clock when it is wrong by more than a minute. It does no harm; it is only said."""
    minutes = round(abs(status.kota_ahead_ms) / 60_000)
    if abs(status.kota_ahead_ms) <= CLOCK_ERROR_MS:
        return language.text("Kota time")
    if status.kota_ahead_ms > 0:
        return language.count(
            "Kota time; this PC is {n} minute slow", "Kota time; this PC is {n} minutes slow", minutes
        )
    return language.count(
        "Kota time; this PC is {n} minute fast", "Kota time; this PC is {n} minutes fast", minutes
    )
