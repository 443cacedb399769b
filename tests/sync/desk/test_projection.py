"""What the officer sees is what Kota said with what they did themselves on top, each entry once."""

import msgspec
import pytest

from sync.case.entry import Acknowledgement, Dispatch, Entry, Note, Stamp, encode
from sync.case.lifecycle import Stage
from sync.case.report import Report, place_of
from sync.desk.errors import TextNotAcceptedError, UnknownAlertError
from sync.desk.projection import CaseFile, Delivery
from sync.wire.messages import EventKind, UpdatePublished
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import MEENA, lost, report


def case_of(site: Site, alert: str) -> CaseFile:
    found = site.desk.case(alert)
    assert found is not None
    return found


def foreign_entry(alert: str, text: str, number: int = 1) -> bytes:
    stamp = Stamp(1, 330, "b", 1)
    return encode(Entry(1, f"foreign-{number}", alert, 0, MEENA, stamp, Note(text)))


def test_the_queue_goes_by_priority_then_by_age(site: Site) -> None:
    site.kota.alert("concern", received_ms=1, example=report(2))
    site.kota.alert("live-late", received_ms=9)
    site.kota.alert("live-early", received_ms=5)
    site.pull()

    rows = site.desk.queue(site.desk.queue_rows())

    assert [row.alert_id for row in rows] == ["live-early", "live-late", "concern"]
    assert [row.judgement.priority for row in rows] == sorted(row.judgement.priority for row in rows)


def test_rows_come_in_the_order_asked_for_without_unknown_ones(site: Site) -> None:
    site.kota.alert("a")
    site.kota.alert("b")
    site.pull()
    first, second = (site.desk.row_of("a"), site.desk.row_of("b"))
    assert first is not None
    assert second is not None

    assert [row.alert_id for row in site.desk.queue([second, 4711, first])] == ["b", "a"]
    assert site.desk.find("RJ-b") == "b"
    assert site.desk.find("RJ-c") is None


def test_an_alarm_stops_the_moment_the_officer_acknowledges_link_or_no_link(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    assert [row.alert_id for row in site.desk.alarming()] == ["a"]

    line = site.desk.record(MEENA, "a", Acknowledgement())

    assert line.delivery is Delivery.SAVED_HERE
    assert site.desk.alarming() == []
    row = case_of(site, "a").row
    assert (row.state.stage, row.waiting) == (Stage.ACKNOWLEDGED, 1)


def test_an_alert_of_another_unit_is_shown_and_does_not_sound(site: Site) -> None:
    site.kota.alert("a", unit="SIKAR")
    site.pull()

    assert site.desk.alarming() == []
    assert case_of(site, "a").row.state.unit == "SIKAR"


def test_an_alert_that_moves_here_sounds_here_although_others_acknowledged_it(site: Site) -> None:
    body = encode(Entry(1, "e", "a", 0, MEENA, Stamp(1, 330, "b", 1), Acknowledgement()))
    site.kota.alert("a", unit="SIKAR")
    site.kota.entry(body, device="other", unit="SIKAR")
    site.pull()
    assert case_of(site, "a").row.state.stage is Stage.ACKNOWLEDGED

    site.kota.alert("a", unit="JJN")
    site.pull()

    assert [row.alert_id for row in site.desk.alarming()] == ["a"]
    assert len(case_of(site, "a").timeline) == 1


def test_an_entry_is_at_kota_by_the_reply_and_stays_one_line_when_the_feed_brings_it(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    site.desk.record(MEENA, "a", Note("देखा"))

    site.push()
    [after_push] = case_of(site, "a").timeline
    site.pull()
    [after_pull] = case_of(site, "a").timeline

    assert after_push.delivery is Delivery.AT_KOTA
    assert after_push.kota_ms == 7
    assert after_pull == after_push
    assert case_of(site, "a").row.state.notes == 1
    assert site.desk.outbox() == []


def test_an_entry_is_at_kota_by_the_feed_when_the_reply_was_lost(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    site.desk.record(MEENA, "a", Note("देखा"))
    site.kota.after_work = lost
    with pytest.raises(Exception, match="lost"):
        site.push()
    site.kota.after_work = lambda: None
    assert site.desk.status().waiting == 1

    site.pull()

    [line] = case_of(site, "a").timeline
    assert (line.delivery, line.kota_ms) == (Delivery.AT_KOTA, 7)
    assert site.desk.status().waiting == 0
    assert not site.pusher.step().changed


def test_a_refused_entry_stays_in_sight_with_kotas_reason_and_counts_for_nothing(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    site.kota.refuse.add("a")
    site.desk.record(MEENA, "a", Acknowledgement())

    site.push()

    [line] = case_of(site, "a").timeline
    assert (line.delivery, line.refusal) == (Delivery.REFUSED, "unknown_alert")
    assert [row.alert_id for row in site.desk.alarming()] == ["a"]
    assert [entry.line for entry in site.desk.outbox()] == [line]
    assert (site.desk.status().waiting, site.desk.status().refused) == (0, 1)


def test_a_refused_entry_blocks_no_other(site: Site) -> None:
    site.kota.alert("a")
    site.kota.alert("b")
    site.pull()
    site.kota.refuse.add("a")
    site.desk.record(MEENA, "a", Note("एक"))
    site.desk.record(MEENA, "b", Note("दो"))

    site.push()

    assert case_of(site, "b").timeline[0].delivery is Delivery.AT_KOTA


def test_entries_stand_where_their_officer_stood_in_the_feed_whatever_the_clock_says(site: Site) -> None:
    site.kota.alert("a")
    site.kota.entry(foreign_entry("a", "पहले", 1), device="hub", unit="HUB-KOTA")
    site.pull()
    site.world.wall -= 10 * 365 * 86_400_000
    site.desk.record(MEENA, "a", Note("बीच में"))
    site.kota.entry(foreign_entry("a", "बाद में", 2), device="hub", unit="HUB-KOTA")
    site.pull()

    texts = [line.data.text for line in case_of(site, "a").timeline if isinstance(line.data, Note)]

    assert texts == ["पहले", "बीच में", "बाद में"]


def test_our_entries_keep_their_order_while_some_have_come_back_and_some_have_not(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    made = [site.desk.record(MEENA, "a", Note(text)).entry_id for text in ("एक", "दो")]
    site.pusher._limit = 1
    site.push()
    site.pull()
    assert len(site.kota.log) == 1

    assert [line.entry_id for line in case_of(site, "a").timeline] == made


def test_an_entry_that_came_before_its_alert_is_shown_and_counted_once_the_alert_is_here(site: Site) -> None:
    site.kota.entry(foreign_entry("a", "देखा"), device="hub", unit="HUB-KOTA")
    site.pull()
    site.kota.alert("a")
    site.pull()

    case = case_of(site, "a")
    assert len(case.timeline) == 1
    assert case.row.state.notes == 1


def test_an_entry_of_a_kind_from_the_future_is_shown_with_its_officer(site: Site) -> None:
    body = msgspec.json.decode(foreign_entry("a", "देखा"))
    body["data"] = {"kind": "drone", "height_m": 30}
    site.kota.alert("a")
    site.kota.entry(msgspec.json.encode(body), device="hub", unit="HUB-KOTA")
    site.pull()

    [line] = case_of(site, "a").timeline
    assert line.data is None
    assert line.officer == MEENA


def test_events_that_cannot_be_read_are_kept_counted_and_block_nothing(site: Site) -> None:
    site.kota.publish_raw("hologram", b"{}", "a")
    site.kota.publish_raw(EventKind.ALERT, b'{"number":1}', "a")
    site.kota.publish_raw(EventKind.ENTRY, b'{"device":"x"}')
    site.kota.feed.append(b"no json at all")
    site.kota.alert("b")
    site.pull()

    assert [row.alert_id for row in site.desk.queue(site.desk.queue_rows())] == ["b"]
    assert site.desk.status().skipped == 4
    assert site.desk.audit().feed.number == 5


def test_updates_of_the_platform_stand_beside_the_report(site: Site) -> None:
    site.kota.alert("a")
    update = UpdatePublished(received_ms=3, report=report(0, message_kind="update"))
    site.kota.publish(update, "a")
    site.pull()

    assert case_of(site, "a").report == report()
    assert case_of(site, "a").updates == (update.report,)


@pytest.mark.parametrize("text", ["", "   \n", "x" * 4001, "\ud800"])
def test_a_note_nobody_could_read_is_not_saved(site: Site, text: str) -> None:
    site.kota.alert("a")
    site.pull()

    with pytest.raises(TextNotAcceptedError):
        site.desk.record(MEENA, "a", Note(text))
    with pytest.raises(TextNotAcceptedError):
        site.desk.record(MEENA, "a", Dispatch(team=text * 201))

    assert site.desk.outbox() == []


def test_nothing_can_be_saved_on_an_alert_that_is_not_here(site: Site) -> None:
    with pytest.raises(UnknownAlertError):
        site.desk.record(MEENA, "a", Acknowledgement())


def test_a_draft_is_kept_until_it_becomes_a_note_and_is_each_officers_own(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    site.desk.keep_draft(MEENA.id, "a", "अधू")
    site.desk.keep_draft(MEENA.id, "a", "अधूरा")
    site.desk.keep_draft("jjn-02", "a", "और")
    site.restart()
    assert site.desk.draft(MEENA.id, "a") == "अधूरा"

    site.desk.record(MEENA, "a", Acknowledgement())
    assert site.desk.draft(MEENA.id, "a") == "अधूरा"
    site.desk.record(MEENA, "a", Note("अधूरा नहीं"))

    assert site.desk.draft(MEENA.id, "a") == ""
    assert site.desk.draft("jjn-02", "a") == "और"


@pytest.mark.parametrize(("number", "place"), [(0, "Jhunjhunu (approx)"), (1, None), (2, None)])
def test_the_place_in_one_line_is_the_surest_that_has_words(number: int, place: str | None) -> None:
    said: Report = report(number)

    found = place_of(said)

    known = [location.place_text for location in said.locations] + [said.subject.profile_city, ""]
    assert found in known
    assert place is None or found == place
