"""Signing in, with no link, and leaving the seat."""

from sync.case.entry import Acknowledgement
from tests.desktop.readable import readable, said
from tests.desktop.seat import MEENA, sample
from tests.desktop.stage import Stage, until


def test_a_wrong_password_says_so_and_opens_nothing(one: Stage) -> None:
    one.write("guess")
    one.press("Return")
    sentence = said("The officer's ID or the password is wrong. Try again.")
    until(lambda: sentence in readable(one))
    assert one.seat.officer is None
    assert not one.seat.work.isVisible()
    assert one.seat.lock.password.text() == ""
    assert one.seat.lock.password.hasFocus()


def test_the_right_password_signs_in_without_a_link(one: Stage) -> None:
    one.kota.is_silent()
    one.sign_in()
    assert one.seat.officer == MEENA
    assert one.seat.work.isVisible()
    assert MEENA.name in readable(one)


def test_the_lock_key_hides_everything_about_alerts(signed_in: Stage) -> None:
    alert = signed_in.kota.alert(sample(0))
    signed_in.record(alert, Acknowledgement())
    until(lambda: "K-26-00001" in readable(signed_in))
    signed_in.press("F9")
    assert signed_in.seat.officer is None
    assert "K-26-00001" not in readable(signed_in)
    assert "Jhunjhunu" not in readable(signed_in)
