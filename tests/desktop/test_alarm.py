"""The alarm appears by itself and stops by acknowledgement, and by nothing else."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from desktop.alarm.ringer import Ringer, ring
from sync.case.entry import Acknowledgement
from sync.case.lifecycle import Stage as CaseStage
from sync.desk.projection import Delivery
from tests.desktop.readable import readable, said, texts
from tests.desktop.seat import MEENA, sample
from tests.desktop.stage import Player, Stage, until


def test_a_new_alert_shows_the_alarm_and_rings(signed_in: Stage) -> None:
    signed_in.kota.alert(sample(0), number="K-26-00017")
    until(signed_in.seat.alarm.isVisible)
    assert said("NEW ALERT") in readable(signed_in)
    assert signed_in.seat.ringer.ringing


def test_an_alarm_that_waits_at_the_start_stands_below_the_strip_and_stays_whole_as_it_grows(
    signed_in: Stage,
) -> None:
    signed_in.kota.alert(sample(0))
    signed_in.open_again()
    alarm, strip = signed_in.seat.alarm, signed_in.application.window.strip
    until(alarm.isVisible)
    assert alarm.y() - strip.mapToGlobal(QPoint(0, strip.height())).y() in range(20)
    alarm.move(0, 10_000)
    signed_in.kota.alert(sample(2))
    until(lambda: len(signed_in.desk.alarming()) == 2)
    until(lambda: alarm.screen().availableGeometry().contains(alarm.geometry()))


def test_neither_escape_nor_closing_stops_it(signed_in: Stage) -> None:
    signed_in.kota.alert(sample(0))
    until(signed_in.seat.alarm.isVisible)
    QTest.keyClick(signed_in.seat.alarm, Qt.Key.Key_Escape)
    signed_in.press("Esc")
    signed_in.seat.alarm.close()
    assert signed_in.seat.alarm.isVisible()
    assert signed_in.seat.ringer.ringing


def test_f5_opens_the_alert_and_acknowledges_it(signed_in: Stage) -> None:
    alert = signed_in.kota.alert(sample(0))
    until(signed_in.seat.alarm.isVisible)
    signed_in.press("F5")
    until(lambda: not signed_in.seat.alarm.isVisible())
    assert not signed_in.seat.ringer.ringing
    case = signed_in.desk.case(alert)
    assert case is not None
    assert case.row.state.stage is CaseStage.ACKNOWLEDGED
    assert [(line.officer, line.delivery) for line in case.timeline] == [(MEENA, Delivery.SAVED_HERE)]
    assert signed_in.seat.case.alert_id == alert
    assert said("Send a team now") in readable(signed_in)


def test_f5_pressed_twice_acknowledges_once(signed_in: Stage) -> None:
    alert = signed_in.kota.alert(sample(0))
    until(signed_in.seat.alarm.isVisible)
    signed_in.press("F5")
    signed_in.press("F5")
    until(lambda: not signed_in.seat.alarm.isVisible())
    signed_in.drain()
    case = signed_in.desk.case(alert)
    assert case is not None
    assert len(case.timeline) == 1


def test_several_alerts_are_answered_one_by_one(signed_in: Stage) -> None:
    first = signed_in.kota.alert(sample(0))
    signed_in.kota.alert(sample(1))
    until(signed_in.seat.alarm.isVisible)
    signed_in.press("F5")
    until(lambda: len(signed_in.desk.alarming()) == 1)
    assert signed_in.seat.case.alert_id == first
    assert signed_in.seat.alarm.isVisible()
    signed_in.drain()
    signed_in.press("F5")
    until(lambda: not signed_in.seat.alarm.isVisible())


def test_an_alert_acknowledged_by_a_colleague_stops_the_alarm(signed_in: Stage) -> None:
    alert = signed_in.kota.alert(sample(0))
    until(signed_in.seat.alarm.isVisible)
    signed_in.kota.entry(alert, MEENA, "JJN", Acknowledgement())
    until(lambda: not signed_in.seat.alarm.isVisible())


def test_the_acknowledgement_of_another_unit_does_not_stop_it(signed_in: Stage) -> None:
    alert = signed_in.kota.alert(sample(0))
    until(signed_in.seat.alarm.isVisible)
    signed_in.kota.entry(alert, MEENA, "HUB-KOTA", Acknowledgement())
    signed_in.drain()
    assert signed_in.seat.alarm.isVisible()


def test_it_shows_while_locked_with_number_and_priority_only(one: Stage) -> None:
    one.kota.alert(sample(0), number="K-26-00017")
    until(one.seat.alarm.isVisible)
    alarm = one.seat.alarm
    shown = "\n".join(text for widget in [alarm, *alarm.findChildren(QWidget)] for text in texts(widget))
    assert "K-26-00017" in shown
    report = sample(0)
    for private in (
        report.subject.account_name,
        report.subject.username,
        report.locations[0].place_text,
        "झुंझुनूं",
    ):
        assert private is not None
        assert private not in shown


def test_f5_while_locked_leads_through_sign_in_to_the_alert(one: Stage) -> None:
    alert = one.kota.alert(sample(0))
    until(one.seat.alarm.isVisible)
    one.press("F5")
    until(one.seat.lock.password.hasFocus)
    assert one.desk.alarming()
    one.sign_in()
    assert one.seat.case.alert_id == alert
    assert one.seat.alarm.isVisible()
    one.press("F5")
    until(lambda: not one.seat.alarm.isVisible())


def test_it_does_not_take_the_keyboard_from_who_is_typing(signed_in: Stage) -> None:
    alert = signed_in.kota.alert(sample(1))
    signed_in.go_to(alert)
    signed_in.press("F5")
    until(lambda: not signed_in.seat.alarm.isVisible())
    signed_in.press("F7")
    signed_in.write("पिता से बात")
    signed_in.kota.alert(sample(0))
    until(signed_in.seat.alarm.isVisible)
    signed_in.write(" हुई")
    signed_in.press("Space")
    assert signed_in.seat.case.note.field.toPlainText() == "पिता से बात हुई "
    assert len(signed_in.desk.alarming()) == 1


def test_it_gets_louder_and_faster_and_live_has_its_own_sound() -> None:
    rings = [ring(count, live=False) for count in range(40)]
    pauses = [one.pause_ms for one in rings]
    assert pauses == sorted(pauses, reverse=True)
    assert [one.file.name for one in rings[::39]] == ["alert-1.wav", "alert-3.wav"]
    assert ring(0, live=True).file.name == "live-2.wav"
    assert all(one.file.is_file() for one in [*rings, ring(0, live=True), ring(30, live=True)])


class Broken(Player):
    """A player that is there and plays nothing."""

    works = False

    def play(self, file: Path) -> None:
        return


def test_the_strip_says_when_nothing_can_be_heard(signed_in: Stage) -> None:
    silent = Ringer(Broken())
    silent.sound_told.connect(lambda works: signed_in.application.window.strip.show_sound(works=works))
    silent.start(live=False)
    silent.stop()
    assert said("No sound on this PC") in readable(signed_in)
