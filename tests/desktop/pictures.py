"""Pictures of every screen, in both languages, to be looked at: ``python -m tests.desktop.pictures FOLDER``.

Real windows over a real desk, offscreen, at the smallest screen that must do. Nothing is drawn that an officer would
not see.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop import app
from desktop.alarm.sound import Beeper
from desktop.app import Application
from desktop.shell.shortcuts import Key
from desktop.shell.window import SIZE
from desktop.workplace import Workplace
from sync.case.entry import Acknowledgement, Dispatch, Note
from sync.case.report import parse
from sync.case.unit import Officer
from sync.desk.home import Home
from sync.wire.messages import Refusal
from sync.words import Tongue
from tests.desktop.seat import MEENA, PASSWORD, Clocks, Kota, cut_off, enrolled_home, home_of, sample
from tests.journeys import reports

NOTES = (
    "घर का पता मिला: वार्ड 3, मण्डावा रोड।",
    "थाना कोतवाली और 112 को साथ में बताया। पिता से फ़ोन पर बात हुई, वे घर की ओर निकल चुके हैं; पड़ोसी दरवाज़े पर हैं।",
)


class Player(Beeper):
    """A sound device that is there and says nothing."""

    works = True

    def play(self, _file: Path) -> None:
        return


class Stage:
    """One application on one home, and Kota's hand on its desk."""

    def __init__(self, home: Home, world: Clocks) -> None:
        self.world = world
        self.application: Application = app.build(home, world, Tongue.HINDI, Player())
        self.application.window.move(QPoint(0, 0))
        self.application.window.show()
        self._kota = Kota(self.application.desk, world) if self.application.desk else None

    @property
    def seat(self) -> Workplace:
        assert self.application.workplace is not None
        return self.application.workplace

    @property
    def kota(self) -> Kota:
        assert self._kota is not None
        return self._kota

    def sign_in(self) -> None:
        self.seat.lock.password.setText(PASSWORD)
        self.seat.lock.password.returnPressed.emit()
        until(lambda: self.seat.officer is not None)

    def record(
        self, alert: str, *entries: Acknowledgement | Note | Dispatch, officer: Officer = MEENA
    ) -> None:
        assert self.application.desk is not None
        for entry in entries:
            self.application.desk.record(officer, alert, entry)
            self.world.pass_s(40)

    def go_to(self, alert: str) -> None:
        assert self.application.desk is not None
        number = self.application.desk.row_of(alert)
        assert number is not None
        until(lambda: self.seat.queue.choose(number))

    def photograph(self, file: Path) -> None:
        """What stands on the screen, the alarm on top."""
        QTest.qWait(650)
        canvas = QPixmap(*SIZE)
        canvas.fill(QColor("#30343a"))
        painter = QPainter(canvas)
        painter.drawPixmap(QPoint(0, 0), self.application.window.grab())
        alarm = self.application.workplace.alarm if self.application.workplace else None
        if alarm is not None and alarm.isVisible():
            painter.drawPixmap(alarm.frameGeometry().topLeft(), alarm.grab())
        painter.end()
        assert canvas.save(str(file)), f"cannot write {file}"


def until(condition: Callable[[], bool], within_ms: int = 5000) -> None:
    """Let Qt work until it is so."""
    for _ in range(within_ms // 10):
        if condition():
            return
        QTest.qWait(10)
    raise TimeoutError("the screen did not get there")


@contextmanager
def stage(*, enrolled: bool = True) -> Iterator[Stage]:
    """A stage on a fresh home."""
    with tempfile.TemporaryDirectory() as folder, cut_off():
        world = Clocks()
        home = enrolled_home(Path(folder), world) if enrolled else home_of(Path(folder))
        if not enrolled:
            home.prepare()
        open_stage = Stage(home, world)
        try:
            yield open_stage
        finally:
            open_stage.application.close()
            for widget in QApplication.topLevelWidgets():
                widget.deleteLater()
            QApplication.sendPostedEvents(None, 52)


def fill(kota: Kota) -> None:
    """Alerts of earlier days, all answered."""
    for number, raw in enumerate(reports.generated(6), 1):
        alert = kota.alert(parse(reports.encoded(raw)), number=f"K-26-{number:05d}", age_s=number * 40_000)
        kota.entry(alert, MEENA, "JJN", Acknowledgement())
        if number % 2:
            kota.entry(alert, MEENA, "JJN", Dispatch(team="चेतक 2", place=""))


def scenes(take: Callable[[Stage, str], None]) -> None:
    """Every screen, in the order in which an officer meets them."""
    with stage(enrolled=False) as one:
        take(one, "00-enrol")
    with stage() as one:
        one.kota.answers()
        one.world.pass_s(7)
        take(one, "01-sign-in")
        one.sign_in()
        take(one, "02-empty-connected")
        one.kota.is_silent()
        one.world.pass_s(600)
        take(one, "03-empty-not-connected")
    with stage() as one:
        fill(one.kota)
        one.kota.answers()
        one.sign_in()
        live = one.kota.alert(sample(0), number="K-26-00017", age_s=42)
        take(one, "04-alarm")
        one.go_to(live)
        take(one, "05-case-new")
        one.record(live, Acknowledgement(), *(Note(text=text) for text in NOTES))
        one.kota.is_silent()
        one.seat.case.note.field.setPlainText("दरवाज़ा खुल गया है, टीम अंदर")
        until(lambda: not one.seat.alarm.isVisible())
        take(one, "06-saved-here-not-connected")
        one.application.window.key_pressed.emit(Key.DISPATCH)
        take(one, "07-dispatch-form")
        one.application.window.key_pressed.emit(Key.HELP)
        take(one, "08-keys")
        one.application.window.key_pressed.emit(Key.HELP)
        one.seat.case._card.close_form()
        one.record(live, Dispatch(team="चेतक 3", place="मण्डावा रोड, वार्ड 3"))
        one.kota.settle()
        one.kota.answers()
        take(one, "09-dispatched-at-kota")
        one.record(live, Note(text="टीम मौके पर, परिजन साथ हैं।"))
        one.kota.settle(refuse=Refusal.UNREADABLE)
        take(one, "10-refused")
        one.application.window.key_pressed.emit(Key.LOCK)
        one.kota.alert(sample(1, status="actual"), number="K-26-00018", age_s=95, unit="JJN")
        take(one, "11-locked-with-alarm")


def main() -> None:
    """Every scene, in Hindi and in English."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/pictures")
    folder.mkdir(parents=True, exist_ok=True)

    def take(one: Stage, name: str) -> None:
        for tongue in Tongue:
            one.photograph(folder / f"{name}-{tongue.value}.png")
            one.application.language.switch()

    scenes(take)


if __name__ == "__main__":
    main()
