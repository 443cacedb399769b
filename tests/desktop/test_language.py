"""One switch changes every word on the screen, and nothing else."""

import re

import pytest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QPlainTextEdit

from sync.case.entry import Acknowledgement, Note
from sync.words import Tongue, Words
from tests.desktop.readable import readable, said, texts, widgets
from tests.desktop.seat import MEENA, RAVI, sample
from tests.desktop.stage import Stage, stage, until

# What stays as it is in either language: keys, priorities, numbers, names, and what came from outside.
KEYS = r"F\d+|Ctrl\+Enter|Enter|Esc|P[1-4]|K-26-\d+|English|USB"
FOREIGN = r"\bKota\b|Facebook|Instagram|SAMPLE-[A-Z]+-\d+|Jhunjhunu \(approx\)|\S+@example\.com|[a-z]•+"


def _english(text: str) -> str:
    return "".join(re.findall(r"[A-Za-z]{2,}", re.sub(f"{KEYS}|{FOREIGN}", "", text)))


def _hindi(text: str) -> str:
    for name in (MEENA.name, RAVI.name, "हिन्दी", "झुंझुनूं, राजस्थान", "झुंझुनूं", NOTE):
        text = text.replace(name, "")
    return "".join(re.findall(r"[ऀ-ॿ]+", re.sub("[ऀ-ॿ]•+", "", text)))


NOTE = "पिता से बात हुई"


@pytest.fixture(params=["setup", "lock", "empty", "cut", "case", "help"])
def screen(request: pytest.FixtureRequest, qtbot: object) -> object:
    with stage(enrolled=request.param != "setup") as one:
        if request.param not in ("setup", "lock"):
            one.sign_in()
        if request.param == "cut":
            one.kota.is_silent()
        if request.param == "case":
            alert = one.kota.alert(sample(0), number="K-26-00017")
            one.record(alert, Acknowledgement(), Note(text=NOTE))
            one.kota.answers()
            one.kota.alert(sample(1), number="K-26-00018")
            one.go_to(alert)
            until(one.seat.alarm.isVisible)
        if request.param == "help":
            one.press("F1")
        yield one


def test_no_word_of_the_other_language_is_left(screen: Stage) -> None:
    texts_hi = {text for widget in widgets(screen) for text in texts(widget) if text}
    assert len(texts_hi) > 3
    assert not [text for text in texts_hi if _english(text)]
    screen.press("F8")
    texts_en = {text for widget in widgets(screen) for text in texts(widget) if text}
    assert not [text for text in texts_en if _hindi(text)]
    screen.press("F8")
    assert {text for widget in widgets(screen) for text in texts(widget) if text} == texts_hi


def test_every_control_has_an_accessible_name(screen: Stage) -> None:
    control = (QAbstractButton, QLineEdit, QPlainTextEdit, QAbstractItemView, QComboBox)
    found = [widget for widget in widgets(screen) if isinstance(widget, control)]
    assert found
    assert not [widget for widget in found if not widget.accessibleName()]


def test_the_switch_keeps_choice_keyboard_and_typed_text(signed_in: Stage) -> None:
    alert = signed_in.kota.alert(sample(0))
    signed_in.record(alert, Acknowledgement())
    signed_in.go_to(alert)
    signed_in.press("F7")
    signed_in.write(NOTE)
    signed_in.press("F8")
    assert signed_in.application.language.tongue is Tongue.ENGLISH
    assert signed_in.seat.case.note.field.toPlainText() == NOTE
    assert signed_in.seat.case.note.field.hasFocus()
    assert signed_in.seat.queue.chosen_id() == alert
    signed_in.drain()
    assert signed_in.desk.draft(MEENA.id, alert) == NOTE


def test_words_that_are_much_longer_still_fit_the_smallest_screen(
    qtbot: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Words.text
    monkeypatch.setattr(
        Words, "text", lambda self, sentence, **values: _longer(plain(self, sentence, **values))
    )
    with stage() as one:
        one.sign_in()
        alert = one.kota.alert(sample(0))
        one.record(alert, Acknowledgement(), Note(text=NOTE))
        one.kota.is_silent()
        one.go_to(alert)
        one.application.window.strip.show_sound(works=False)
        one.drain()
        until(lambda: said("Acknowledged") in readable(one))
        assert one.application.window.minimumSizeHint().width() <= 1366
        assert one.application.window.minimumSizeHint().height() <= 768
        cut = [
            button.text()
            for button in one.application.window.findChildren(QAbstractButton)
            if button.isVisible() and button.width() < button.minimumSizeHint().width()
        ]
        assert not cut


def _longer(text: str) -> str:
    return text + " ~" * (len(text) // 5)
