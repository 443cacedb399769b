"""The random key of the desk's database: where it is kept, and how it comes back.

In the operating system's key ring where a usable one exists, else wrapped (RFC 3394) under a passphrase stretched by
argon2id. The key itself never touches the disk. A home that has a database never gets a new key: that would make its
alerts unreadable for good.
"""

import logging
import os
from pathlib import Path
from typing import TypeVar

import keyring
import msgspec
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from keyring.errors import KeyringError
from msgspec import Struct

from sync import durable
from sync.desk.errors import HomeUnreadableError, KeyMissingError, WrongPassphraseError
from sync.desk.home import Home
from sync.world import World

KEY_BYTES = 32
SALT_BYTES = 16
SERVICE = "kota-desk"

_log = logging.getLogger(__name__)

T = TypeVar("T", bound=Struct)


class WrappedKey(Struct, frozen=True, kw_only=True):
    """``key.wrapped``: the wrapped key with all it takes but the passphrase; bytes are hex."""

    v: int = 1
    kdf: str = "argon2id"
    salt: str
    time_cost: int = 3
    memory_kib: int = 64 * 1024
    parallelism: int = 4
    key: str


class RingKey(Struct, frozen=True, kw_only=True):
    """``key.ring``: under which name the key ring holds the key."""

    v: int = 1
    name: str


def load(home: Home) -> bytes:
    """The key of this home. Raises `KeyMissingError`, `WrongPassphraseError`, `PassphraseNeededError`."""
    if home.wrapped_key.exists():
        return unwrap(_read(home, home.wrapped_key, WrappedKey), home.passphrase())
    if home.ring_key.exists():
        return _from_ring(_read(home, home.ring_key, RingKey))
    raise KeyMissingError


def load_or_make(home: Home, world: World) -> bytes:
    """The key of this home, made now if the home has neither key nor database."""
    if not (home.wrapped_key.exists() or home.ring_key.exists() or home.database.exists()):
        key = world.chance(KEY_BYTES)
        ring = _into_ring(key, world.chance(SALT_BYTES).hex())
        if ring is not None:
            _write_once(home, home.ring_key, ring)
        else:
            _write_once(home, home.wrapped_key, wrap(key, home.passphrase(), world.chance(SALT_BYTES)))
    # Always what the file says: another process may have been first.
    return load(home)


def usable_ring() -> str | None:
    """The name of the key ring in use here, or None where keys have to be wrapped."""
    ring = keyring.get_keyring()
    return ring.name if ring.priority > 0 else None


def destroy(home: Home, world: World) -> None:
    """Make the key of this home impossible to find again; nothing that is encrypted under it opens after this."""
    if home.ring_key.exists() and usable_ring() is not None:
        try:
            keyring.delete_password(SERVICE, _read(home, home.ring_key, RingKey).name)
        except KeyringError as error:
            _log.warning("the key ring does not delete the key (%s)", type(error).__name__)
    for file in (home.wrapped_key, home.ring_key):
        if file.exists():
            _shred(file, world)
    durable.sync_folder(home.folder)


def _shred(file: Path, world: World) -> None:
    with file.open("r+b") as content:
        content.write(world.chance(file.stat().st_size))
        content.flush()
        os.fsync(content.fileno())
    file.unlink()


# ---- wrapped under a passphrase -------------------------------------------------------------------------------


def _stretch(passphrase: str, wrapped: WrappedKey) -> bytes:
    return hash_secret_raw(
        passphrase.encode(),
        bytes.fromhex(wrapped.salt),
        time_cost=wrapped.time_cost,
        memory_cost=wrapped.memory_kib,
        parallelism=wrapped.parallelism,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def wrap(key: bytes, passphrase: str, salt: bytes) -> WrappedKey:
    """``key`` under ``passphrase``; ``salt`` is random."""
    empty = WrappedKey(salt=salt.hex(), key="")
    return msgspec.structs.replace(empty, key=aes_key_wrap(_stretch(passphrase, empty), key).hex())


def unwrap(wrapped: WrappedKey, passphrase: str) -> bytes:
    """The key in ``wrapped``. Raises `WrongPassphraseError`."""
    try:
        return aes_key_unwrap(_stretch(passphrase, wrapped), bytes.fromhex(wrapped.key))
    except InvalidUnwrap as error:
        raise WrongPassphraseError from error


# ---- in the key ring ------------------------------------------------------------------------------------------


def _into_ring(key: bytes, name: str) -> RingKey | None:
    if usable_ring() is None:
        return None
    try:
        keyring.set_password(SERVICE, name, key.hex())
        # Some rings accept what they do not keep.
        kept = keyring.get_password(SERVICE, name) == key.hex()
    except KeyringError as error:
        _log.warning("the key ring does not take the key (%s); it will be wrapped", type(error).__name__)
        return None
    return RingKey(name=name) if kept else None


def _from_ring(ring: RingKey) -> bytes:
    try:
        found = keyring.get_password(SERVICE, ring.name)
    except KeyringError as error:
        raise KeyMissingError from error
    if found is None:
        raise KeyMissingError
    return bytes.fromhex(found)


# ---- the two files --------------------------------------------------------------------------------------------


def _read(home: Home, file: Path, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=shape)
    except OSError as error:
        raise HomeUnreadableError(folder=home.folder) from error
    except msgspec.DecodeError as error:
        raise KeyMissingError from error


def _write_once(home: Home, file: Path, content: Struct) -> None:
    """Whole or not at all, surviving a power cut, and never over another process's key."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(msgspec.json.encode(content))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            _log.info("another process made the key of this home first")
        finally:
            draft.unlink()
        durable.sync_folder(home.folder)
    except OSError as error:
        raise HomeUnreadableError(folder=home.folder) from error
