"""The few pages without which no other page of a database can be found: the names and places of its tables.

They change only with a new version of the program, so a copy of them, as encrypted as they are, is kept beside the
database. Losing one of them would otherwise make a whole, undamaged log unreachable.
"""

import hmac
import tempfile
from contextlib import closing
from hashlib import pbkdf2_hmac
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from sync import durable, sqlite
from sync.sqlite import PAGE_BYTES

# The tables of a new database lie within these; of a migrated one, almost all.
SEARCHED = 64

_NUMBER_BYTES = 4
_ENTRY_BYTES = _NUMBER_BYTES + PAGE_BYTES


def keep(file: Path, into: Path, key: bytes) -> None:
    """Copy the front of the sound and closed database ``file``, unless that was done already."""
    version = _version(file, key)
    if into.exists() and _kept_version(into) == version:
        return
    with file.open("rb") as content:
        pages = content.read(SEARCHED * PAGE_BYTES)
    needed = _needed(pages, file.stat().st_size, key)
    kept = b"".join(
        number.to_bytes(_NUMBER_BYTES) + pages[number * PAGE_BYTES :][:PAGE_BYTES] for number in needed
    )
    durable.replace(into, version.to_bytes(_NUMBER_BYTES) + kept)


def mend(file: Path, kept: Path, key: bytes) -> None:
    """Put back those pages of the front that are damaged in ``file``. It must only ever be given a copy."""
    if not kept.exists():
        return
    front = kept.read_bytes()[_NUMBER_BYTES:]
    with file.open("r+b") as content:
        # The first bytes of all are the salt, without which no page is authentic.
        content.write(front[_NUMBER_BYTES:][:16])
    damaged = _damaged(file, key)
    with file.open("r+b") as content:
        for start in range(0, len(front) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            number = int.from_bytes(front[start : start + _NUMBER_BYTES])
            if number in damaged:
                content.seek(number * PAGE_BYTES)
                content.write(front[start + _NUMBER_BYTES : start + _ENTRY_BYTES])
        if 0 in damaged:
            # The first page says how large the database is, which was less then.
            content.seek(0)
            content.write(_of_size(front[_NUMBER_BYTES:_ENTRY_BYTES], file.stat().st_size // PAGE_BYTES, key))


def _of_size(first: bytes, pages: int, key: bytes) -> bytes:
    """The page ``first`` with another count of ``pages`` in it.

    As SQLCipher 4 writes it: the salt, AES-256-CBC, the IV, and HMAC-SHA512 over both and the page's number, under a
    key that is derived from the salt.
    """
    salt, cipher, iv = first[:16], first[16:-80], first[-80:-64]
    aes = Cipher(AES256(key), CBC(iv))
    reader, writer = aes.decryptor(), aes.encryptor()
    plain = bytearray(reader.update(cipher) + reader.finalize())
    plain[28 - 16 : 32 - 16] = pages.to_bytes(4)
    cipher = writer.update(bytes(plain)) + writer.finalize()
    mac_key = pbkdf2_hmac("sha512", key, bytes(byte ^ 0x3A for byte in salt), 2, 32)
    mac = hmac.digest(mac_key, cipher + iv + (1).to_bytes(4, "little"), "sha512")
    return salt + cipher + iv + mac


def _version(file: Path, key: bytes) -> int:
    """A number that changes whenever a table is made or changed."""
    with closing(sqlite.connect(file, key=key, read_only=True)) as connection:
        (version,) = connection.execute("PRAGMA schema_version").fetchone()
    return int(version)


def _kept_version(kept: Path) -> int:
    with kept.open("rb") as content:
        return int.from_bytes(content.read(_NUMBER_BYTES))


def _needed(pages: bytes, size: int, key: bytes) -> list[int]:
    """Which of ``pages``, the first of a file of ``size`` bytes, it does not open without: found by trying each."""
    needed = [0]
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "trial.db"
        trial.write_bytes(pages)
        with trial.open("r+b") as content:
            content.truncate(size)
            for number in range(1, len(pages) // PAGE_BYTES):
                whole = pages[number * PAGE_BYTES :][:PAGE_BYTES]
                _put(content, number, bytes(PAGE_BYTES))
                if not _opens(trial, key):
                    needed.append(number)
                _put(content, number, whole)
    return needed


def _put(content: BinaryIO, number: int, page: bytes) -> None:
    content.seek(number * PAGE_BYTES)
    content.write(page)
    content.flush()


def _opens(file: Path, key: bytes) -> bool:
    try:
        sqlite.connect(file, key=key, read_only=True).close()
    except (sqlite.WrongKeyError, sqlite.DatabaseError):
        return False
    return True


def _damaged(file: Path, key: bytes) -> set[int]:
    """The pages of ``file`` that are not authentic, counted from 0."""
    return {number - 1 for number in sqlite.unauthentic(file, key)}
