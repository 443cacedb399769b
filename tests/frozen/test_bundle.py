"""The bundle that goes to a control room without Python: it is built, starts, and can do its work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = Path(__file__).resolve().parents[2] / "build.spec"
BUILD_TIMEOUT_S = 300


@pytest.mark.slow
@pytest.mark.timeout(2 * BUILD_TIMEOUT_S)
def test_the_bundle_checks_itself_in_silence(tmp_path: Path) -> None:
    places = ["--distpath", str(tmp_path / "dist"), "--workpath", str(tmp_path / "work")]
    subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", *places, str(SPEC)],
        check=True,
        timeout=BUILD_TIMEOUT_S,
    )
    desk = tmp_path / "dist" / "kota-desk" / "kota-desk"

    # Elsewhere, so that nothing of the checkout can stand in for a file the bundle lacks.
    checked = subprocess.run(
        [desk, "self-check", "--json"], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stderr == ""
    names = {check["name"] for check in json.loads(checked.stdout)["checks"] if check["ok"]}
    assert names == {"database", "key", "tls", "translations", "fonts", "sounds"}

    refused = subprocess.run(
        [desk, "--home", str(tmp_path / "home"), "--language", "en", "status"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode != 0
    assert refused.stderr.strip() == (
        "This PC is not enrolled. Run kota-desk enrol --file FILE with the file from Kota."
    )
