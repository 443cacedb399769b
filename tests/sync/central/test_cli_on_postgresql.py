"""Every command of ``kota-central`` works on a PostgreSQL database as it does on a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from sync.central.cli import main
from tests.postgresql import PostgresServer

pytestmark = pytest.mark.slow


def test_every_command_works_on_postgresql(
    postgresql_server: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "kota"), "--language", "en"]
    password = tmp_path / "password"
    password.write_text("एक लंबा पासवर्ड\n", encoding="utf-8")

    def ask(*arguments: str, expect: int = 0) -> dict[str, Any]:
        code = main([*home, *arguments, "--json"])
        out, err = capsys.readouterr()
        assert code == expect, err
        answer: dict[str, Any] = json.loads(out)
        return answer

    address = postgresql_server.new()
    wanted = ["--database", address, "--database-password-file", str(password)]
    ask("init", "--host", "127.0.0.1", *wanted)
    assert ask("init", "--host", "127.0.0.1", *wanted, expect=1)["error"] == "AlreadyInitialisedError"
    assert len(ask("unit", "list")["units"]) == 53
    officer = ["--unit", "JJN", "--id", "jjn-01"]
    ask("officer", "add", *officer, "--name", "मीना", "--password-file", str(password))
    assert [one["name"] for one in ask("officer", "list")["officers"]] == ["मीना"]
    ask("officer", "remove", *officer)
    assert ask("officer", "remove", *officer, expect=1)["error"] == "UnknownOfficerError"
    assert ask("enrol-code", "--unit", "JJN")["unit"] == "JJN"
    assert ask("device", "list") == {"devices": []}
    assert ask("device", "revoke", "--device", "x", expect=1)["error"] == "UnknownDeviceError"
    assert ask("device", "wipe", "--device", "x", expect=1)["error"] == "UnknownDeviceError"
    assert ask("device", "health") == {"devices": []}
    assert ask("alerts") == {"alerts": []}
    assert ask("status")["feeds"] == {"JJN": 2}
    assert ask("audit") == {"feeds": 53, "events": 2, "logs": 0, "entries": 0}


def test_a_database_that_is_away_is_said_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "kota"), "--language", "en"]
    assert main([*home, "init", "--host", "127.0.0.1", "--database", f"postgresql:///k?host={tmp_path}"]) == 1
    _, err = capsys.readouterr()
    assert err.startswith("The PostgreSQL database k cannot be used (")
    assert err.count("\n") == 1
    assert not list((tmp_path / "kota").iterdir())
