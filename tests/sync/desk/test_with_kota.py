"""Desks and a real Kota: its own process, real TLS, real kills; the desk by its command line and by its facade."""

import io
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.case.entry import Acknowledgement, Dispatch, Note
from sync.desk import cli, enrolment, errors, throwaway
from sync.desk.desk import Desk
from sync.desk.enrolment import Invitation
from sync.desk.home import Home
from sync.desk.projection import Changed, Delivery, Link, LinkProblem
from sync.world import Machine
from tests.journeys import reports
from tests.journeys.cable import Cable
from tests.journeys.kota import Kota
from tests.sync.desk.model_kota import MEENA

PASSWORD = "एक लंबा पासवर्ड"
WORLD = Machine()

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kota]:
    with Kota(tmp_path_factory.mktemp("kota")) as kota:
        kota.init()
        kota.add_officer("JJN", MEENA.id, MEENA.name, PASSWORD)
        kota.start()
        yield kota


@pytest.fixture
def kota(running: Kota) -> Iterator[Kota]:
    """Kota, running; also after a test that killed it."""
    yield running
    if running._process is None:
        running.start()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "desk")


@pytest.fixture
def desk(running: Kota, home: Home) -> Iterator[Desk]:
    enrolment.enrol(home, invitation(running), WORLD, "PC")
    desk = Desk.open(home, WORLD)
    yield desk
    desk.close()


def invitation(kota: Kota, unit: str = "JJN", **changes: str) -> Invitation:
    file = kota.invite(unit)
    found = json.loads(file.read_bytes())
    file.unlink()
    return Invitation(**{**found, **changes})


def report_anew(kota: Kota) -> None:
    """An alert for Jhunjhunu under a reference of its own."""
    report = reports.samples()[0]
    report["source"]["reference"] = f"SAMPLE-{time.monotonic_ns()}"
    assert kota.report(reports.encoded(report)).status_code == 200


def until(held: Callable[[], Any], within_s: float = 15) -> Any:
    """Wait for a condition in another thread or process; what it gave."""
    deadline = time.monotonic() + within_s
    while not (found := held()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)
    return found


def test_an_alert_reaches_the_desk_and_entries_reach_kota_through_a_cut(kota: Kota, home: Home) -> None:
    with Cable(kota.port) as cable:
        enrolment.enrol(home, invitation(kota, server=cable.url), WORLD, "PC")
        desk = Desk.open(home, WORLD)
        told: list[Changed] = []
        try:
            desk.start(told.append)
            report_anew(kota)
            alert = until(desk.alarming)[0].alert_id
            until(lambda: any(alert in changed.alerts for changed in told))
            officer = desk.sign_in(MEENA.id, PASSWORD)
            desk.record(officer, alert, Acknowledgement())
            until(lambda: desk.status().waiting == 0)

            cable.cut()
            until(lambda: desk.status().link is Link.NOT_CONNECTED)
            desk.record(officer, alert, Note("बिना लिंक"))
            desk.record(officer, alert, Dispatch("चेतक 3"))
            assert desk.status().waiting == 2
            cable.mend()

            until(lambda: desk.status().waiting == 0)
            until(lambda: desk.status().in_step)
            case = desk.case(alert)
            assert case is not None
            assert [line.delivery for line in case.timeline] == [Delivery.AT_KOTA] * 3
        finally:
            begun = time.monotonic()
            desk.close()
            assert time.monotonic() - begun < 2.5
    kota.run("audit")


def test_a_kota_killed_before_its_reply_gets_each_entry_once(kota: Kota, home: Home) -> None:
    """The push goes out; Kota dies somewhere between reading it and its reply arriving."""
    enrolment.enrol(home, invitation(kota), WORLD, "PC")
    desk = Desk.open(home, WORLD)
    try:
        report_anew(kota)
        desk.sync()
        alert = desk.alarming()[0].alert_id
        desk.start(lambda _: None)
        for number in range(12):
            desk.record(MEENA, alert, Note(f"नोट {number}"))
            if number % 4 == 1:
                kota.kill()
                kota.start()
        until(lambda: desk.status().waiting == 0, within_s=30)
        until(lambda: desk.status().in_step)
        case = desk.case(alert)
        assert case is not None
        texts = [line.data.text for line in case.timeline if isinstance(line.data, Note)]
        assert texts == [f"नोट {number}" for number in range(12)]
        assert case.row.state.notes == 12
        assert desk.audit().log.number == 12
    finally:
        desk.close()
    kota.run("audit")


def test_another_history_at_kota_is_said_and_nothing_is_taken_over(running: Kota, desk: Desk) -> None:
    """As a device that Kota knows, with a feed that Kota never had."""
    desk.sync()
    desk._database.write(lambda c: c.exec_driver_sql("UPDATE feed_state SET hash = zeroblob(32)"))

    with pytest.raises(errors.HistoryDiffersError):
        desk.sync()

    found = desk.status()
    assert (found.link, found.problem) == (Link.NOT_CONNECTED, LinkProblem.DIFFERS)


def test_a_desk_that_was_struck_off_is_told_so_and_keeps_everything(running: Kota, desk: Desk) -> None:
    report_anew(running)
    desk.sync()
    alert = desk.alarming()[0].alert_id
    desk.record(MEENA, alert, Note("bleibt"))
    running.run("device", "revoke", "--device", desk.device)

    with pytest.raises(errors.DeviceRevokedError):
        desk.sync()

    assert desk.status().waiting == 1
    assert desk.case(alert) is not None


# ---- enrolment ------------------------------------------------------------------------------------------------


def test_a_lost_reply_to_enrolment_is_made_good_by_asking_again(running: Kota, home: Home) -> None:
    invited = invitation(running)
    enrolment.enrol(home, invited, WORLD, "PC")
    desk = Desk.open(home, WORLD)
    first = desk.device
    forget = "UPDATE device SET device = NULL"
    desk._database.write(lambda c: (c.exec_driver_sql(forget), c.exec_driver_sql("DELETE FROM feed_state")))
    desk.close()

    enrolment.enrol(home, invited, WORLD, "PC")

    desk = Desk.open(home, WORLD)
    assert desk.device == first
    desk.close()


def test_a_code_enrols_one_pc_only_and_a_second_try_with_a_new_code_works(
    running: Kota, home: Home, tmp_path: Path
) -> None:
    invited = invitation(running)
    enrolment.enrol(Home(tmp_path / "other"), invited, WORLD, "PC")

    with pytest.raises(errors.CodeUsedError):
        enrolment.enrol(home, invited, WORLD, "PC")
    with pytest.raises(errors.NotEnrolledError):
        Desk.open(home, WORLD)
    with pytest.raises(errors.CodeUnknownError):
        enrolment.enrol(home, invitation(running, code="AAAA-BBBB-CCCC"), WORLD, "PC")

    enrolment.enrol(home, invitation(running), WORLD, "PC")
    Desk.open(home, WORLD).close()


def test_an_enrolled_pc_is_not_enrolled_again(running: Kota, desk: Desk, home: Home) -> None:
    with pytest.raises(errors.AlreadyEnrolledError):
        enrolment.enrol(home, invitation(running, "HUB-KOTA"), WORLD, "PC")

    assert desk.unit.code == "JJN"


def test_a_server_of_another_authority_is_not_trusted_with_the_code(running: Kota, home: Home) -> None:
    other = throwaway.authority(WORLD).pem

    with pytest.raises(errors.ServerNotTrustedError):
        enrolment.enrol(home, invitation(running, ca=other), WORLD, "PC")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"server": "http://127.0.0.1"}, errors.ServerAddressError),
        ({"server": "kota"}, errors.ServerAddressError),
        ({"server": "https://127.0.0.1:99999"}, errors.ServerAddressError),
        ({"server": "https://127.0.0.1:1"}, errors.KotaUnreachableError),
        ({"ca": "no certificate"}, errors.CertificateUnreadableError),
    ],
)
def test_a_wrong_address_or_certificate_is_said_before_anything_is_made(
    running: Kota, home: Home, changes: dict[str, str], error: type[errors.DeskError]
) -> None:
    with pytest.raises(error):
        enrolment.enrol(home, invitation(running, **changes), WORLD, "PC")
    assert error is errors.KotaUnreachableError or not home.folder.exists()


# ---- the command line -----------------------------------------------------------------------------------------


Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """One ``kota-desk`` command with ``--json``; its answer."""

    def run(*arguments: str, stdin: str = "", code: int = 0, at: Home = home) -> dict[str, Any]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        found = cli.main(["--home", str(at.folder), "--language", "en", *arguments, "--json"])
        said = capsys.readouterr()
        assert found == code, said.out + said.err
        answer: dict[str, Any] = json.loads(said.out)
        if code:
            assert said.err.strip() == answer["message"]
        return answer

    return run


def test_a_script_can_enrol_pull_record_push_and_prove(kota: Kota, run: Run, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n", encoding="utf-8")
    report_anew(kota)
    assert run("enrol", "--file", str(kota.invite("JJN")), "--name", "PC")["unit"] == "JJN"
    assert run("sync", "--once")["in_step"] is True
    number = run("alerts")["alerts"][-1]["number"]
    as_officer = ("record", "--officer", MEENA.id, "--password-file", str(password), "--alert", number)

    run(*as_officer, "acknowledge")
    run(*as_officer, "note", "--text-file", "-", stdin="दो\nपंक्तियाँ\n")
    run(*as_officer, "dispatch", "--team", "चेतक 3", "--place", "मण्डावा रोड")
    assert run("status")["waiting"] == 3
    kota.kill()
    assert run("sync", code=1)["error"] == "KotaUnreachableError"
    assert run("status")["waiting"] == 3
    kota.start()
    assert run("sync")["waiting"] == 0

    timeline = run("show", "--alert", number)["timeline"]
    assert [line["kind"] for line in timeline] == ["acknowledgement", "note", "dispatch"]
    assert timeline[1]["data"] == {"text": "दो\nपंक्तियाँ"}
    assert all(line["delivery"] == "at_kota" for line in timeline)
    assert run("audit")["log"]["number"] == 3

    assert run("show", "--alert", "RJ-0", code=1)["error"] == "UnknownAlertError"
    wrong = ("record", "--officer", MEENA.id, "--password-file", "-", "--alert", number, "acknowledge")
    assert run(*wrong, stdin="falsch\n", code=1)["error"] == "WrongPasswordError"
    missing = (
        "record",
        "--officer",
        MEENA.id,
        "--password-file",
        "nowhere",
        "--alert",
        number,
        "acknowledge",
    )
    assert run(*missing, code=1)["error"] == "FileUnreadableError"


def test_what_is_wrong_with_the_home_is_one_sentence(run: Run, home: Home, tmp_path: Path) -> None:
    home.prepare()
    assert run("status", code=1)["error"] == "NotEnrolledError"
    (tmp_path / "file").write_text("x")
    assert run("status", code=1, at=Home(tmp_path / "file"))["error"] == "HomeUnreadableError"
    assert run("enrol", code=1)["error"] == "InvitationMissingError"
    (tmp_path / "not-json").write_text("x")
    bad = run("enrol", "--file", str(tmp_path / "not-json"), code=1)
    assert bad["error"] == "EnrolmentFileUnreadableError"
    assert list(home.folder.iterdir()) == []


def test_a_wrong_passphrase_touches_nothing(desk: Desk, home: Home, tmp_path: Path) -> None:
    desk.close()
    before = {file.name: file.read_bytes() for file in home.folder.iterdir()}
    home.passphrase = lambda: "falsch"

    with pytest.raises(errors.WrongPassphraseError):
        Desk.open(home, WORLD)

    assert {file.name: file.read_bytes() for file in home.folder.iterdir()} == before


# ---- what Kota orders -----------------------------------------------------------------------------------------


def test_kota_hears_of_the_desk_and_can_have_it_destroy_everything(running: Kota, home: Home) -> None:
    enrolment.enrol(home, invitation(running), WORLD, "PC")
    desk = Desk.open(home, WORLD)
    try:
        report_anew(running)
        desk.sync()
        (device,) = [one for one in running.run("device", "health")["devices"] if one["id"] == desk.device]
        assert (device["said"]["waiting"], device["said"]["feed"] > 0) == (0, True)
        running.run("device", "wipe", "--device", desk.device)

        with pytest.raises(errors.DeviceRevokedError):
            desk.sync()
    finally:
        desk.close()

    assert [file.name for file in home.folder.iterdir()] == ["wiped"]
    (device,) = [one for one in running.run("device", "health")["devices"] if one["id"] == desk.device]
    assert [command["result"] for command in device["commands"]] == ["done"]
    with pytest.raises(errors.WipedError):
        Desk.open(home, WORLD)
    enrolment.enrol(home, invitation(running), WORLD, "PC")
    Desk.open(home, WORLD).close()


# ---- a disk that was copied or set back -----------------------------------------------------------------------


def notes_on(desk: Desk, alert: str) -> list[str]:
    case = desk.case(alert)
    assert case is not None
    assert all(line.delivery is Delivery.AT_KOTA for line in case.timeline)
    return sorted(line.data.text for line in case.timeline if isinstance(line.data, Note))


def test_two_pcs_from_one_disk_lose_and_double_nothing(running: Kota, home: Home, tmp_path: Path) -> None:
    enrolment.enrol(home, invitation(running), WORLD, "PC")
    report_anew(running)
    one = Desk.open(home, WORLD)
    one.sync()
    alert = one.alarming()[-1].alert_id
    one.record(MEENA, alert, Note("vor dem Kopieren"))
    one.close()
    shutil.copytree(home.folder, tmp_path / "copy")
    one, other = Desk.open(home, WORLD), Desk.open(Home(tmp_path / "copy"), WORLD)
    try:
        one.record(MEENA, alert, Note("eins"))
        other.record(MEENA, alert, Note("zwei"))
        one.sync()
        other.sync()
        one.record(MEENA, alert, Note("drei"))
        one.sync()
        other.sync()

        texts = ["drei", "eins", "vor dem Kopieren", "zwei"]
        assert notes_on(one, alert) == notes_on(other, alert) == texts
        assert (one.incarnation(), other.incarnation()) == (1, 2)
        for desk in (one, other):
            desk.audit()
            assert desk.status().waiting == 0
        rows = running.run("device", "list")["devices"]
        assert next(row for row in rows if row["id"] == one.device)["incarnation"] == 2
    finally:
        one.close()
        other.close()
    running.run("audit")


def test_a_pc_set_back_to_an_old_image_goes_on_without_loss(
    running: Kota, home: Home, tmp_path: Path
) -> None:
    enrolment.enrol(home, invitation(running), WORLD, "PC")
    report_anew(running)
    desk = Desk.open(home, WORLD)
    desk.sync()
    alert = desk.alarming()[-1].alert_id
    desk.close()
    shutil.copytree(home.folder, tmp_path / "image")
    desk = Desk.open(home, WORLD)
    desk.record(MEENA, alert, Note("nach dem Image"))
    desk.sync()
    desk.close()

    desk = Desk.open(Home(tmp_path / "image"), WORLD)
    try:
        desk.record(MEENA, alert, Note("nach dem Zurücksetzen"))
        desk.sync()

        assert notes_on(desk, alert) == ["nach dem Image", "nach dem Zurücksetzen"]
        desk.audit()
    finally:
        desk.close()
    running.run("audit")


def test_kota_can_have_a_pc_begin_a_new_log(running: Kota, desk: Desk) -> None:
    report_anew(running)
    desk.sync()
    alert = desk.alarming()[-1].alert_id
    desk.record(MEENA, alert, Note("eins"))
    running.run("device", "new-incarnation", "--device", desk.device)

    desk.sync()
    desk.record(MEENA, alert, Note("zwei"))
    desk.sync()

    assert desk.incarnation() == 2
    assert notes_on(desk, alert) == ["eins", "zwei"]
