"""An enrolled desk and a Kota in memory; without loops, so that a test takes every step itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import resources
from sync.desk.desk import Desk
from sync.desk.projection import Changed
from sync.desk.pull import Pull
from sync.desk.push import Pusher
from sync.desk.receipts import Receiver
from sync.desk.store import device
from sync.desk.store.database import Database
from sync.desk.store.device import Identity
from tests.sync.desk.model_kota import DEVICE, EPOCH, UNIT, ModelKota
from tests.sync.desk.still_world import StillWorld

DATABASE_KEY = bytes(range(32))
DEVICE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(reversed(range(32))))


class Site:
    """A desk with its Kota: ``desk`` is what officers use, the steps are what the loops would do."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "desk.db"
        self.world = StillWorld()
        self.kota = ModelKota(DEVICE_KEY.public_key())
        self.who = Identity(
            device=DEVICE,
            incarnation=1,
            unit=resources.units()[UNIT],
            server="https://127.0.0.1:1",
            ca="",
            private_key=DEVICE_KEY.private_bytes_raw(),
            kota_key=self.kota.key.public_key().public_bytes_raw(),
        )
        self.database = Database(self.file, DATABASE_KEY)
        if self.database.read(device.identity) is None:
            self.database.write(lambda c: device.keep_key(c, self.who.private_key))
            self.database.write(lambda c: device.enrolled(c, self.who, EPOCH))
        self._wire()

    def _wire(self) -> None:
        self.desk = Desk(self.database, self.who, self.world)
        self.puller = Pull(self.database, self.who, self.kota)
        self.pusher = Pusher(self.database, self.who, self.kota)
        self.receiver = Receiver(self.database, self.who, self.kota)

    def pull(self) -> Changed:
        return self.puller.step().changed

    def push(self) -> Changed:
        return self.pusher.step().changed

    def restart(self) -> None:
        self.desk.close()
        self.database = Database(self.file, DATABASE_KEY)
        self._wire()


@pytest.fixture
def new_site(tmp_path: Path) -> Iterator[Callable[[], Site]]:
    """Makes sites, each on a disk of its own."""
    sites: list[Site] = []

    def make() -> Site:
        sites.append(Site(tmp_path / f"site-{len(sites)}"))
        return sites[-1]

    yield make
    for site in sites:
        site.desk.close()


@pytest.fixture
def site(new_site: Callable[[], Site]) -> Site:
    return new_site()
