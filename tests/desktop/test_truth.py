"""The truth strip claims what the facts allow, and not a word more."""

import msgspec
import pytest

from desktop.shell import truth
from desktop.shell.language import Language
from desktop.shell.truth import Shape
from sync import resources
from sync.desk.projection import DeskStatus, Link, LinkProblem
from tests.desktop.seat import EVENING_MS

JHUNJHUNU = resources.units()["JJN"]
CONNECTED = DeskStatus(unit=JHUNJHUNU, link=Link.CONNECTED, checked_ago_s=7, in_step=True)
CUT = DeskStatus(
    unit=JHUNJHUNU,
    link=Link.NOT_CONNECTED,
    problem=LinkProblem.UNREACHABLE,
    checked_ago_s=600,
    since_ms=EVENING_MS - 600_000,
)


def test_connected_is_said_with_the_age_of_the_last_check(english: Language, hindi: Language) -> None:
    told = truth.of_link(CONNECTED, english)
    assert told.shape is Shape.TICK
    assert told.headline == "Connected to Kota · checked 7 seconds ago"
    assert truth.of_link(CONNECTED, hindi).headline == "कोटा से जुड़ा · 7 सेकंड पहले जाँचा"


def test_what_is_still_arriving_is_not_called_all_here(english: Language) -> None:
    told = truth.of_link(msgspec.structs.replace(CONNECTED, in_step=False), english)
    assert told.shape is Shape.ASKING
    assert told.detail == "More is arriving from Kota"


def test_what_this_version_cannot_show_is_said(english: Language) -> None:
    told = truth.of_link(msgspec.structs.replace(CONNECTED, skipped=2), english)
    assert told.shape is Shape.ASKING
    assert told.detail.startswith("2 messages of Kota need a newer version")


def test_no_contact_says_since_when_and_whom_to_phone(english: Language, hindi: Language) -> None:
    told = truth.of_link(CUT, english)
    assert told.shape is Shape.CUT
    assert told.headline == "NO CONTACT · since 22:31 · phone Kota"
    assert truth.of_link(CUT, hindi).headline == "संपर्क नहीं · 22:31 से · कोटा को फ़ोन करें"


@pytest.mark.parametrize("problem", list(LinkProblem))
def test_each_problem_has_its_own_advice(english: Language, problem: LinkProblem) -> None:
    others = {truth.ADVICE[other] for other in LinkProblem if other is not problem}
    told = truth.of_link(msgspec.structs.replace(CUT, problem=problem), english)
    assert told.detail
    assert told.detail not in others


def test_before_the_first_try_nothing_is_claimed(english: Language) -> None:
    told = truth.of_link(DeskStatus(unit=JHUNJHUNU, link=Link.NOT_TRIED), english)
    assert told.shape is Shape.ASKING
    assert told.headline == "Not checked yet"


def test_waiting_entries_are_counted_with_the_oldest(english: Language, hindi: Language) -> None:
    waiting = msgspec.structs.replace(CUT, waiting=3, oldest_waiting_ms=EVENING_MS - 120_000)
    told = truth.of_outbox(waiting, english)
    assert told is not None
    assert (told.headline, told.detail) == ("3 entries saved here, not yet at Kota", "waiting since 22:39")
    told = truth.of_outbox(waiting, hindi)
    assert told is not None
    assert told.headline == "3 प्रविष्टियाँ यहाँ सुरक्षित, कोटा पहुँचना बाकी"


def test_refused_entries_are_never_quiet(english: Language) -> None:
    told = truth.of_outbox(msgspec.structs.replace(CONNECTED, refused=1), english)
    assert told is not None
    assert told.headline == "1 entry refused by Kota"
    told = truth.of_outbox(msgspec.structs.replace(CONNECTED, refused=1, waiting=1), english)
    assert told is not None
    assert "1 entry refused by Kota" in told.detail


def test_an_empty_outbox_says_nothing(english: Language) -> None:
    assert truth.of_outbox(CONNECTED, english) is None


@pytest.mark.parametrize(
    ("ahead_ms", "words"),
    [
        (0, "Kota time"),
        (59_000, "Kota time"),
        (-180_000, "Kota time; this PC is 3 minutes fast"),
        (61_000, "Kota time; this PC is 1 minute slow"),
    ],
)
def test_a_wrong_clock_is_mentioned_not_scolded(english: Language, ahead_ms: int, words: str) -> None:
    assert truth.of_clock(msgspec.structs.replace(CONNECTED, kota_ahead_ms=ahead_ms), english) == words
