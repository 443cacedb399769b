"""Results are handed out after the commit they belong to, and a write that fails takes nothing with it."""

from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from sync import resources, sqlite
from sync.case.lifecycle import CaseState
from sync.case.priority import Judgement, Priority, Why
from sync.central.store import alerts, database, feeds
from sync.central.store.alerts import AlertRow
from sync.central.store.database import Connection, Store, StoreFailedError
from sync.central.store.tables import assignment, meta


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database.create(tmp_path / "db", list(resources.units().values()), "epoch")
    with Store(tmp_path / "db") as opened:
        yield opened


def put(name: str, connection: Connection) -> str:
    connection.execute(meta.insert().values(name=name, value=name))
    return name


def pragma(name: str, connection: Connection) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def names(store: Store) -> set[str]:
    return store.read_now(lambda c: {row.name for row in c.execute(meta.select())}) - {"epoch"}


class Held:
    """Keeps the writer busy, so that what is queued meanwhile becomes one batch."""

    def __init__(self, store: Store) -> None:
        self._go, self._busy = Event(), Event()
        self.first = store._writer.submit(self._wait)
        assert self._busy.wait(10)

    def _wait(self, _: Connection) -> None:
        self._busy.set()
        assert self._go.wait(10)

    def release(self) -> None:
        self._go.set()


def test_writes_that_wait_together_are_committed_together(store: Store) -> None:
    commits: list[int] = []
    held = Held(store)
    waiting = [store._writer.submit(partial(put, f"n{n}")) for n in range(10)]
    store.on_commit(lambda _: commits.append(1))
    held.release()
    assert [write.result(10) for write in waiting] == [f"n{n}" for n in range(10)]
    # One for the write that kept the writer busy, one for all that waited.
    assert len(commits) == 2
    assert names(store) == {f"n{n}" for n in range(10)}


def test_a_write_that_fails_takes_nothing_with_it(store: Store) -> None:
    def fail(connection: Connection) -> None:
        put("half", connection)
        raise KeyError("mine")

    held = Held(store)
    writes: list[Future[Any]] = [
        store._writer.submit(lambda c: put("before", c)),
        store._writer.submit(fail),
        store._writer.submit(lambda c: put("before", c)),
        store._writer.submit(lambda c: put("after", c)),
    ]
    held.release()

    assert writes[0].result(10) == "before"
    with pytest.raises(KeyError, match="mine"):
        writes[1].result(10)
    with pytest.raises(Exception, match="UNIQUE"):
        writes[2].result(10)
    assert writes[3].result(10) == "after"
    assert names(store) == {"before", "after"}


def test_nothing_is_told_before_it_is_on_disk(store: Store, tmp_path: Path) -> None:
    seen: list[tuple[bool, set[str]]] = []
    held = Held(store)
    write = store._writer.submit(lambda c: put("one", c))
    store.on_commit(lambda _: seen.append((write.done(), names(store))))
    held.release()
    write.result(10)
    # After the first commit it was neither there nor told; after the second it was there, and still not told.
    assert seen == [(False, set()), (False, {"one"})]


def test_what_nobody_waits_for_any_more_is_not_written(store: Store) -> None:
    held = Held(store)
    write = store._writer.submit(lambda c: put("late", c))
    assert write.cancel()
    held.release()
    store.write_now(lambda c: put("next", c))
    assert names(store) == {"next"}


def test_a_commit_that_fails_is_told_to_everybody_and_the_next_one_works(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite.connect(tmp_path / "db")
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 0)
    store.write_now(lambda c: c.exec_driver_sql("PRAGMA busy_timeout = 0").close())
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailedError):
        store.write_now(lambda c: put("locked out", c))
    other.execute("ROLLBACK")
    other.close()
    assert store.write_now(lambda c: put("later", c)) == "later"
    assert names(store) == {"later"}


def test_a_transaction_that_sqlite_gives_up_fails_all_of_it(store: Store) -> None:
    held = Held(store)
    writes: list[Future[Any]] = [
        store._writer.submit(lambda c: put("before", c)),
        store._writer.submit(lambda c: c.exec_driver_sql("ROLLBACK").close()),
        store._writer.submit(lambda c: put("after", c)),
    ]
    held.release()
    for write in writes:
        with pytest.raises(StoreFailedError):
            write.result(10)
    assert store.write_now(lambda c: put("next", c)) == "next"
    assert names(store) == {"next"}


def test_the_database_runs_with_the_settings_that_keep_a_commit(store: Store) -> None:
    pragmas = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}
    for name, value in pragmas.items():
        assert store.write_now(partial(pragma, name)) == value


def test_an_alert_never_has_two_responsible_units(store: Store) -> None:
    alert = AlertRow(
        id="a",
        number="RJ-2026-000001",
        platform="facebook",
        reference="1",
        status="test",
        judgement=Judgement(Priority.P1, Why.LIVE),
        route="district",
        route_words="",
        state=CaseState(unit="JJN"),
        created_ms=0,
    )
    store.write_now(lambda c: alerts.add(c, alert, informed={"HUB-KOTA"}))
    second = {"alert": "a", "unit": "SIK", "gen": 2, "state": alerts.RESPONSIBLE}
    with pytest.raises(Exception, match="UNIQUE"):
        store.write_now(lambda c: c.execute(assignment.insert().values(second)).close())


def test_numbers_of_alerts_start_anew_each_year_and_a_rollback_gives_its_number_back(store: Store) -> None:
    def number(connection: Connection) -> str:
        return alerts.next_number(connection, 2026)

    def lost(connection: Connection) -> None:
        number(connection)
        raise KeyError

    assert store.write_now(number) == "RJ-2026-000001"
    with pytest.raises(KeyError):
        store.write_now(lost)
    assert store.write_now(number) == "RJ-2026-000002"
    assert store.write_now(lambda c: alerts.next_number(c, 2027)) == "RJ-2027-000001"


def test_a_commit_tells_which_feeds_it_made_grow_and_nothing_of_what_failed(store: Store) -> None:
    grown: list[dict[str, int]] = []
    store.on_commit(lambda units: grown.append(dict(units)))

    def publish(unit: str, connection: Connection) -> None:
        feeds.publish(connection, [unit], "note", None, b"{}")

    def fail(connection: Connection) -> None:
        publish("SIK", connection)
        raise ValueError

    held = Held(store)
    waiting = [
        store._writer.submit(work)
        for work in (partial(publish, "JJN"), fail, partial(publish, "JJN"), partial(publish, "HUB-KOTA"))
    ]
    held.release()
    assert [type(one.exception(10)) for one in waiting] == [type(None), ValueError, type(None), type(None)]
    store.write_now(partial(put, "n"))
    assert grown[-2:] == [{"JJN": 2, "HUB-KOTA": 1}, {}]
