"""The case page: notes, drafts, a team sent, and what is covered until asked for."""

from collections.abc import Callable

import pytest

from desktop.case import masking
from desktop.shell.language import Language
from sync.case.entry import Acknowledgement, Dispatch, EntryData, Note
from sync.case.unit import Officer
from sync.desk.desk import Desk
from sync.desk.errors import DiskFullError
from sync.desk.projection import TimelineLine
from sync.wire.messages import Plain, Refusal
from tests.desktop.readable import readable, said
from tests.desktop.seat import MEENA, sample
from tests.desktop.stage import Stage, until

TYPED = "घर का पता मिला: वार्ड 3, मण्डावा रोड"


@pytest.fixture
def at_work(signed_in: Stage) -> Stage:
    """An officer at an acknowledged alert."""
    alert = signed_in.kota.alert(sample(0), number="K-26-00017")
    signed_in.record(alert, Acknowledgement())
    signed_in.go_to(alert)
    until(lambda: said("Send a team now") in readable(signed_in))
    return signed_in


def test_a_note_is_typed_saved_and_shown_as_saved_here(at_work: Stage) -> None:
    at_work.press("F7")
    at_work.write(TYPED)
    at_work.press("Ctrl+Return")
    until(lambda: at_work.seat.case.note.field.toPlainText() == "")
    assert [line.data for line in at_work.timeline()] == [Acknowledgement(), Note(text=TYPED)]
    until(lambda: f"{TYPED} ({said('saved here')})" in readable(at_work))


def test_a_second_note_typed_while_the_first_is_being_saved_is_not_lost(at_work: Stage) -> None:
    at_work.press("F7")
    at_work.write("पहला")
    at_work.press("Ctrl+Return")
    at_work.write("दूसरा")
    at_work.press("Ctrl+Return")
    until(lambda: len(at_work.timeline()) == 3)
    until(lambda: at_work.seat.case.note.field.toPlainText() == "")
    assert [line.data for line in at_work.timeline()[1:]] == [Note(text="पहला"), Note(text="दूसरा")]


def test_what_is_typed_behind_a_note_on_its_way_is_not_lost_by_going_elsewhere(at_work: Stage) -> None:
    first, other = at_work.seat.case.alert_id, at_work.kota.alert(sample(1))
    assert first is not None
    at_work.press("F7")
    at_work.write("पहला")
    at_work.press("Ctrl+Return")
    at_work.write("दूसरा")
    at_work.go_to(other)
    at_work.drain()
    at_work.go_to(first)
    until(lambda: "दूसरा" in at_work.seat.case.note.field.toPlainText())


def test_what_kota_has_is_shown_as_at_kota_and_only_then(at_work: Stage) -> None:
    assert said("at Kota {time}", time="22:41") not in readable(at_work)
    at_work.kota.settle()
    until(lambda: said("at Kota {time}", time="22:41") in readable(at_work))


def test_a_refused_entry_says_why(at_work: Stage) -> None:
    at_work.kota.settle(refuse=Refusal.UNKNOWN_ALERT)
    why = said("Kota does not know this alert")
    until(lambda: said("Refused: {why}. Phone Kota.", why=why) in readable(at_work))
    assert said("Open the case; phone Kota") in readable(at_work)


def test_what_only_a_newer_version_shows_in_full_is_told_in_plain_words(at_work: Stage) -> None:
    alert = at_work.seat.case.alert_id
    assert alert is not None
    at_work.kota.newer(alert, Plain(hi="पुल के पास देखा गया", en="Seen near the bridge"))
    until(lambda: "पुल के पास देखा गया" in readable(at_work))
    at_work.press("F8")
    until(lambda: "Seen near the bridge" in readable(at_work))


def test_the_draft_survives_a_kill(at_work: Stage) -> None:
    at_work.press("F7")
    at_work.write(TYPED)
    until(lambda: said("Draft kept") in readable(at_work))
    at_work.kill()
    at_work.open_again()
    at_work.sign_in()
    until(lambda: at_work.seat.case.note.field.toPlainText() == TYPED)


def test_the_draft_stays_with_its_officer_and_its_alert(at_work: Stage) -> None:
    first = at_work.seat.case.alert_id
    assert first is not None
    other = at_work.kota.alert(sample(1))
    at_work.record(other, Acknowledgement())
    at_work.press("F7")
    at_work.write(TYPED)
    at_work.go_to(other)
    until(lambda: at_work.seat.case.alert_id == other)
    assert at_work.seat.case.note.field.toPlainText() == ""
    at_work.go_to(first)
    until(lambda: at_work.seat.case.note.field.toPlainText() == TYPED)
    at_work.press("F9")
    at_work.press("Shift+Tab")
    at_work.press("Down")
    at_work.press("Tab")
    at_work.sign_in()
    assert at_work.seat.officer != MEENA
    assert at_work.seat.case.note.field.toPlainText() == ""


def test_a_note_that_could_not_be_saved_stays_on_the_screen(
    at_work: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_desk: Desk, _officer: Officer, _alert: str, _data: EntryData) -> TimelineLine:
        raise DiskFullError

    monkeypatch.setattr(Desk, "record", full)
    at_work.press("F7")
    at_work.write(TYPED)
    at_work.press("Ctrl+Return")
    until(lambda: said(DiskFullError.sentence) in readable(at_work))
    assert at_work.seat.case.note.field.toPlainText() == TYPED


def test_a_team_is_sent_by_keys_alone(at_work: Stage) -> None:
    at_work.press("F6")
    at_work.write("चेतक 3")
    at_work.press("Tab")
    at_work.write("मण्डावा रोड")
    at_work.press("Return")
    until(lambda: said("Write down what happens") in readable(at_work))
    assert at_work.timeline()[-1].data == Dispatch(team="चेतक 3", place="मण्डावा रोड")


def test_a_team_without_a_name_is_asked_for(at_work: Stage) -> None:
    at_work.press("F6")
    at_work.press("Return")
    assert said("Write which team goes.") in readable(at_work)
    at_work.press("Esc")
    assert said("Send a team now") in readable(at_work)
    assert len(at_work.timeline()) == 1


def test_person_and_post_are_covered_until_asked_for(at_work: Stage) -> None:
    report = sample(0)
    private = [report.subject.phones[0].number, report.subject.emails[0].address, report.network[0].ip]
    assert not [value for value in private if value in readable(at_work)]
    assert "अलविदा" not in readable(at_work)
    at_work.click(said("Show"))
    assert [value for value in private if value in readable(at_work)] == private
    assert "अलविदा" not in readable(at_work)
    at_work.click(said("Show content"))
    assert "अलविदा" in readable(at_work)


def test_another_alert_covers_everything_again(at_work: Stage) -> None:
    first = at_work.seat.case.alert_id
    assert first is not None
    at_work.click(said("Show"))
    other = at_work.kota.alert(sample(1))
    at_work.go_to(other)
    at_work.go_to(first)
    until(lambda: at_work.seat.case.alert_id == first)
    assert sample(0).subject.phones[0].number not in readable(at_work)


def test_every_location_is_listed_with_source_and_accuracy(at_work: Stage) -> None:
    shown = readable(at_work)
    assert "3 किमी" in shown
    assert "Jhunjhunu (approx)" in shown
    assert "झुंझुनूं, राजस्थान" in shown


def test_a_long_note_is_wrapped_and_the_newest_line_is_in_sight(at_work: Stage) -> None:
    at_work.record(at_work.seat.case.alert_id or "", *(Note(text=f"{TYPED} {n} " * 20) for n in range(6)))
    view = at_work.seat.case._timeline
    until(lambda: view.model().rowCount() == 7)
    until(lambda: view.verticalScrollBar().value() == view.verticalScrollBar().maximum() > 0)
    last = view.visualRect(view.model().index(6, 0))
    assert last.height() > 100
    assert last.bottom() <= view.viewport().height()


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (masking.phone, "+91-98765-43210", "+••-•••••-•••10"),
        (masking.email, "kumar@example.com", "k••••@example.com"),
        (masking.email, "not an address", "n•••••"),
        (masking.account, "नमूना कुमार", "न•••••"),
        (masking.address, "203.0.113.24", "••••••••"),
    ],
)
def test_masks_keep_enough_to_tell_two_apart(mask: Callable[[str], str], value: str, shown: str) -> None:
    assert mask(value) == shown


def test_times_are_said_in_indian_time(english: Language) -> None:
    now = english.now_ms()
    assert english.moment(now) == "22:41"
    assert english.moment(now - 86_400_000) == "20 Nov 22:41"
    assert english.moment(now - 400 * 86_400_000) == "17 Oct 2025 22:41"
    assert english.running(now - 271_000) == "04:31"
    assert english.ago(7) == "7 seconds ago"
