"""The command line: each foreseeable mistake is one sentence in the reader's language, and changes nothing."""

import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from sync import resources, sqlite
from sync.central.cli import main
from sync.central.store import migrations
from sync.words import Tongue
from tests.journeys.kota import Kota, free_port
from tests.sync.central.stage import JHUNJHUNU, report_at

Run = Any


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "kota"
    assert main(["--home", str(folder), "init", "--host", "127.0.0.1", "--json"]) == 0
    capsys.readouterr()
    return folder


class Cli:
    """Runs commands in this process and reads what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def ask(self, home: Path, *arguments: str) -> dict[str, Any]:
        code = main(["--home", str(home), *arguments, "--json"])
        out, err = self._capsys.readouterr()
        assert code == 0, err
        answer: dict[str, Any] = json.loads(out)
        return answer

    def fail(self, home: Path, *arguments: str) -> str:
        """The name of the error, after checking how it is told in both languages."""
        told = {}
        for tongue in Tongue:
            code = main(["--home", str(home), "--language", tongue, *arguments, "--json"])
            out, err = self._capsys.readouterr()
            assert code == 1
            answer = json.loads(out)
            assert err == answer["message"] + "\n"
            assert "{" not in err
            told[tongue] = answer["message"]
        name: str = answer["error"]
        return name


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_init_makes_a_folder_only_its_owner_can_read(home: Path) -> None:
    assert {file.stat().st_mode & 0o077 for file in [home, *home.rglob("*")]} == {0}
    assert {file.relative_to(home).as_posix() for file in home.rglob("*") if file.is_file()} == {
        "kota.toml",
        "ca.pem",
        "ca.key",
        "server.pem",
        "server.key",
        "central.sqlite3",
        "secrets/meta-webhook",
        "secrets/meta-verify",
        "secrets/token",
        "secrets/signing",
    }


def test_init_certifies_the_names_it_was_given(tmp_path: Path, cli: Cli) -> None:
    cli.ask(
        tmp_path / "k", "init", "--host", "kota.example.org", "10.1.2.3", "--host", "::1", "--port", "9443"
    )
    certificate = x509.load_pem_x509_certificate((tmp_path / "k" / "server.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(name.value) for name in names} == {
        "kota.example.org",
        "10.1.2.3",
        "::1",
        "localhost",
        "127.0.0.1",
    }
    context = ssl.create_default_context(cafile=str(tmp_path / "k" / "ca.pem"))
    assert context.get_ca_certs()
    assert cli.ask(tmp_path / "k", "status")["url"] == "https://kota.example.org:9443"


@pytest.mark.parametrize("host", ["कोटा", "two words", "", "-x.org", "a..b"])
def test_init_refuses_a_name_no_certificate_can_be_made_out_to(
    tmp_path: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--home", str(tmp_path / "k"), "init", "--host", host])
    assert "--host" in capsys.readouterr().err
    assert not (tmp_path / "k").exists()


def test_init_leaves_an_existing_kota_alone(home: Path, cli: Cli) -> None:
    before = everything(home)
    assert cli.fail(home, "init") == "AlreadyInitialisedError"
    assert everything(home) == before


def test_init_leaves_a_folder_with_something_in_it_alone(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    before = everything(tmp_path)
    assert cli.fail(tmp_path, "init") == "FolderNotEmptyError"
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    "command",
    [
        ["serve"],
        ["enrol-code", "--unit", "JJN"],
        ["officer", "list"],
        ["officer", "remove", "--unit", "JJN", "--id", "x"],
        ["unit", "list"],
        ["device", "list"],
        ["device", "revoke", "--device", "x"],
        ["alerts"],
        ["audit"],
        ["status"],
    ],
    ids="-".join,
)
def test_every_command_says_when_there_is_no_kota_or_the_folder_cannot_be_read(
    tmp_path: Path, cli: Cli, command: list[str]
) -> None:
    assert cli.fail(tmp_path / "nothing", *command) == "NotInitialisedError"
    (tmp_path / "file").write_text("not a folder")
    assert cli.fail(tmp_path / "file", *command) == "HomeUnreadableError"
    assert cli.fail(tmp_path / "file", "init") == "HomeUnreadableError"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("text", ["[listen", "[listen]\nhost = 1\nport = 2", "", b"\xff\xfe"])
def test_broken_settings_are_named(home: Path, cli: Cli, text: str | bytes) -> None:
    (home / "kota.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert cli.fail(home, "status") == "SettingsBrokenError"


def test_a_database_of_a_newer_version_is_left_alone(home: Path, cli: Cli) -> None:
    file = home / "central.sqlite3"
    connection = sqlite.connect(file)
    connection.execute(f"PRAGMA user_version = {migrations.VERSION + 1}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = file.read_bytes()
    assert cli.fail(home, "status") == "NewerDatabaseError"
    assert cli.fail(home, "officer", "remove", "--unit", "JJN", "--id", "x") == "NewerDatabaseError"
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(home: Path, cli: Cli) -> None:
    (home / "central.sqlite3").write_bytes(b"no database" * 1000)
    assert cli.fail(home, "audit") == "DatabaseDamagedError"
    (home / "central.sqlite3").unlink()
    assert cli.fail(home, "audit") == "DatabaseMissingError"
    assert not (home / "central.sqlite3").exists()


def test_a_port_in_use_is_found_before_anything_is_touched(home: Path, cli: Cli) -> None:
    before = everything(home)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert cli.fail(home, "serve", "--port", port) == "PortInUseError"
    assert cli.fail(home, "serve", "--host", "no-such-host.invalid") == "CannotListenError"
    assert everything(home) == before


def test_mistakes_about_units_officers_devices_and_files(
    home: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    add = ["officer", "add", "--password-file", str(password)]
    assert cli.fail(home, "enrol-code", "--unit", "XYZ") == "UnknownUnitError"
    assert cli.fail(home, *add, "--unit", "XYZ", "--id", "a", "--name", "A") == "UnknownUnitError"
    assert cli.fail(home, *add, "--unit", "JJN", "--id", "a b", "--name", "A") == "OfficerIdError"
    assert cli.fail(home, *add, "--unit", "JJN", "--id", "a", "--name", "") == "OfficerNameError"
    cli.ask(home, *add, "--unit", "JJN", "--id", "a", "--name", "A")
    assert cli.fail(home, *add, "--unit", "SIK", "--id", "a", "--name", "A") == "OfficerElsewhereError"
    assert cli.fail(home, "officer", "remove", "--unit", "SIK", "--id", "a") == "UnknownOfficerError"
    assert cli.fail(home, "device", "revoke", "--device", "x") == "UnknownDeviceError"
    assert cli.fail(home, "enrol-code", "--unit", "JJN", "--file", str(password)) == "FileNotWrittenError"
    assert password.read_text() == "correct horse\n"
    password.write_text("short")
    assert cli.fail(home, *add, "--unit", "JJN", "--id", "b", "--name", "B") == "PasswordError"
    password.unlink()
    assert cli.fail(home, *add, "--unit", "JJN", "--id", "b", "--name", "B") == "PasswordFileError"


def test_an_officer_is_added_changed_and_removed(
    home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse")
    add = ["officer", "add", "--unit", "JJN", "--id", "jjn-01", "--password-file", str(password)]
    cli.ask(home, *add, "--name", "मीना शर्मा")
    cli.ask(home, *add, "--name", "मीना वर्मा")
    assert cli.ask(home, "officer", "list") == {
        "officers": [{"id": "jjn-01", "unit": "JJN", "name": "मीना वर्मा"}]
    }
    cli.ask(home, "officer", "remove", "--unit", "JJN", "--id", "jjn-01")
    assert cli.ask(home, "officer", "list") == {"officers": []}
    assert cli.ask(home, "status")["feeds"] == {"JJN": 3}
    assert b"correct horse" not in (home / "central.sqlite3").read_bytes()


def test_an_enrolment_file_has_all_a_pc_needs(home: Path, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "jjn.enrol"
    code = cli.ask(home, "enrol-code", "--unit", "JJN", "--file", str(file))["code"]
    assert json.loads(file.read_text()) == {
        "server": "https://127.0.0.1:8443",
        "ca": (home / "ca.pem").read_text(),
        "code": code,
        "unit": "JJN",
    }
    assert file.stat().st_mode & 0o077 == 0


def test_an_enrolment_file_names_every_way_to_kota(cli: Cli, tmp_path: Path) -> None:
    home, file = tmp_path / "kota", tmp_path / "jjn.enrol"
    cli.ask(home, "init", "--host", "kota.example.org", "127.0.0.1", "10.1.2.3", "--port", "9443")
    cli.ask(home, "enrol-code", "--unit", "JJN", "--file", str(file))
    assert json.loads(file.read_text())["server"] == "https://kota.example.org:9443 https://10.1.2.3:9443"


@pytest.mark.parametrize("file", ["secrets/token", "secrets/signing", "server.pem", "server.key"])
def test_a_damaged_or_missing_key_is_named_before_anything_is_served(home: Path, cli: Cli, file: str) -> None:
    serve = ["serve", "--port", str(free_port())]
    (home / file).write_text("damaged")
    assert cli.fail(home, *serve) == "HomeUnreadableError"
    (home / file).unlink()
    assert cli.fail(home, *serve) == "HomeUnreadableError"


def test_a_broken_chain_makes_the_audit_fail(home: Path, cli: Cli) -> None:
    connection = sqlite.connect(home / "central.sqlite3")
    connection.execute("UPDATE feed_head SET hash = zeroblob(32) WHERE unit = 'JJN'")
    connection.close()
    assert cli.fail(home, "audit") == "ChainBrokenError"


@pytest.mark.parametrize("command", [["unit", "list"], ["status"], ["audit"], ["alerts"], ["device", "list"]])
def test_people_are_answered_in_lines(
    home: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert main(["--home", str(home), "--language", "en", *command]) == 0
    out, err = capsys.readouterr()
    assert out.strip()
    assert err == ""


def test_the_folder_may_be_named_by_the_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KOTA_CENTRAL_HOME", str(home))
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["units"] == len(resources.units())


@pytest.mark.slow
def test_a_real_kota_serves_over_tls_and_stops_when_told(tmp_path: Path) -> None:
    with Kota(tmp_path / "kota", port=free_port()) as kota:
        kota.init()
        kota.start()
        assert kota.report(json.dumps(report_at(*JHUNJHUNU)).encode()).json()["alert"] == "RJ-2026-000001"
        assert kota.stop() == 0
        kota.start()
        again = kota.report(json.dumps(report_at(*JHUNJHUNU)).encode()).json()
        assert (again["alert"], again["repeat"]) == ("RJ-2026-000001", True)
        kota.kill()
        assert [line["unit"] for line in kota.run("alerts")["alerts"]] == ["JJN"]
        assert kota.run("audit")["events"] == 2


def test_the_secret_of_the_platform_is_changed_by_its_file_and_never_shown(home: Path, cli: Cli) -> None:
    first = (home / "secrets" / "meta-webhook").read_text().strip()
    rotated = cli.ask(home, "secret", "rotate")
    second = Path(rotated["file"]).read_text().strip()
    assert cli.fail(home, "secret", "rotate") == "TwoLiveError"

    shown = cli.ask(home, "secret", "show-names")
    names = {Path(file).name for file in shown["files"]}
    assert names == {"meta-webhook", "meta-webhook-former", "meta-verify"}
    assert first != second
    assert not any(secret in json.dumps([rotated, shown]) for secret in (first, second))

    cli.ask(home, "secret", "retire")
    assert cli.fail(home, "secret", "retire") == "NothingToRetireError"
    assert {file.stat().st_mode & 0o077 for file in (home / "secrets").iterdir()} == {0}
