"""The window on a stage: one application over a real desk, Kota's hand on the desk, and an officer's on the keys."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QInputMethodEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from desktop import app
from desktop.alarm.sound import Beeper
from desktop.app import Application
from desktop.workplace import Workplace
from sync.case.entry import Acknowledgement, Dispatch, Note
from sync.case.unit import Officer
from sync.desk.desk import Desk
from sync.desk.home import Home
from sync.desk.projection import TimelineLine
from sync.words import Tongue
from tests.desktop.seat import MEENA, PASSWORD, Clocks, Kota, cut_off, enrolled_home, home_of

DEFERRED_DELETE = 52


class Player(Beeper):
    """A sound device that is there and says nothing."""

    works = True

    def play(self, _file: Path) -> None:
        return


class Stage:
    """One application on one home, and Kota's hand on its desk."""

    def __init__(self, home: Home, world: Clocks) -> None:
        self.world = world
        self.home = home
        self._kota: Kota | None = None
        self.application = self._opened()

    def _opened(self) -> Application:
        application = app.build(self.home, self.world, Tongue.HINDI, Player())
        application.window.move(QPoint(0, 0))
        application.window.show()
        application.window.activateWindow()
        assert QTest.qWaitForWindowActive(application.window)
        if application.desk is not None and self._kota is None:
            self._kota = Kota(application.desk, self.world)
        elif application.desk is not None and self._kota is not None:
            self._kota.desk = application.desk
        return application

    def open_again(self) -> None:
        """The program is started anew on the same home."""
        self.close()
        self.application.window.deleteLater()
        self.application = self._opened()

    def close(self) -> None:
        self.application.close()

    @property
    def seat(self) -> Workplace:
        assert self.application.workplace is not None
        return self.application.workplace

    @property
    def kota(self) -> Kota:
        assert self._kota is not None
        return self._kota

    @property
    def desk(self) -> Desk:
        assert self.application.desk is not None
        return self.application.desk

    def timeline(self) -> list[TimelineLine]:
        """What the desk has on the alert that is open."""
        case = self.desk.case(self.seat.case.alert_id or "")
        assert case is not None
        return list(case.timeline)

    def drain(self) -> None:
        """Let the lane finish what it was given, and the window hear of it."""
        heard: list[None] = []
        self.application.bridge.submit(lambda: None, heard.append)
        until(lambda: bool(heard))

    def click(self, words: str) -> None:
        """Press the button that begins with these words."""
        for control in self.application.window.findChildren(QAbstractButton):
            if control.isVisible() and control.text() == words:
                QTest.mouseClick(control, Qt.MouseButton.LeftButton)
                return
        raise AssertionError(f"no button says {words}")

    def sign_in(self, password: str = PASSWORD) -> None:
        self.write(password)
        self.press("Return")
        until(lambda: self.seat.officer is not None)

    def record(
        self, alert: str, *entries: Acknowledgement | Note | Dispatch, officer: Officer = MEENA
    ) -> None:
        for entry in entries:
            self.desk.record(officer, alert, entry)
            self.world.pass_s(40)

    def go_to(self, alert: str) -> None:
        number = self.desk.row_of(alert)
        assert number is not None
        until(lambda: self.seat.queue.choose(number))

    def press(self, keys: str) -> None:
        """A key or chord, to whatever has the keyboard."""
        chord = QKeySequence(keys)[0]  # type: ignore[index]  # the stubs do not know it
        QTest.keyClick(self._keyboard(), chord.key(), chord.keyboardModifiers())

    def write(self, text: str) -> None:
        """As an input method commits it: the way Devanagari is typed."""
        event = QInputMethodEvent()
        event.setCommitString(text)
        QApplication.sendEvent(self._keyboard(), event)

    def kill(self) -> None:
        """What a kill -9 leaves: nothing more is written, the file is as it is."""
        seat = self.seat
        seat._second.stop()
        seat.case.note._pause.stop()
        seat.ringer.stop()
        seat.alarm.stop()
        self.application.bridge.close()
        self.desk.close()
        self.application._closed = True

    def _keyboard(self) -> QWidget:
        return QApplication.focusWidget() or self.application.window


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
        home = home_of(Path(folder))
        if enrolled:
            shutil.copytree(_enrolled(), home.folder)
        else:
            home.prepare()
        open_stage = Stage(home, Clocks())
        try:
            yield open_stage
        finally:
            open_stage.close()
            for widget in QApplication.topLevelWidgets():
                widget.deleteLater()
            QApplication.sendPostedEvents(None, DEFERRED_DELETE)


@cache
def _enrolled() -> Path:
    """Enrolled once, copied for each stage."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return enrolled_home(folder, Clocks()).folder
