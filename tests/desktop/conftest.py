"""What every test of the window gets: a stage, and Qt's warnings taken seriously."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from desktop.shell import theme
from desktop.shell.language import Language
from sync.words import Tongue
from tests.desktop.seat import Clocks
from tests.desktop.stage import Stage, stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Said by the offscreen screen of what only a real one can do.
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture
def one(qtbot: QtBot) -> Iterator[Stage]:
    """An enrolled desk with its window open, nobody signed in."""
    with stage() as opened:
        yield opened


@pytest.fixture
def signed_in(one: Stage) -> Stage:
    """The same with an officer at the desk."""
    one.sign_in()
    return one


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def hindi(qtbot: QtBot, clocks: Clocks) -> Language:
    theme.load_fonts()
    return Language(Tongue.HINDI, clocks)


@pytest.fixture
def english(qtbot: QtBot, clocks: Clocks) -> Language:
    theme.load_fonts()
    return Language(Tongue.ENGLISH, clocks)
