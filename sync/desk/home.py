"""The folder that holds everything this desk keeps: the database and, where there is no key ring, its wrapped key.

It belongs to its user alone. Nothing outside it is ever written, except one key in the operating system's key ring.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import platformdirs

from sync.desk.errors import HomeUnreadableError, PassphraseNeededError

HOME_VARIABLE = "KOTA_DESK_HOME"
PASSPHRASE_VARIABLE = "KOTA_DESK_PASSPHRASE_FILE"  # noqa: S105  # the name of a file's name, not a secret

# Asks for the passphrase of the wrapped key: a person at a terminal or a window, or a file of the administrator's.
Passphrase = Callable[[], str]


def passphrase_in_file() -> str:
    """The first line of the file that ``KOTA_DESK_PASSPHRASE_FILE`` names: for where nobody can be asked."""
    named = os.environ.get(PASSPHRASE_VARIABLE)
    if not named:
        raise PassphraseNeededError
    try:
        return Path(named).read_text(encoding="utf-8").split("\n", 1)[0]
    except (OSError, UnicodeDecodeError) as error:
        raise PassphraseNeededError from error


class Home:
    """The folder ``folder``; ``passphrase`` is called only when a wrapped key must be opened or made."""

    def __init__(self, folder: Path, passphrase: Passphrase = passphrase_in_file) -> None:
        self.folder = folder
        self.passphrase = passphrase

    @classmethod
    def find(cls, chosen: Path | None = None, passphrase: Passphrase = passphrase_in_file) -> "Home":
        """``chosen``, else what ``KOTA_DESK_HOME`` names, else this user's data folder."""
        named = os.environ.get(HOME_VARIABLE)
        return cls(chosen or (Path(named) if named else platformdirs.user_data_path("kota-desk")), passphrase)

    @property
    def database(self) -> Path:
        return self.folder / "desk.db"

    @property
    def wrapped_key(self) -> Path:
        return self.folder / "key.wrapped"

    @property
    def ring_key(self) -> Path:
        """Names the key in the key ring; no secret itself."""
        return self.folder / "key.ring"

    @property
    def wiped(self) -> Path:
        """There from the moment a wipe begins until the PC is enrolled anew."""
        return self.folder / "wiped"

    @property
    def new_database(self) -> Path:
        """What a salvage is writing; it becomes `database` when it is whole."""
        return self.folder / "desk-new.db"

    @property
    def damaged_copy(self) -> Path:
        """What a salvage reads, so that the damaged file itself stays untouched."""
        return self.folder / "desk-damaged.db.part"

    @property
    def front(self) -> Path:
        """The pages without which nothing in the database can be found; see `sync.desk.store.front`."""
        return self.folder / "desk-front.db"

    @property
    def salvage(self) -> Path:
        """What the last salvage did; see `sync.desk.salvage`."""
        return self.folder / "salvage.json"

    @property
    def backups(self) -> Path:
        """The folder of the backups."""
        return self.folder / "backups"

    @property
    def occupied(self) -> Path:
        """Locked by every process that works here."""
        return self.folder / "desk.lock"

    def prepare(self) -> None:
        """Create the folder, for its user only. Raises `HomeUnreadableError`."""
        try:
            self.folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeUnreadableError(folder=self.folder) from error
        self.check()

    def check(self) -> None:
        """Raise `HomeUnreadableError` unless the folder can be read and written; one that is not there yet can be made."""
        try:
            nearest = next(place for place in (self.folder, *self.folder.parents) if place.exists())
        except OSError as error:
            raise HomeUnreadableError(folder=self.folder) from error
        ours = nearest == self.folder
        if not nearest.is_dir() or (ours and not os.access(nearest, os.R_OK | os.W_OK | os.X_OK)):
            raise HomeUnreadableError(folder=self.folder)
