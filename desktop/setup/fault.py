"""What the window shows when the alerts of this PC cannot be opened: the sentence, and nothing else to break."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.shell import theme
from desktop.shell.language import Language
from desktop.shell.parts import label, name
from desktop.shell.sign import Sign
from desktop.shell.truth import Shape
from sync.words import SpokenError


class FaultPage(QWidget):
    """One error, large. No alert can be read and none will sound: it says that too."""

    def __init__(self, language: Language, error: SpokenError) -> None:
        super().__init__()
        self._language = language
        self._error = error
        sign = Sign(72)
        sign.show_shape(Shape.CUT, theme.CUT, theme.PAPER)
        self._sentence, self._silent = label("step", wraps=True), label(wraps=True)
        page = QVBoxLayout(self)
        page.setContentsMargins(120, 60, 120, 60)
        page.setSpacing(20)
        page.addStretch(1)
        page.addWidget(sign, 0, Qt.AlignmentFlag.AlignHCenter)
        for line in (self._sentence, self._silent):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            page.addWidget(line)
        page.addStretch(2)
        language.changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        name(self._sentence, self._error.say(self._language.words))
        name(
            self._silent,
            self._language.text("Until then no alert is shown or heard on this PC. Tell Kota by phone."),
        )
