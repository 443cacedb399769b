"""Colours, font and style of the window: one light, high-contrast look, the same on every PC.

Colour is never the only carrier of a meaning: whatever has a colour here has a word or a shape as well. Text on
each pair of colours has a contrast of at least 4.5 to 1.
"""

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from sync import resources
from sync.case.priority import Priority
from sync.words import SpokenError, mark

FAMILY = "Noto Sans Devanagari"
POINTS = 11

INK = "#16191d"
QUIET = "#4b5563"
PAPER = "#ffffff"
PANEL = "#f1f3f6"
LINE = "#b8c0ca"
ACTION = "#0b4f9e"
ACTION_DARK = "#083a75"
SELECTED = "#d6e6f8"
SURE = "#14632f"
SURE_PALE = "#e4f3e8"
CUT = "#8a3b00"
CUT_PALE = "#fff0dc"
UNSURE = "#4b5563"
ALARM = "#b00020"
ALARM_DARK = "#7d0017"
ALARM_PALE = "#fde7ea"
EXERCISE = "#5b2a86"

PRIORITY = {Priority.P1: ALARM, Priority.P2: "#a34700", Priority.P3: "#6d5600", Priority.P4: UNSURE}


class FontMissingError(SpokenError):
    """Without the font every Hindi sentence would be boxes."""

    sentence = mark("The font for Hindi could not be loaded. Install this program again.")


def load_fonts() -> None:
    """Make the shipped font known to Qt, under `FAMILY`. Raises `FontMissingError`."""
    for name in ("NotoSansDevanagari-Regular.ttf", "NotoSansDevanagari-Bold.ttf"):
        file = resources.path("fonts", name)
        known = QFontDatabase.addApplicationFontFromData(file.read_bytes()) if file.is_file() else -1
        if known < 0:
            raise FontMissingError


def font(points: float = POINTS, *, bold: bool = False) -> QFont:
    """The one typeface of the window."""
    chosen = QFont()
    chosen.setFamilies([FAMILY])
    chosen.setPointSizeF(points)
    chosen.setBold(bold)
    return chosen


def dress(application: QApplication) -> None:
    """Give ``application`` our look. The style is named, for the default is another one on every platform."""
    load_fonts()
    application.setStyle("Fusion")
    application.setPalette(_palette())
    application.setFont(font())
    application.setStyleSheet(STYLE)


def _palette() -> QPalette:
    palette = QPalette()
    colours = {
        QPalette.ColorRole.Window: PANEL,
        QPalette.ColorRole.WindowText: INK,
        QPalette.ColorRole.Base: PAPER,
        QPalette.ColorRole.AlternateBase: PANEL,
        QPalette.ColorRole.Text: INK,
        QPalette.ColorRole.Button: PAPER,
        QPalette.ColorRole.ButtonText: INK,
        QPalette.ColorRole.BrightText: PAPER,
        QPalette.ColorRole.Highlight: ACTION,
        QPalette.ColorRole.HighlightedText: PAPER,
        QPalette.ColorRole.PlaceholderText: QUIET,
        QPalette.ColorRole.ToolTipBase: PAPER,
        QPalette.ColorRole.ToolTipText: INK,
    }
    for role, colour in colours.items():
        palette.setColor(role, QColor(colour))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText, QColor(QUIET))
    return palette


# Roles are dynamic properties, so that a view says what a thing is and only this file what it looks like.
STYLE = f"""
QPushButton {{
    background: {PAPER}; color: {INK}; border: 2px solid {QUIET}; border-radius: 6px; padding: 5px 12px;
}}
QPushButton:hover {{ background: {SELECTED}; }}
QPushButton:focus {{ border: 2px solid {ACTION}; background: {SELECTED}; }}
QPushButton:disabled {{ color: {QUIET}; border-color: {LINE}; background: {PANEL}; }}
QPushButton[role="main"] {{
    background: {ACTION}; color: {PAPER}; border-color: {ACTION}; font-weight: bold; font-size: 14pt; padding: 8px 20px;
}}
QPushButton[role="main"]:hover {{ background: {ACTION_DARK}; }}
QPushButton[role="main"]:focus {{ border: 3px solid {INK}; background: {ACTION_DARK}; }}
QPushButton[role="main"]:disabled {{ background: {QUIET}; border-color: {QUIET}; color: {PAPER}; }}
QPushButton[role="alarm"] {{
    background: {PAPER}; color: {ALARM_DARK}; border: 3px solid {PAPER};
    font-weight: bold; font-size: 15pt; padding: 10px 16px;
}}
QPushButton[role="alarm"]:focus {{ border-color: {INK}; background: {PAPER}; }}
QPushButton[role="quiet"] {{ border-width: 1px; padding: 3px 10px; }}
QLineEdit, QPlainTextEdit {{
    background: {PAPER}; color: {INK}; border: 2px solid {QUIET}; border-radius: 4px; padding: 4px 6px;
}}
QLineEdit:focus, QPlainTextEdit:focus {{ border-color: {ACTION}; }}
QListView {{ background: {PAPER}; border: 1px solid {LINE}; outline: none; }}
QListView:focus {{ border: 2px solid {ACTION}; }}
QListWidget::item {{ padding: 7px 10px; }}
QListWidget::item:selected {{ background: {ACTION}; color: {PAPER}; }}
QLabel[role="title"] {{ font-size: 16pt; font-weight: bold; }}
QLabel[role="heading"] {{ font-weight: bold; }}
QLabel[role="step"] {{ font-size: 15pt; font-weight: bold; }}
QLabel[role="quiet"] {{ color: {QUIET}; }}
QLabel[role="wrong"] {{ color: {ALARM}; font-weight: bold; }}
QLabel[role="exercise"] {{
    background: {EXERCISE}; color: {PAPER}; font-weight: bold; font-size: 13pt; padding: 3px 10px;
}}
QFrame[role="card"] {{ background: {PAPER}; border: 1px solid {LINE}; border-radius: 6px; }}
QFrame[role="now"] {{ background: {PAPER}; border: 2px solid {ACTION}; border-radius: 6px; }}
QFrame[role="asks"] {{ background: {CUT_PALE}; border: 2px solid {CUT}; border-radius: 6px; }}
QScrollArea {{ border: none; background: transparent; }}
QScrollBar:vertical {{ width: 14px; }}
"""
