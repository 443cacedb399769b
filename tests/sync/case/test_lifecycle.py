"""Where a case stands follows from its entries alone."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.case.entry import Acknowledgement, Dispatch, Entry, EntryData, Note, Stamp, decode, encode
from sync.case.lifecycle import CaseState, Stage, fold, must_alarm
from sync.case.unit import Officer

MEENA = Officer("jjn-01", "मीना")
RAVI = Officer("jjn-02", "रवि")


def entry(data: EntryData, officer: Officer = MEENA, at_ms: int = 1) -> Entry:
    return Entry(v=1, id="e", alert="a", base=0, officer=officer, at=Stamp(at_ms, 330, "boot", 1), data=data)


def test_only_the_responsible_units_acknowledgement_stops_the_alarm() -> None:
    new = CaseState(unit="JJN")
    seen_at_hub = fold(new, entry(Acknowledgement()), "HUB-KOTA")
    taken_up = fold(seen_at_hub, entry(Acknowledgement()), "JJN")

    assert must_alarm(new, "JJN")
    assert must_alarm(seen_at_hub, "JJN")
    assert not must_alarm(taken_up, "JJN")
    assert not must_alarm(new, "HUB-KOTA")


def test_the_first_acknowledgement_keeps_its_officer() -> None:
    once = fold(CaseState(unit="JJN"), entry(Acknowledgement(), MEENA, 5), "JJN")
    twice = fold(once, entry(Acknowledgement(), RAVI, 1), "JJN")

    assert twice == once
    assert twice.acknowledged_by == MEENA
    assert twice.acknowledged_ms == 5


def test_an_acknowledgement_after_a_dispatch_does_not_set_the_case_back() -> None:
    sent = fold(CaseState(unit="JJN"), entry(Dispatch("चेतक 3")), "JJN")

    assert must_alarm(sent, "JJN")
    assert fold(sent, entry(Acknowledgement()), "JJN").stage is Stage.DISPATCHED


@given(st.lists(st.sampled_from([Acknowledgement(), Note("देखा"), Dispatch("चेतक 3")]), max_size=8))
def test_the_stage_never_goes_back_and_notes_are_counted(kinds: list[EntryData]) -> None:
    state = CaseState(unit="JJN")
    for data in kinds:
        after = fold(state, entry(data), "JJN")
        assert after.stage >= state.stage
        state = after

    assert state.notes == sum(isinstance(data, Note) for data in kinds)


@pytest.mark.parametrize(
    "data", [Acknowledgement(), Note("पता मिला\nवार्ड 3"), Dispatch("चेतक 3", "मण्डावा रोड")]
)
def test_an_entry_is_one_line_and_comes_back_as_it_was(data: EntryData) -> None:
    made = entry(data)
    body = encode(made)

    assert b"\n" not in body
    assert decode(body) == made


@pytest.mark.parametrize("text", ["", "x" * 4001])
def test_a_note_without_text_or_without_end_is_not_an_entry(text: str) -> None:
    body = encode(entry(Note(text)))

    with pytest.raises(msgspec.ValidationError):
        decode(body)
