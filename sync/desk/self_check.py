"""Whether this installation can do its work, shown by doing it: database, key, TLS, translations; no screen.

Runs in a throw-away folder and on loopback; it never touches the desk's own data.
"""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from sync import sqlite
from sync.desk import errors, keys, throwaway
from sync.desk.failures import NotTrusted
from sync.desk.kota import hello
from sync.desk.link import Link
from sync.desk.store import drafts
from sync.desk.store.database import Database
from sync.words import Tongue, Words
from sync.world import World


class Check(Struct, frozen=True):
    """One thing that was tried; ``detail`` says what was found, or why it failed."""

    name: str
    ok: bool
    detail: str


def checks(world: World) -> list[Check]:
    """Try everything a desk needs but a screen."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            _check("database", lambda: _database(Path(folder) / "check.db", world)),
            _check("key", lambda: _key(world)),
            _check("tls", lambda: _tls(world)),
            _check("translations", _translations),
        ]


def _check(name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, detail=attempt())
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what the check was to find
        return Check(name, ok=False, detail=f"{type(error).__name__}: {error}")


def _database(file: Path, world: World) -> str:
    key = world.chance(keys.KEY_BYTES)
    with contextlib.closing(Database(file, key)) as database:
        database.write(lambda c: drafts.keep(c, "officer", "alert", "नमूना पाठ"))
    with contextlib.closing(Database(file, key)) as database:
        _must(
            database.read(lambda c: drafts.read(c, "officer", "alert")) == "नमूना पाठ",
            "text came back changed",
        )
    _must("नमूना".encode() not in file.read_bytes(), "the file is not encrypted")
    try:
        Database(file, world.chance(keys.KEY_BYTES)).close()
    except errors.WrongKeyError:
        return f"SQLite {sqlite.dbapi.sqlite_version}, encrypted; a wrong key is refused"
    raise AssertionError("a wrong key opened the database")


def _key(world: World) -> str:
    wrapped = keys.wrap(world.chance(keys.KEY_BYTES), "right", world.chance(keys.SALT_BYTES))
    keys.unwrap(wrapped, "right")
    with contextlib.suppress(errors.WrongPassphraseError):
        keys.unwrap(wrapped, "wrong")
        raise AssertionError("a wrong passphrase unwrapped the key")
    return f"kept in {keys.usable_ring() or 'a file, wrapped under a passphrase'}"


def _tls(world: World) -> str:
    ours, foreign = throwaway.authority(world), throwaway.authority(world)
    with throwaway.answering_hello(ours, world) as server:
        with contextlib.closing(Link(server, ours.pem)) as link:
            hello(link)
        with contextlib.closing(Link(server, foreign.pem)) as link, contextlib.suppress(NotTrusted):
            hello(link)
            raise AssertionError("a foreign authority was trusted")
    return "a server of our authority answers; one of a foreign authority is refused"


def _translations() -> str:
    sentence = errors.WrongPasswordError.sentence
    found = Words(Tongue.HINDI).text(sentence)
    _must(found != sentence, "the Hindi sentences are missing")
    return found


def _must(held: bool, otherwise: str) -> None:
    if not held:
        raise AssertionError(otherwise)
