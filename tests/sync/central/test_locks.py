"""The watch over the order of locks sees what is out of order, and nothing else."""

import pytest

from sync import resources
from sync.central.store import database, devices, feeds
from sync.central.store.database import Connection, Store
from tests.postgresql import PostgresServer
from tests.sync.central import locks

pytestmark = pytest.mark.slow


def lock(connection: Connection, *names: str) -> None:
    """The heads of units, and devices, in the order given."""
    for name in names:
        if name.islower():
            devices.lock(connection, name)
        else:
            feeds.publish(connection, {name}, "x", None, b"x")


def test_a_lock_out_of_order_is_found(postgresql_server: PostgresServer) -> None:
    place = database.server(postgresql_server.new(), None)
    with locks.watched() as found:
        database.create(place, list(resources.units().values()), "epoch")
        with Store(place) as store:
            store.write_now(lambda c: lock(c, "device", "HUB-KOTA", "JJN"))
            assert found == []
            store.write_now(lambda c: lock(c, "JJN", "HUB-KOTA"))
            assert len(found) == 1
            store.write_now(lambda c: lock(c, "JJN", "device"))
            assert len(found) == 2
