"""How a sound file gets out of this PC: Windows' own player, a Linux player if there is one, else a beep.

No player may block the window or raise; whether anything can be heard is told by `Player.works`, and the strip says
so when it cannot.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QApplication

if sys.platform == "win32":
    import winsound

COMMANDS = (("pw-play",), ("paplay",), ("aplay", "-q"))
STOP_S = 1.0


class Player(Protocol):
    """Plays one file at a time."""

    works: bool

    def play(self, file: Path) -> None: ...

    def stop(self) -> None: ...


class Beeper:
    """No sound device is known: the system's beep, which may be silent."""

    works = False

    def play(self, _file: Path) -> None:
        QApplication.beep()

    def stop(self) -> None:
        return


class CommandPlayer:
    """One of the players of a Linux desktop, in a process of its own; its exit code tells whether it was heard."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.works = True
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def play(self, file: Path) -> None:
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self.works = code == 0
        if not self.works:
            QApplication.beep()
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own list of commands, our own file
                [*self._command, str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except OSError:
            self.works = False

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class WindowsPlayer:
    """Windows' own, in the background."""

    works = True

    def play(self, file: Path) -> None:
        if sys.platform == "win32":
            try:
                winsound.PlaySound(str(file), winsound.SND_FILENAME | winsound.SND_ASYNC)
            except RuntimeError:
                self.works = False

    def stop(self) -> None:
        if sys.platform == "win32":
            winsound.PlaySound(None, winsound.SND_PURGE)


def find_player() -> Player:
    """The best way to be heard on this PC."""
    if sys.platform == "win32":
        return WindowsPlayer()
    for command in COMMANDS:
        found = shutil.which(command[0])
        if found:
            return CommandPlayer((found, *command[1:]))
    return Beeper()
