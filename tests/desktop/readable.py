"""What an officer, or a screen reader, finds on the screen."""

from collections.abc import Iterator

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from sync.words import Tongue, Words
from tests.desktop.stage import Stage


def windows(one: Stage) -> list[QWidget]:
    """The windows of the application that can be seen."""
    shown: list[QWidget] = [one.application.window]
    if one.application.workplace is not None:
        shown.append(one.application.workplace.alarm)
    return [window for window in shown if window.isVisible()]


def widgets(one: Stage) -> Iterator[QWidget]:
    """Everything on the screen."""
    for window in windows(one):
        for widget in [window, *window.findChildren(QWidget)]:
            if widget.isVisible():
                yield widget


def readable(one: Stage) -> str:
    """All of it, one text a line."""
    return "\n".join(text for widget in widgets(one) for text in texts(widget) if text)


def texts(widget: QWidget) -> Iterator[str]:
    """What a widget says, to eyes and to screen readers."""
    yield widget.windowTitle() if widget.isWindow() else ""
    yield widget.accessibleName()
    yield widget.toolTip()
    match widget:
        case QLabel() | QAbstractButton():
            yield widget.text()
        case QLineEdit() | QPlainTextEdit():
            yield widget.placeholderText()
        case QAbstractItemView():
            yield from _rows(widget.model())


def _rows(model: QAbstractItemModel | None) -> Iterator[str]:
    for row in range(model.rowCount() if model else 0):
        assert model is not None
        yield str(model.index(row, 0).data(Qt.ItemDataRole.DisplayRole) or "")


def said(sentence: str, **values: object) -> str:
    """The sentence in Hindi."""
    return Words(Tongue.HINDI).text(sentence, **values)
