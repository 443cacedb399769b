"""Pictures of every screen, in both languages, to be looked at: ``python -m tests.desktop.pictures FOLDER``.

Real windows over a real desk, offscreen, at the smallest screen that must do. Nothing is drawn that an officer would
not see.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtTest import QTest

from desktop.shell.window import SIZE
from sync.case.entry import Acknowledgement, Dispatch, Note
from sync.case.report import parse
from sync.wire.messages import Refusal
from sync.words import Tongue
from tests.desktop.seat import MEENA, Kota, sample
from tests.desktop.stage import Stage, stage, until
from tests.journeys import reports

NOTES = (
    "घर का पता मिला: वार्ड 3, मण्डावा रोड।",
    "थाना कोतवाली और 112 को साथ में बताया। पिता से फ़ोन पर बात हुई, वे घर की ओर निकल चुके हैं; पड़ोसी दरवाज़े पर हैं।",
)


def photograph(one: Stage, file: Path) -> None:
    """What stands on the screen, the alarm on top."""
    QTest.qWait(650)
    canvas = QPixmap(*SIZE)
    canvas.fill(QColor("#30343a"))
    painter = QPainter(canvas)
    painter.drawPixmap(QPoint(0, 0), one.application.window.grab())
    alarm = one.application.workplace.alarm if one.application.workplace else None
    if alarm is not None and alarm.isVisible():
        painter.drawPixmap(alarm.frameGeometry().topLeft(), alarm.grab())
    painter.end()
    assert canvas.save(str(file)), f"cannot write {file}"


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
        one.press("F6")
        take(one, "07-dispatch-form")
        one.press("F1")
        take(one, "08-keys")
        one.press("F1")
        one.seat.case._card.close_form()
        one.record(live, Dispatch(team="चेतक 3", place="मण्डावा रोड, वार्ड 3"))
        one.kota.settle()
        one.kota.answers()
        take(one, "09-dispatched-at-kota")
        one.record(live, Note(text="टीम मौके पर, परिजन साथ हैं।"))
        one.kota.settle(refuse=Refusal.UNREADABLE)
        take(one, "10-refused")
        one.press("F9")
        one.kota.alert(sample(1, status="actual"), number="K-26-00018", age_s=95, unit="JJN")
        take(one, "11-locked-with-alarm")


def main() -> None:
    """Every scene, in Hindi and in English."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/pictures")
    folder.mkdir(parents=True, exist_ok=True)

    def take(one: Stage, name: str) -> None:
        for tongue in Tongue:
            photograph(one, folder / f"{name}-{tongue.value}.png")
            one.application.language.switch()

    scenes(take)


if __name__ == "__main__":
    main()
