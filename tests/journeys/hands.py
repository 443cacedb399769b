"""An officer's hands and eyes on the real window, for journeys: ``python -m tests.journeys.hands --home DIR``.

Builds the very application `kota-desk` shows and obeys one JSON order a line on standard input, answering each with
one line on standard output once it is carried out:

    {"press": "F5"}                       a key or chord, to whichever window has the keyboard
    {"write": "text", "pause_ms": 0}      text into the field that has the keyboard, as an input method brings it
    {"until": ["words", …], "within_s"}   wait until all of these can be read somewhere on the screen
    {"gone": ["words", …], "within_s"}    wait until none of them can
    {"read": true}                        everything that can be read now
    {"picture": "file.png"}               what the screen shows
    {"close": true}                       close the window as its user would

It knows keys and what is written on the screen, and nothing of how the screen is made.
"""

import argparse
import json
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QInputMethodEvent, QKeySequence, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from desktop import app
from sync.desk.home import Home
from sync.world import Machine

SCREEN = (1366, 768)
LOOK_EVERY_MS = 30


def windows() -> list[QWidget]:
    """The visible windows, the one on top last."""
    shown = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    return sorted(shown, key=lambda widget: bool(widget.windowFlags() & Qt.WindowType.WindowStaysOnTopHint))


def readable() -> Iterator[str]:
    """Every text an officer could read just now, rows of lists included."""
    for window in windows():
        for widget in [window, *window.findChildren(QWidget)]:
            if widget.isVisible():
                yield from _texts(widget)


def _texts(widget: QWidget) -> Iterator[str]:
    match widget:
        case QLabel() | QAbstractButton() | QLineEdit():
            yield widget.text()
        case QGroupBox():
            yield widget.title()
        case QComboBox():
            yield widget.currentText()
        case QTextEdit() | QPlainTextEdit():
            yield widget.toPlainText()
        case QAbstractItemView():
            if widget.model() is not None:
                yield from _rows(widget.model())


def _rows(model: QAbstractItemModel) -> Iterator[str]:
    for row in range(model.rowCount(QModelIndex())):
        yield str(model.index(row, 0).data(Qt.ItemDataRole.DisplayRole) or "")


def picture(file: Path) -> None:
    """One image of the screen, windows on top drawn last."""
    canvas = QPixmap(*SCREEN)
    canvas.fill(QColor("#30343a"))
    painter = QPainter(canvas)
    for window in windows():
        painter.drawPixmap(window.frameGeometry().topLeft(), window.grab())
    painter.end()
    file.parent.mkdir(parents=True, exist_ok=True)
    assert canvas.save(str(file)), f"cannot write {file}"


class Ears(QObject):
    """Brings the lines of standard input into the GUI thread."""

    ordered = Signal(str)
    ended = Signal()

    def listen(self) -> None:
        threading.Thread(target=self._read, daemon=True, name="ears").start()

    def _read(self) -> None:
        for line in sys.stdin:
            self.ordered.emit(line)
        self.ended.emit()


class Hands(QObject):
    """Carries out one order at a time and answers it."""

    def __init__(self, shown: QWidget) -> None:
        super().__init__()
        self._window = shown

    def obey(self, line: str) -> None:
        self._guarded(lambda: self._obey(json.loads(line)))

    def _guarded(self, act: Callable[[], None]) -> None:
        """Whatever goes wrong is the answer; without one the story would wait for ever."""
        try:
            act()
        except Exception:  # noqa: BLE001  # told to the story, which fails with it
            self._answer(problem=traceback.format_exc())

    def _obey(self, order: dict[str, Any]) -> None:
        match order:
            case {"press": str(keys)}:
                self._press(keys)
                self._answer()
            case {"write": str(text)}:
                self._write(text, int(order.get("pause_ms", 0)))
            case {"until": list(words)}:
                self._wait(lambda: all(self._sees(word) for word in words), order)
            case {"gone": list(words)}:
                self._wait(lambda: not any(self._sees(word) for word in words), order)
            case {"read": True}:
                self._answer(read=list(readable()))
            case {"picture": str(file)}:
                picture(Path(file))
                self._answer()
            case {"close": True}:
                self._answer()
                self._window.close()
            case _:
                self._answer(problem="no such order")

    def _answer(self, **values: object) -> None:
        print(json.dumps({"done": "problem" not in values, **values}, ensure_ascii=False), flush=True)

    def _target(self) -> QWidget:
        # In front of a user the desk may lie behind another window: its own field keeps the keyboard all the same.
        window = QApplication.activeWindow() or self._window
        return QApplication.focusWidget() or window.focusWidget() or window

    def _press(self, keys: str) -> None:
        chord = QKeySequence(keys)[0]  # type: ignore[index]  # the stubs do not know it
        QTest.keyClick(self._target(), chord.key(), chord.keyboardModifiers())

    def _write(self, text: str, pause_ms: int) -> None:
        """As an input method commits: the way Devanagari is typed, and safe for it (keyClicks is not)."""
        portions = [text] if pause_ms == 0 else list(text)

        def next_portion() -> None:
            event = QInputMethodEvent()
            event.setCommitString(portions.pop(0))
            QApplication.sendEvent(self._target(), event)
            if portions:
                QTimer.singleShot(pause_ms, next_portion)
            else:
                self._answer()

        next_portion()

    @staticmethod
    def _sees(word: str) -> bool:
        return any(word in text for text in readable())

    def _wait(self, condition: Callable[[], bool], order: dict[str, Any]) -> None:
        looks_left = int(float(order.get("within_s", 10)) * 1000 / LOOK_EVERY_MS)

        def look() -> None:
            nonlocal looks_left
            if condition():
                self._answer()
            elif looks_left <= 0:
                self._answer(problem="waited in vain", read=list(readable()))
            else:
                looks_left -= 1
                QTimer.singleShot(LOOK_EVERY_MS, lambda: self._guarded(look))

        look()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    arguments = parser.parse_args()
    application = app.build(Home(arguments.home), Machine())
    shown = application.window
    shown.move(QPoint(0, 0))
    shown.resize(*SCREEN)
    shown.show()
    hands = Hands(shown)
    ears = Ears()
    ears.ordered.connect(hands.obey, Qt.ConnectionType.QueuedConnection)
    ears.ended.connect(shown.close, Qt.ConnectionType.QueuedConnection)
    ears.listen()
    return application.run()


if __name__ == "__main__":
    sys.exit(main())
