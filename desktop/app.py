"""The one place that wires everything together: a home, a world and a language become a window over a desk.

`build` makes the very application that is run, so that a test or the story can press its keys. Closing lets the
store finish first: what an officer was told is kept, is kept.
"""

import logging
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from desktop.alarm.sound import Player, find_player
from desktop.bridge import Bridge
from desktop.setup.fault import FaultPage
from desktop.setup.page import SetupPage
from desktop.setup.unlock import UnlockPage
from desktop.shell import theme
from desktop.shell.language import Language
from desktop.shell.shortcuts import Key
from desktop.shell.window import MainWindow
from desktop.workplace import Workplace
from sync.desk import salvage
from sync.desk.desk import Desk
from sync.desk.enrolment import enrol, read_invitation
from sync.desk.errors import (
    DatabaseDamagedError,
    IdentityLostError,
    NotEnrolledError,
    PassphraseNeededError,
    WrongPassphraseError,
)
from sync.desk.home import Home
from sync.words import SpokenError, Tongue, tongue_of_environment
from sync.world import World

log = logging.getLogger(__name__)


class Application(QObject):
    """A window over the desk of ``home``; until there is one, over the pages that lead to it.

    ``desk`` and ``workplace`` are None before that. `close` may be called twice.
    """

    def __init__(self, home: Home, world: World, tongue: Tongue, player: Player) -> None:
        super().__init__()
        self._home, self._world, self._player = home, world, player
        self.language = Language(tongue, world)
        self.bridge = Bridge()
        self.window = MainWindow(self.language)
        self.desk: Desk | None = None
        self.workplace: Workplace | None = None
        self._unlock: UnlockPage | None = None
        self._closed = False
        self.window.key_pressed.connect(self._on_key)
        self.window.closed.connect(self.close)
        self._open()

    def run(self) -> int:
        """Show the window until it is closed; returns the exit code."""
        sys.excepthook = _on_bug
        self.window.closed.connect(QApplication.quit)
        self.window.show()
        code = QApplication.exec()
        self.close()
        return code

    def close(self) -> None:
        """Keep what is typed, finish the lane, stop the loops, close the store."""
        if self._closed:
            return
        self._closed = True
        if self.workplace is not None:
            self.workplace.close()
        self.bridge.close()
        if self.desk is not None:
            self.desk.close()

    def _open(self) -> None:
        try:
            self.desk = Desk.open(self._home, self._world)
        except NotEnrolledError as error:
            self._set_up(error)
        except (PassphraseNeededError, WrongPassphraseError) as error:
            self._ask_passphrase(error)
        except SpokenError as error:
            log.warning("the desk does not open: %s", type(error).__name__)
            self.window.show_page(FaultPage(self.language, error))
        else:
            self.workplace = Workplace(self.desk, self.bridge, self.window, self.language, self._player)
            self.workplace.lost.connect(self._on_lost)
            self._tell_of_salvage(self.desk)
            self.desk.start(self.bridge.notify)

    def _tell_of_salvage(self, desk: Desk) -> None:
        salvaged = desk.salvaged()
        if salvaged is not None:
            self.window.show_notice(
                lambda: " ".join(salvage.say(salvaged, self.language.words)), desk.salvage_seen
            )

    def _on_lost(self, error: SpokenError) -> None:
        """The PC was wiped while somebody sat here, or its database is damaged: nothing of it may stay on the screen."""
        if self.workplace is not None:
            self.workplace.forget()
            self.workplace = None
        if isinstance(error, DatabaseDamagedError) and self.desk is not None:
            # Opening it anew salvages it.
            self.desk.close()
            self.desk = None
            self._open()
        else:
            self.window.show_page(FaultPage(self.language, error))

    def _set_up(self, why: NotEnrolledError) -> None:
        page = SetupPage(self.language)
        if isinstance(why, IdentityLostError):
            page.refuse(why)

        def wanted(file: Path, name: str, passphrase: str) -> None:
            if passphrase:
                self._home = Home(self._home.folder, lambda: passphrase)
            self.bridge.submit(
                lambda: enrol(self._home, read_invitation(file), self._world, name),
                lambda _: self._open(),
                page.refuse,
            )

        page.enrol_wanted.connect(wanted)
        self.window.show_page(page)
        page.path.setFocus()

    def _ask_passphrase(self, error: SpokenError) -> None:
        if self._unlock is not None:
            self._unlock.refuse(error)
            return
        self._unlock = page = UnlockPage(self.language)

        def wanted(passphrase: str) -> None:
            self._home = Home(self._home.folder, lambda: passphrase)
            self._open()

        page.unlock_wanted.connect(wanted)
        self.window.show_page(page)
        page.secret.setFocus()

    def _on_key(self, key: Key) -> None:
        # Once there is a workplace, all keys are its.
        if self.workplace is None and key is Key.LANGUAGE:
            self.language.switch()
        elif self.workplace is None and key is Key.HELP:
            self.window.toggle_help()


def build(
    home: Home, world: World, tongue: Tongue | None = None, player: Player | None = None
) -> Application:
    """The application, not yet shown; with the environment's language and this PC's player unless told otherwise."""
    running = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(running, QApplication):
        raise TypeError("there is a Qt application without widgets")
    running.setApplicationName("kota-desk")
    theme.dress(running)
    return Application(home, world, tongue or tongue_of_environment(), player or find_player())


def _on_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A mistake of ours must not take the alarm away with it: it is logged, and the window goes on."""
    log.error("a bug in the window", exc_info=(kind, error, trace))
