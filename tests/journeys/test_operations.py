"""What `docs/operations.md` tells the administrator to type works, from the first line to the last."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sync.central.cli import _parser
from tests import postgresql
from tests.journeys.kota import free_port

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operations.md"
UNITS = ROOT / "resources" / "systemd"
PROGRAM = "/opt/kota/.venv/bin/kota-central"

# What the page calls `systemctl`: carries out what the unit file says, without a systemd.
SYSTEMCTL = """\
import os, select, signal, subprocess, sys
root = os.environ["PAGE_ROOT"]
def stop():
    if os.path.exists(f"{root}/pid"):
        pid = int(open(f"{root}/pid").read())
        os.remove(f"{root}/pid")
        process = os.pidfd_open(pid)
        os.kill(pid, signal.SIGTERM)
        assert select.select([process], [], [], 20)[0], "it does not stop"
def start():
    log = open(f"{root}/log", "a")
    command = os.environ["PAGE_START"].split()
    service = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
    assert service.stdout.readline(), "it does not start"
    open(f"{root}/pid", "w").write(str(service.pid))
word = sys.argv[1]
if word in ("stop", "restart"):
    stop()
if word in ("start", "restart"):
    start()
"""


def boxes() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the way the library wants it
    parser.read(UNITS / name)
    return parser


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A machine to type on: what stands for what on the page, and the environment as ``$NAME``."""
    with ExitStack() as stack:
        server = stack.enter_context(postgresql.running())
        tools = tmp_path / "tools"
        for folder in (tools, tmp_path / "srv", tmp_path / "media" / "safe", tmp_path / "mnt" / "backup"):
            folder.mkdir(parents=True)
        systemctl = tools / "systemctl"
        systemctl.write_text(f"#!{sys.executable}\n{SYSTEMCTL}")
        systemctl.chmod(0o755)
        programs = [
            str(tools),
            str(Path(sys.executable).parent),
            str(postgresql.programs()),
            os.environ["PATH"],
        ]
        start = unit("kota-central.service")["Service"]["ExecStart"]
        yield {
            "/srv/": f"{tmp_path}/srv/",
            "-C /srv ": f"-C {tmp_path}/srv ",
            "/media/safe": f"{tmp_path}/media/safe",
            "/mnt/backup": f"{tmp_path}/mnt/backup",
            "kota.example.org": "127.0.0.1",
            "10.1.2.3": "127.0.0.2",
            "8443": str(free_port()),
            "kota@db.example.org/kota": f"kota@/kota?host={server.socket}",
            "$PATH": os.pathsep.join(programs),
            "$PGHOST": server.socket,
            "$PGUSER": "postgres",
            "$PAGE_ROOT": str(tmp_path),
            "$PAGE_START": start.replace(PROGRAM, shutil.which("kota-central", path=programs[1]) or ""),
        }
        subprocess.run([systemctl, "stop"], env={**os.environ, "PAGE_ROOT": str(tmp_path)}, check=True)


@pytest.mark.slow
def test_every_command_of_the_page_works_in_its_order(machine: dict[str, str]) -> None:
    script = "\n".join(boxes())
    for said, meant in machine.items():
        if not said.startswith("$"):
            assert said in script or said == "-C /srv "
            script = script.replace(said, meant)
    environment = {name[1:]: value for name, value in machine.items() if name.startswith("$")}
    finished = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        env={**os.environ, "KOTA_LANGUAGE": "en", **environment},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    # Init, four looks at chains that hold, three restores.
    assert finished.stdout.count("All chains hold: 53 feeds with 1 events") == script.count("audit")
    assert finished.stdout.count("is in place") == script.count(" restore ") == 3
    # The practice PC stays a desk through all of it.
    assert finished.stdout.count("Everything is delivered") == script.count("kota-desk --home") - 1


def test_a_command_named_in_passing_is_one() -> None:
    passing = re.findall(r"`kota-central ([^`]+)`", PAGE.read_text(encoding="utf-8"))
    assert passing
    for line in passing:
        assert _parser().parse_args(line.split()).command


@pytest.mark.parametrize("name", ["kota-central.service", "kota-backup.service"])
def test_a_unit_runs_a_command_that_there_is(name: str) -> None:
    program, *arguments = unit(name)["Service"]["ExecStart"].split()
    assert program == PROGRAM
    assert _parser().parse_args(arguments).command
    assert unit(name)["Service"]["Environment"].startswith("KOTA_CENTRAL_HOME=/srv/kota")
