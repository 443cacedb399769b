"""What every test gets: no screen, no foreign settings, Hindi by default, and no silence about errors.

An unexpected log record of level ERROR fails the test that caused it, as Qt warnings and Python warnings do.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

# Before anything imports Qt.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test finds another home, another language or a key ring of the machine it runs on."""
    for name in [name for name in os.environ if name.startswith("KOTA_")]:
        monkeypatch.delenv(name)
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("only for tests")
    monkeypatch.setenv("KOTA_DESK_PASSPHRASE_FILE", str(passphrase))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.fixture(autouse=True)
def _errors_in_the_log_fail(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    errors = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors, "\n".join(record.getMessage() for record in errors)
