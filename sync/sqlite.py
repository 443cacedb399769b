"""How this program opens an SQLite file, at both ends: one driver, one set of pragmas, one version gate.

It must never hand out a connection that could lose a commit (``synchronous=FULL``) or corrupt a file: the
write-ahead log of SQLite before 3.51.3 can, when two connections write and checkpoint, and the SQLite that many
Python builds link is older. SQLCipher's wheel brings a recent one, with or without encryption.
"""

import stat
from contextlib import closing
from pathlib import Path
from types import ModuleType

import sqlcipher3.dbapi2 as driver  # type: ignore[import-untyped]  # the wheel ships no types

OLDEST_SQLITE = (3, 51, 3)
BUSY_TIMEOUT_MS = 5_000
JOURNAL_LIMIT_BYTES = 64 * 1024 * 1024
# Fewer checkpoints while much arrives: each costs two fsyncs and writes its pages a second time.
CHECKPOINT_PAGES = 4_000
CACHE_KIB = 16 * 1024
# Of SQLite and of SQLCipher alike.
PAGE_BYTES = 4096

# SQLAlchemy asks for the DB-API module itself.
dbapi: ModuleType = driver
DatabaseError: type[Exception] = driver.DatabaseError
OperationalError: type[Exception] = driver.OperationalError


class WrongKeyError(Exception):
    """The file is not a database under this key: the key is another one, or the file is damaged."""


class OldSQLiteError(Exception):
    """The linked SQLite can corrupt a write-ahead log; running on it would break the first promise."""


def connect(file: Path, *, key: bytes | None = None, read_only: bool = False) -> driver.Connection:
    """Open ``file``, creating it readable by its owner only; ``key`` (32 bytes) encrypts it whole.

    Transactions are the caller's to begin and end (the driver's implicit ones are off). The connection may be
    passed between threads but not be used by two at once.

    Raises `WrongKeyError` when the key does not open the file, `OldSQLiteError` on an unsafe SQLite, ``OSError``
    when the folder cannot be read or written.
    """
    if driver.sqlite_version_info < OLDEST_SQLITE:
        raise OldSQLiteError(driver.sqlite_version)
    if not read_only:
        file.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    connection = driver.connect(
        f"{file.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT_MS / 1000,
        # One statement cache per connection; the stores repeat few statements often.
        cached_statements=256,
    )
    try:
        _prepare(connection, key, read_only=read_only)
    except driver.DatabaseError as error:
        connection.close()
        if "not a database" in str(error):
            raise WrongKeyError(str(file)) from error
        raise
    return connection


def sound(file: Path, *, key: bytes | None = None, thorough: bool = False) -> bool:
    """Whether every page of ``file`` can be read and fits its neighbours, ``thorough``: and every index its table.

    Each page is decrypted and authenticated on the way, so this finds what ``cipher_integrity_check`` finds, and
    besides what lies in the write-ahead log. Raises `WrongKeyError` like `connect`.
    """
    check = "integrity_check" if thorough else "quick_check"
    try:
        with closing(connect(file, key=key, read_only=True)) as connection:
            found = connection.execute(f"PRAGMA {check}(1)").fetchall()
    except driver.DatabaseError as error:
        if error_name(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return False
        raise
    return bool(found == [("ok",)])


def key_fits(file: Path, key: bytes) -> bool:
    """Whether any page of ``file`` is authentic under ``key``: then a file that does not open is damaged."""
    return len(unauthentic(file, key)) < file.stat().st_size // PAGE_BYTES


def unauthentic(file: Path, key: bytes) -> list[int]:
    """The pages of the encrypted ``file`` that are not as they were written, counted from 1; its log aside."""
    with closing(driver.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        _unlock(connection, key)
        lines = connection.execute("PRAGMA cipher_integrity_check").fetchall()
    return [int(line.rpartition(" ")[2]) for (line,) in lines]


def copy_into(file: Path, into: Path, *, key: bytes | None = None) -> None:
    """Write a compact copy of ``file`` under the same key, as it is at one moment; no writer waits for it."""
    connection = connect(file, key=key, read_only=True)
    try:
        # The copy is another file; nothing is ever written to this one.
        connection.execute("PRAGMA query_only = OFF")
        connection.execute("VACUUM INTO ?", (str(into),))
    finally:
        connection.close()


def error_name(error: BaseException) -> str:
    """SQLite's own name of ``error``, such as ``SQLITE_FULL``; empty if it is none of SQLite's."""
    return str(getattr(error, "sqlite_errorname", None) or "")


def _unlock(connection: driver.Connection, key: bytes) -> None:
    # Before anything touches a page; without the first line a wrong key fills stderr.
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")


def _prepare(connection: driver.Connection, key: bytes | None, *, read_only: bool) -> None:
    if key is not None:
        _unlock(connection, key)
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA mmap_size = 0")
    connection.execute("PRAGMA cell_size_check = ON")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT_BYTES}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
