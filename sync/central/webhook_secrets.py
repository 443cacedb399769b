"""The secrets of the webhook: two may be live, so that a platform can change over without one message refused.

They are files of the home, read anew for every message: a change needs no restart. At every moment of a change at
least one is live. A secret must never stand in an argument, an answer or a log.
"""

import hmac
from collections.abc import Callable
from pathlib import Path

from sync.central.home import WEBHOOK, WEBHOOK_VERIFY, Home, write_private
from sync.words import SpokenError, mark
from sync.world import World

SECRET_BYTES = 32
FORMER = f"{WEBHOOK}-former"


class TwoLiveError(SpokenError):
    """A change is not finished."""

    sentence = mark(
        "The former webhook secret is still live; end the change with kota-central secret retire first."
    )


class NothingToRetireError(SpokenError):
    """No change is under way."""

    sentence = mark("Only one webhook secret is live; nothing was changed.")


class WebhookSecrets:
    """Those of one home. Every method raises what `Home.read` raises."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def live(self) -> list[bytes]:
        """What a message may be signed with, the newest first."""
        return [self._read(WEBHOOK), *([self._read(FORMER)] if self._file(FORMER).exists() else [])]

    def names(self) -> list[Path]:
        """The files there are."""
        return [file for file in map(self._file, (WEBHOOK, FORMER, WEBHOOK_VERIFY)) if file.exists()]

    def verifies(self, token: str) -> bool:
        """Whether ``token`` is the one the platform was given to look whether we are there; in constant time."""
        if not self._file(WEBHOOK_VERIFY).exists():
            return False
        return hmac.compare_digest(self._read(WEBHOOK_VERIFY), token.encode())

    def rotate(self, world: World) -> Path:
        """Make a new secret and leave the one so far live; the file of the new one. Raises `TwoLiveError`."""
        current, former = self._file(WEBHOOK), self._file(FORMER)
        # Equal, if an earlier change was cut off in the middle: then this one completes it.
        if not former.exists():
            _in_place_of(former, self._home.read(current))
        elif self._read(FORMER) != self._read(WEBHOOK):
            raise TwoLiveError
        if not self._file(WEBHOOK_VERIFY).exists():
            _in_place_of(self._file(WEBHOOK_VERIFY), _new(world))
        _in_place_of(current, _new(world))
        return current

    def retire(self) -> None:
        """The former secret is no longer live. Raises `NothingToRetireError`."""
        try:
            self._file(FORMER).unlink()
        except FileNotFoundError as error:
            raise NothingToRetireError from error

    def _file(self, name: str) -> Path:
        return self._home.secret_file(name)

    def _read(self, name: str) -> bytes:
        return self._home.read(self._file(name)).strip()


Live = Callable[[], list[bytes]]


def _new(world: World) -> bytes:
    return world.chance(SECRET_BYTES).hex().encode() + b"\n"


def _in_place_of(file: Path, content: bytes) -> None:
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    write_private(new, content)
    new.replace(file)
