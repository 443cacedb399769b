"""The main job, played with real processes: one alert from Meta's report to the officer's desk and back to Kota.

    python -m tests.journeys.story [--pictures DIR] [--without-window]

With a display it happens in front of the user, who may then try it. Without one it runs offscreen, leaves pictures of
each step in both languages and ends with 0, or with the reason. Nothing here is staged: what is checked is read from
the screen, from the desk's and Kota's own commands, and from the databases after the kills.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.journeys import panel, reports
from tests.journeys.cable import Cable
from tests.journeys.kota import Kota
from tests.journeys.window import Window, said, waiting

PASSWORD = "abhyas-2026"
OFFICER = ("jjn-01", "मीना शर्मा")
HUB_OFFICER = ("kota-01", "रवि मीणा")
NOTES = (
    "घर का पता मिला: वार्ड 3, मण्डावा रोड",
    "थाना कोतवाली और 112 को साथ में बताया",
    "पिता से फ़ोन पर बात हुई, वे घर की ओर हैं",
)
TEAM, PLACE = "चेतक 3", "मण्डावा रोड, वार्ड 3"
DRAFT = "दरवाज़ा खुल गया है, टीम अंदर"


class Story:
    """The stage: Kota, the cable, two desks, and a clock that prints each step."""

    def __init__(self, folder: Path, pictures: Path | None, *, paced: bool) -> None:
        self.folder = folder
        self.pictures = pictures
        self.paced = paced
        self.open = ExitStack()
        self._started = time.monotonic()
        self._pictures_taken = 0
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text("only for this story")
        self.kota = self.open.enter_context(Kota(folder / "kota"))
        self.cable = self.open.enter_context(Cable(self.kota.port))
        self.desk_home = folder / "desk-jjn"
        self.hub_home = folder / "desk-hub"
        self.officer = OFFICER[1]
        self.password = PASSWORD
        self.officer_window: Window

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Print the step and how long it took; in front of a user, leave time to look."""
        begun = time.monotonic()
        yield
        ended = time.monotonic()
        print(f"{begun - self._started:6.1f} s  {what}  ({ended - begun:.2f} s)", flush=True)
        if self.paced:
            time.sleep(2)

    def desk(self, home: Path, *arguments: str, stdin: str = "") -> dict[str, Any]:
        """One ``kota-desk`` command with ``--json`` on the desk in ``home``."""
        finished = subprocess.run(
            [sys.executable, "-m", "desktop", "--home", str(home), *arguments, "--json"],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "KOTA_DESK_PASSPHRASE_FILE": str(self.passphrase)},
        )
        assert finished.returncode == 0, f"kota-desk {arguments}: {finished.stdout}{finished.stderr}"
        answer: dict[str, Any] = json.loads(finished.stdout)
        return answer

    def enrol(self, unit: str, home: Path) -> None:
        """Through the cable, so that it can be cut later."""
        file = self.kota.invite(unit)
        invitation = json.loads(file.read_text())
        file.write_text(json.dumps({**invitation, "server": self.cable.url}))
        self.desk(home, "enrol", "--file", str(file))

    def window(self, home: Path) -> Window:
        return self.open.enter_context(Window(home, self.passphrase))

    def picture(self, window: Window, name: str) -> None:
        """What the screen shows, in Hindi and in English."""
        if self.pictures is None:
            return
        self._pictures_taken += 1
        for tongue in ("hi", "en"):
            window.picture(self.pictures / f"{self._pictures_taken:02d}-{name}-{tongue}.png")
            window.press("F8")

    def sign_in(self, window: Window) -> None:
        window.until(said("Sign in"))
        window.write(PASSWORD)
        window.press("Return")
        window.gone(said("Sign in"))


def play(folder: Path, pictures: Path | None, *, paced: bool) -> Story:
    """The whole story. Raises ``AssertionError`` with the reason where it does not come true."""
    story = Story(folder, pictures, paced=paced)
    try:
        _play(story, pause_ms=40 if paced else 0)
    except BaseException:
        story.open.close()
        raise
    return story


def _play(story: Story, pause_ms: int) -> None:
    kota = story.kota
    with story.step("Kota starts, with its own certificate authority"):
        kota.init()
        kota.start()
        kota.add_officer("JJN", *OFFICER, PASSWORD)
        kota.add_officer("HUB-KOTA", *HUB_OFFICER, PASSWORD)
    with story.step("A desk in Jhunjhunu and one at the hub are enrolled by one-time codes"):
        story.enrol("JJN", story.desk_home)
        story.enrol("HUB-KOTA", story.hub_home)
        story.desk(story.desk_home, "sync", "--once")
    with story.step("The window opens; the officer signs in"):
        window = story.officer_window = story.window(story.desk_home)
        window.until(said("Sign in"))
        story.picture(window, "sign-in")
        story.sign_in(window)
        window.until(said("Everything Kota has for this desk is here"))
        story.picture(window, "no-alerts")
    number = _alarm(story, window)
    with story.step("The officer acknowledges; the alarm stops; Kota knows"):
        window.press("F5")
        window.gone(said("NEW ALERT"))
        window.until(said("at Kota {time}"))
        assert kota_alert(story, number)["stage"] == "acknowledged"
        story.picture(window, "acknowledged")
    with story.step("Kota is killed with -9; the desk says so"):
        kota.kill()
        window.until(said("NO CONTACT · since {since} · phone Kota"))
        story.picture(window, "no-contact")
    window = _work_without_kota(story, window, pause_ms)
    with story.step("Kota comes back; every entry arrives"):
        kota.start()
        window.until(said("Connected to Kota · checked {ago}"), within_s=30)
        window.gone(said("saved here"), within_s=30)
        story.picture(window, "all-at-kota")
    _check_every_end(story, number)
    with story.step("The hub's window shows the same"):
        hub = story.window(story.hub_home)
        story.sign_in(hub)
        hub.until(number)
        story.picture(hub, "hub")
        hub.kill()


def _alarm(story: Story, window: Window) -> str:
    everything = [*reports.samples(), *reports.generated(20, without=frozenset({"jhunjhunu"}))]
    with story.step(f"Meta reports {len(everything)} alerts; Jhunjhunu's desk alarms"):
        numbers = []
        for report in everything:
            reply = story.kota.report(reports.encoded(report))
            assert reply.status_code == 200, reply.text
            numbers.append(reply.json()["alert"])
        again = story.kota.report(reports.encoded(everything[0])).json()
        assert again["alert"] == numbers[0], "a repeat must be answered with the first number"
        assert again["repeat"] is True
        assert len(set(numbers)) == len(everything)
        window.until(said("NEW ALERT"), numbers[0])
        story.picture(window, "alarm")
    return str(numbers[0])


def _work_without_kota(story: Story, window: Window, pause_ms: int) -> Window:
    with story.step("Without a link: three notes and a dispatch are saved here"):
        for count, note in enumerate(NOTES, 1):
            window.press("F7")
            window.write(note, pause_ms)
            window.press("Ctrl+Return")
            window.until(note, waiting(count))
        window.press("F6")
        window.write(TEAM, pause_ms)
        window.press("Tab")
        window.write(PLACE, pause_ms)
        window.press("Return")
        window.until(TEAM, waiting(len(NOTES) + 1))
        story.picture(window, "saved-here")
    with story.step("The desk is killed with -9 in the middle of a note"):
        window.press("F7")
        window.write(DRAFT, pause_ms)
        window.until(said("Draft kept"))
        story.picture(window, "draft-kept")
        window.write(" …")
        window.kill()
    with story.step("Started again: all that was saved is there, and so is the draft"):
        window = story.officer_window = story.window(story.desk_home)
        story.sign_in(window)
        window.until(*NOTES, TEAM, DRAFT)
        story.picture(window, "after-the-kill")
    return window


def kota_alert(story: Story, number: str) -> dict[str, Any]:
    """Kota's own line on an alert."""
    [found] = [alert for alert in story.kota.run("alerts")["alerts"] if alert["number"] == number]
    return dict(found)


def _check_every_end(story: Story, number: str) -> None:
    with story.step("The hub sees every entry once, in its own feed; every chain verifies"):
        story.desk(story.hub_home, "sync", "--once")
        here = story.desk(story.desk_home, "show", "--alert", number)["timeline"]
        hub = story.desk(story.hub_home, "show", "--alert", number)["timeline"]
        assert [line["id"] for line in hub] == [line["id"] for line in here]
        assert len({line["id"] for line in hub}) == len(hub) == len(NOTES) + 2
        kinds = [line["kind"] for line in hub]
        assert kinds == ["acknowledgement", "note", "note", "note", "dispatch"], kinds
        assert all(line["delivery"] == "at_kota" for line in [*here, *hub])
        assert [line["data"]["text"] for line in hub if line["kind"] == "note"] == list(NOTES)
        assert story.desk(story.desk_home, "status")["waiting"] == 0
        story.kota.run("audit")
        story.desk(story.desk_home, "audit")
        story.desk(story.hub_home, "audit")


def has_display() -> bool:
    """Whether somebody can look: not under CI, and a screen of one kind or another."""
    if os.environ.get("CI"):
        return False
    if sys.platform in ("win32", "darwin"):
        return not os.environ.get("SSH_CONNECTION")
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=Path, default=Path("build/story"))
    parser.add_argument("--without-window", action="store_true", help="as on a machine without a display")
    arguments = parser.parse_args()
    shown = has_display() and not arguments.without_window
    if not shown:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        shutil.rmtree(arguments.pictures, ignore_errors=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kota-story-") as folder:
        try:
            story = play(Path(folder), None if shown else arguments.pictures, paced=shown)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            print(f"The story did not come true: {error}", file=sys.stderr)
            return 1
        with story.open:
            print(f"The story came true in {time.monotonic() - begun:.1f} s.", flush=True)
            if shown:
                panel.offer(story)
            else:
                print(f"Pictures of every step: {arguments.pictures}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
