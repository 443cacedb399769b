"""Rings until it is told to stop, louder and faster the longer it rings."""

from pathlib import Path

from msgspec import Struct
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.alarm.sound import Player
from sync import resources


class Ring(Struct, frozen=True):
    """One ring: which file, and the pause until the next."""

    file: Path
    pause_ms: int


# From the nth ring on: loudness step and pause. Counted in rings, so that no clock decides.
STEPS = ((0, 1, 5_000), (6, 2, 3_500), (18, 3, 2_000))


def ring(count: int, *, live: bool) -> Ring:
    """The ring after ``count`` others. A live alert begins at the second step."""
    begun = count + (STEPS[1][0] if live else 0)
    _, step, pause_ms = next(known for known in reversed(STEPS) if begun >= known[0])
    return Ring(resources.path("sounds", f"{'live' if live else 'alert'}-{step}.wav"), pause_ms)


class Ringer(QObject):
    """`sound_told` carries whether the last ring could be heard, on the GUI thread."""

    sound_told = Signal(bool)

    def __init__(self, player: Player) -> None:
        super().__init__()
        self._player = player
        self._rung = 0
        self._live = False
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._ring)

    @property
    def ringing(self) -> bool:
        return self._next.isActive()

    def start(self, *, live: bool) -> None:
        """Ring from now on; a change to *live* is heard at once."""
        if self.ringing and live == self._live:
            return
        self._live = live
        self._ring()

    def stop(self) -> None:
        """Every alert is acknowledged, or the window closes."""
        self._next.stop()
        self._rung = 0
        self._player.stop()

    def _ring(self) -> None:
        now = ring(self._rung, live=self._live)
        self._rung += 1
        self._player.play(now.file)
        self._next.start(now.pause_ms)
        self.sound_told.emit(self._player.works)
