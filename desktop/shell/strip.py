"""The truth strip: always on top of the window, whatever else it shows.

It repeats `truth` and adds who is signed in, where, Kota's time, and the ways to the language, the lock and the help.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.shell import theme, truth
from desktop.shell.language import Language
from desktop.shell.parts import Fitting, button, keyed, label
from desktop.shell.shortcuts import Key
from desktop.shell.sign import Sign
from desktop.shell.truth import Shape, Truth
from sync.case.unit import Officer
from sync.desk.projection import DeskStatus
from sync.words import Tongue, mark

# Ground, words and sign of each claim about the link.
LOOK = {
    Shape.TICK: (theme.SURE_PALE, theme.SURE, theme.PAPER),
    Shape.CUT: (theme.CUT, theme.PAPER, theme.CUT),
    Shape.ASKING: ("#e3e6ea", theme.INK, theme.PAPER),
}
TONGUES = {Tongue.HINDI: "हिन्दी", Tongue.ENGLISH: "English"}
NO_SOUND, WATCH = mark("No sound on this PC"), mark("Watch the screen")
# What is said of the link gives way last.
LINK_WIDTH = 340


class Claim(QFrame):
    """A sign with two lines of words on a ground of its own."""

    def __init__(self, *, stretch: bool) -> None:
        super().__init__()
        self.setObjectName("claim")
        self._sign = Sign()
        self._headline, self._detail = Fitting("heading"), Fitting("")
        words = QVBoxLayout()
        words.setSpacing(0)
        for line in (self._headline, self._detail):
            words.addWidget(line)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 4, 12, 4)
        self._row.setSpacing(10)
        self._row.addWidget(self._sign)
        self._row.addLayout(words, 1)
        across = QSizePolicy.Policy.Expanding if stretch else QSizePolicy.Policy.Maximum
        self.setSizePolicy(across, QSizePolicy.Policy.Preferred)

    def show_truth(self, told: Truth, look: tuple[str, str, str]) -> None:
        ground, words, inside = look
        self._sign.show_shape(told.shape, words, inside)
        self._headline.setText(told.headline)
        self._detail.setText(told.detail)
        self._detail.setVisible(bool(told.detail))
        self.setStyleSheet(f"#claim {{ background: {ground}; }} #claim QLabel {{ color: {words}; }}")
        self.setAccessibleName(f"{told.headline}. {told.detail}")


class TruthStrip(QWidget):
    """See the module. The three signals are the officer's wishes, on the GUI thread."""

    language_wanted = Signal()
    lock_wanted = Signal()
    help_wanted = Signal()

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language
        self._status: DeskStatus | None = None
        self._officer: Officer | None = None
        self._silent = False
        self._space = QWidget()
        self._link, self._outbox = Claim(stretch=True), Claim(stretch=False)
        self._sound = Claim(stretch=False)
        self._who, self._where = Fitting("heading"), Fitting("quiet")
        self._clock, self._clock_word = label("heading"), Fitting("quiet")
        self._switch, self._lock, self._help = button("quiet"), button("quiet"), button("quiet")
        self._switch.clicked.connect(self.language_wanted)
        self._lock.clicked.connect(self.lock_wanted)
        self._help.clicked.connect(self.help_wanted)
        self._link.setMinimumWidth(LINK_WIDTH)
        self._arrange()
        language.changed.connect(self.retranslate)
        self.retranslate()

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(10)
        row.addWidget(self._link, 1)
        row.addWidget(self._space, 1)
        row.addWidget(self._outbox)
        row.addWidget(self._sound)
        row.addLayout(_pair(self._who, self._where))
        row.addLayout(_pair(self._clock, self._clock_word))
        for control in (self._switch, self._lock, self._help):
            row.addWidget(control)
        self.setAutoFillBackground(True)

    def show_status(self, status: DeskStatus | None) -> None:
        """The facts of this second; None where there is no desk to speak of."""
        self._status = status
        self._refresh()

    def show_officer(self, officer: Officer | None) -> None:
        """Who is signed in; nobody when locked."""
        self._officer = officer
        self._refresh()

    def show_sound(self, *, works: bool) -> None:
        """Whether the alarm can be heard here."""
        self._silent = not works
        self._refresh()

    def retranslate(self) -> None:
        tell = self._language
        keyed(self._switch, TONGUES[tell.other], Key.LANGUAGE.shown)
        keyed(self._lock, tell.text(Key.LOCK.sentence), Key.LOCK.shown)
        keyed(self._help, tell.text("Help"), Key.HELP.shown)
        self._refresh()

    def _refresh(self) -> None:
        tell, status = self._language, self._status
        self._clock.setText(tell.clock())
        self._who.setText(self._officer.name if self._officer else tell.text("Nobody signed in"))
        self._lock.setVisible(self._officer is not None)
        self._sound.setVisible(self._silent)
        if self._silent:
            silence = Truth(Shape.CUT, tell.text(NO_SOUND), tell.text(WATCH))
            self._sound.show_truth(silence, (theme.CUT_PALE, theme.CUT, theme.CUT_PALE))
        for shown in (self._link, self._who, self._where, self._clock_word):
            shown.setVisible(status is not None)
        self._space.setVisible(status is None)
        if status is None:
            self._outbox.hide()
            return
        told = truth.of_link(status, tell)
        self._link.show_truth(told, LOOK[told.shape])
        self._where.setText(tell.unit(status.unit))
        self._clock_word.setText(truth.of_clock(status, tell))
        outbox = truth.of_outbox(status, tell)
        self._outbox.setVisible(outbox is not None)
        if outbox is not None:
            ground = theme.ALARM_PALE if status.refused else theme.CUT_PALE
            ink = theme.ALARM if status.refused else theme.CUT
            self._outbox.show_truth(outbox, (ground, ink, ground))


def _pair(upper: QLabel, lower: QLabel) -> QVBoxLayout:
    pair = QVBoxLayout()
    pair.setSpacing(0)
    pair.setContentsMargins(0, 4, 0, 4)
    for line in (upper, lower):
        line.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        pair.addWidget(line)
    return pair
