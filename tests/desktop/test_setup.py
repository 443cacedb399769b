"""Before the first day: enrolment, and homes that do not open."""

from pathlib import Path

from desktop import app
from desktop.setup.page import SetupPage
from sync.case.entry import Acknowledgement
from sync.desk import salvage
from sync.desk.errors import EnrolmentFileUnreadableError, IdentityLostError, WrongPassphraseError
from sync.desk.home import Home
from sync.words import Tongue
from tests.desktop.readable import readable, said
from tests.desktop.seat import sample
from tests.desktop.stage import Player, Stage, stage, until


def test_a_pc_that_is_not_enrolled_asks_for_the_file(qtbot: object) -> None:
    with stage(enrolled=False) as one:
        assert said("Enrol this PC") in readable(one)


def test_a_file_that_is_no_invitation_is_refused_with_a_sentence(qtbot: object, tmp_path: Path) -> None:
    file = tmp_path / "wrong.enrol"
    file.write_text("{}")
    with stage(enrolled=False) as one:
        one.write(str(file))
        one.press("Return")
        until(lambda: said(EnrolmentFileUnreadableError.sentence, file=file) in readable(one))
        page = one.application.window.stack.currentWidget()
        assert isinstance(page, SetupPage)
        assert page.path.text() == str(file)
        assert page.enrol.isEnabled()


def test_a_damaged_home_is_salvaged_and_says_so_above_the_work_until_it_is_understood(one: Stage) -> None:
    one.close()
    raw = bytearray(one.home.database.read_bytes())
    raw[100] ^= 1
    one.home.database.write_bytes(raw)
    again = app.build(one.home, one.world, Tongue.HINDI, Player())
    one.application = again
    again.window.show()
    again.window.activateWindow()
    until(again.window.isActiveWindow)

    assert said(salvage.WAS_DAMAGED) in readable(one)
    assert said("Sign in") in readable(one)
    one.click(said("Understood"))
    assert said(salvage.WAS_DAMAGED) not in readable(one)
    assert again.desk is not None
    assert again.desk.salvaged() is None


def test_damage_met_at_work_is_salvaged_without_a_restart(signed_in: Stage) -> None:
    signed_in.desk._database._meet_damage()
    raw = bytearray(signed_in.home.database.read_bytes())
    raw[100] ^= 1
    signed_in.home.database.write_bytes(raw)

    until(lambda: said(salvage.WAS_DAMAGED) in readable(signed_in))
    assert said("Sign in") in readable(signed_in)


def test_a_pc_that_no_longer_knows_who_it_is_asks_to_be_enrolled_anew(one: Stage) -> None:
    one.close()
    one.home.front.unlink()
    for backup in one.home.backups.glob("*"):
        backup.unlink()
    raw = bytearray(one.home.database.read_bytes())
    raw[100] ^= 1
    one.home.database.write_bytes(raw)
    again = app.build(one.home, one.world, Tongue.HINDI, Player())
    one.application = again
    again.window.show()

    assert said(IdentityLostError.sentence) in readable(one)
    assert said("Enrol this PC") in readable(one)


def test_a_forgotten_passphrase_can_be_tried_again(one: Stage) -> None:
    one.close()
    locked = app.build(Home(one.home.folder, lambda: "wrong"), one.world, Tongue.HINDI, Player())
    one.application = locked
    locked.window.show()
    locked.window.activateWindow()
    until(locked.window.isActiveWindow)
    assert said("Passphrase of this PC") in readable(one)
    one.write("wrong again")
    one.press("Return")
    assert said(WrongPassphraseError.sentence) in readable(one)
    one.write("only for tests")
    one.press("Return")
    until(lambda: one.application.workplace is not None)
    assert said("Sign in") in readable(one)


def test_the_window_asks_before_it_closes_on_undelivered_entries(signed_in: Stage) -> None:
    alert = signed_in.kota.alert(sample(0))
    signed_in.record(alert, Acknowledgement())
    signed_in.drain()
    window = signed_in.application.window
    until(lambda: not window.close())
    assert window.isVisible()
    signed_in.click(said("Keep it open"))
    assert window.isVisible()
    window.close()
    signed_in.click(said("Close all the same"))
    assert not window.isVisible()
