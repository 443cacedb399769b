"""The folder of one Kota: settings, certificates, secrets, database, and who may read them.

Everything is readable by its owner only. ``kota.toml`` is written last, so a folder that has one is complete. It
must never overwrite a folder that has anything in it.
"""

import os
import tomllib
from pathlib import Path

import msgspec
import platformdirs
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.case.unit import Unit
from sync.central import authority
from sync.central.kota import Kota
from sync.central.settings import EMBEDDED, SQLITE, Address, Listen, Settings, write
from sync.central.store import database
from sync.central.store.database import Place, Store
from sync.words import SpokenError, mark
from sync.world import World

# What the platform signs with, and what it shows when it looks whether we are there.
WEBHOOK, WEBHOOK_VERIFY = "meta-webhook", "meta-verify"
DATABASE_PASSWORD = "database-password"  # noqa: S105  # the name of the file
SECRET_BYTES = 32
EPOCH_BYTES = 16


class HomeUnreadableError(SpokenError):
    """The operating system keeps us out."""

    sentence = mark(
        "The folder {folder} cannot be used ({reason}); check who owns it, or name another with --home."
    )


class NotInitialisedError(SpokenError):
    """There is no Kota in the folder."""

    sentence = mark(
        "There is no Kota in {folder}; run kota-central init first, or name the right folder with --home."
    )


class AlreadyInitialisedError(SpokenError):
    """There is one already."""

    sentence = mark("There already is a Kota in {folder}; nothing was changed.")


class FolderNotEmptyError(SpokenError):
    """Something else is in the folder."""

    sentence = mark(
        "The folder {folder} is not empty; name an empty or new one with --home. Nothing was changed."
    )


class SettingsBrokenError(SpokenError):
    """``kota.toml`` is not what it must be."""

    sentence = mark("The settings in {file} cannot be read: {reason}. Correct that line and try again.")


def folder_of_machine() -> Path:
    """``KOTA_CENTRAL_HOME``, else where this operating system keeps a program's data."""
    named = os.environ.get("KOTA_CENTRAL_HOME")
    return Path(named) if named else platformdirs.user_data_path("kota-central", appauthor=False)


class Home:
    """The files of one Kota under ``folder``; nothing is opened before it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings_file = folder / "kota.toml"
        self.database_file = folder / "central.sqlite3"
        self.ca_file = folder / "ca.pem"
        self.ca_key_file = folder / "ca.key"
        self.server_file = folder / "server.pem"
        self.server_key_file = folder / "server.key"
        self.snapshots = folder / "snapshots"
        self.backups = folder / "backups"
        self._secrets = folder / "secrets"

    def exists(self) -> bool:
        """Whether there is a complete Kota in the folder."""
        return self.settings_file.exists()

    def settings(self) -> Settings:
        """Raises `NotInitialisedError`, `HomeUnreadableError` or `SettingsBrokenError`."""
        try:
            values = tomllib.loads(self.read(self.settings_file).decode())
            return msgspec.convert(values, Settings)
        except (ValueError, msgspec.ValidationError) as error:
            raise SettingsBrokenError(file=self.settings_file, reason=error) from error

    def read(self, file: Path) -> bytes:
        """One of the files. Raises `NotInitialisedError` or `HomeUnreadableError`."""
        try:
            return file.read_bytes()
        except FileNotFoundError as error:
            if self.exists():
                raise HomeUnreadableError(
                    folder=self.folder, reason=f"{file.name}: {error.strerror}"
                ) from error
            raise NotInitialisedError(folder=self.folder) from error
        except OSError as error:
            raise HomeUnreadableError(folder=self.folder, reason=error.strerror) from error

    def secret_file(self, name: str) -> Path:
        """Where the secret of that name stands, if there is one."""
        return self._secrets / name

    def token_secret(self) -> bytes:
        """What Kota signs nonces and tokens with."""
        return self._key("token")

    def store(self) -> Store:
        """The open database. Raises what `settings` and `Store` raise."""
        place = self.place()
        try:
            return Store(place)
        except OSError as error:
            raise HomeUnreadableError(folder=self.folder, reason=error.strerror) from error

    def place(self) -> Place:
        """Where the database is. Raises what `settings` raises."""
        return self._place(Address(self.settings().database, self._database_password()))

    def signing_key(self) -> Ed25519PrivateKey:
        """What Kota vouches for its feeds with."""
        return Ed25519PrivateKey.from_private_bytes(self._key("signing"))

    def _place(self, address: Address) -> Place:
        if address.database == SQLITE:
            return self.database_file
        return database.server(address.database, address.password)

    def _database_password(self) -> str | None:
        file = self._secrets / DATABASE_PASSWORD
        return self.read(file).decode().strip() if file.exists() else None

    def kota(self, store: Store, world: World) -> Kota:
        """Who this Kota is."""
        return Kota(store.epoch(), self.signing_key(), world)

    def _key(self, name: str) -> bytes:
        """One of our own keys: `SECRET_BYTES` bytes, as hex."""
        try:
            key = bytes.fromhex(self.read(self._secrets / name).decode())
        except ValueError:
            key = b""
        if len(key) != SECRET_BYTES:
            raise HomeUnreadableError(folder=self.folder, reason=f"secrets/{name}")
        return key

    def create(
        self,
        hosts: tuple[str, ...],
        listen: Listen,
        units: dict[str, Unit],
        world: World,
        address: Address = EMBEDDED,
    ) -> None:
        """Make everything.

        Raises `AlreadyInitialisedError`, `FolderNotEmptyError`, `HomeUnreadableError`, or what `database.create` raises.
        """
        place = self._place(address)
        try:
            if self.exists():
                raise AlreadyInitialisedError(folder=self.folder)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(self.folder.iterdir()):
                raise FolderNotEmptyError(folder=self.folder)
            self.folder.chmod(0o700)
            # First: if a server refuses us, the folder is still empty and may be tried with again.
            database.create(place, list(units.values()), world.chance(EPOCH_BYTES).hex())
            self._fill(hosts, listen, world, address)
        except OSError as error:
            raise HomeUnreadableError(folder=self.folder, reason=error.strerror) from error

    def _fill(self, hosts: tuple[str, ...], listen: Listen, world: World, address: Address) -> None:
        own = authority.make_authority(world)
        server = authority.certify_server(own, hosts, world)
        for file, content in [
            (self.ca_file, own.certificate_pem()),
            (self.ca_key_file, own.key_pem()),
            (self.server_file, server.certificate_pem()),
            (self.server_key_file, server.key_pem()),
        ]:
            write_private(file, content)
        self._secrets.mkdir(mode=0o700)
        for name in (WEBHOOK, WEBHOOK_VERIFY, "token", "signing"):
            write_private(self._secrets / name, world.chance(SECRET_BYTES).hex().encode() + b"\n")
        if address.password is not None:
            write_private(self._secrets / DATABASE_PASSWORD, address.password.encode() + b"\n")
        settings = write(listen, hosts, address.database)
        write_private(self.settings_file, settings.encode())


def write_private(file: Path, content: bytes) -> None:
    """A new file, readable by its owner only and on disk when this returns. Raises ``FileExistsError``."""
    with open(
        file, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)
    ) as new:  # Path.open has no opener
        new.write(content)
        new.flush()
        os.fsync(new.fileno())
