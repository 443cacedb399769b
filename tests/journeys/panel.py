"""After the story, in front of a user: a small window to cut the link, restore it, and send practice alerts.

It stays until the desk's window is closed; the desk's window is the product's own and free to be used.
"""

import itertools
import uuid
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.shell import theme
from tests.journeys import reports

if TYPE_CHECKING:
    from tests.journeys.story import Story

LOOK_EVERY_MS = 500
# Over the empty end of the desk's queue, where it covers nothing that matters.
PLACE = (30, 500)


def offer(story: "Story") -> None:
    """Show the panel until the officer's window is gone."""
    application = QApplication([])
    theme.dress(application)
    panel = Panel(story)
    panel.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint)
    panel.move(*PLACE)
    panel.show()
    watch = QTimer(interval=LOOK_EVERY_MS)
    watch.timeout.connect(lambda: story.officer_window.ended and application.quit())
    watch.start()
    application.exec()


class Panel(QWidget):
    """Three buttons and what they did."""

    def __init__(self, story: "Story") -> None:
        super().__init__()
        self._story = story
        self._numbers = itertools.count(1)
        self.setWindowTitle("Kota alert desk: try it")
        self._told = QLabel(
            f"Officer {story.officer}, password {story.password}. Close the desk's window to end."
        )
        self._told.setWordWrap(True)
        column = QVBoxLayout(self)
        column.addWidget(self._told)
        for words, act in (
            ("Cut the link", self._cut),
            ("Restore the link", self._restore),
            ("Send a practice alert to Jhunjhunu", self._send),
        ):
            press = QPushButton(words)
            press.clicked.connect(act)
            column.addWidget(press)

    def _cut(self) -> None:
        self._story.cable.cut()
        self._told.setText("The link is cut: the desk can do everything but deliver.")

    def _restore(self) -> None:
        self._story.cable.mend()
        self._told.setText("The link is whole again: what waits is delivered.")

    def _send(self) -> None:
        sample = reports.samples()[0]
        source = {**sample["source"], "reference": f"PRACTICE-{next(self._numbers):04d}"}
        report = {**sample, "message_id": str(uuid.uuid4()), "source": source}
        reply = self._story.kota.report(reports.encoded(report))
        self._told.setText(f"Kota took it in as {reply.json()['alert']}.")
