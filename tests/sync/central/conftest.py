"""The databases of the Kotas under test."""

from collections.abc import Iterator

import pytest

from sync.central.settings import Address
from tests import postgresql
from tests.postgresql import PostgresServer
from tests.sync.central import locks, stage


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL."""
    with postgresql.running() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def both_databases(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the test run twice: with every new Kota on SQLite, and on PostgreSQL, where every lock is watched."""
    if request.param == "postgresql":
        running: PostgresServer = request.getfixturevalue("postgresql_server")
        monkeypatch.setattr(stage, "new_address", lambda: Address(running.new()))
        monkeypatch.setattr(stage, "copy_of", running.copy)
    with locks.watched() as out_of_order:
        yield
    assert out_of_order == []
