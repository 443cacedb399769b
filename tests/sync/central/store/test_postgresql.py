"""What one writer makes safe on SQLite holds when many write at once: each race is run, and its rule shown to decide it."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from sync import resources
from sync.case.lifecycle import CaseState
from sync.case.priority import Judgement, Priority, Why
from sync.case.unit import Officer
from sync.central import officers
from sync.central.audit import audit
from sync.central.home import Home
from sync.central.officers import OfficerElsewhereError
from sync.central.settings import Address, Listen
from sync.central.store import alerts, database, devices, directory, feeds, intake
from sync.central.store.alerts import AlertRow
from sync.central.store.database import Connection, Store, StoreFailedError
from sync.central.store.devices import Device, EnrolCode
from sync.central.store.failures import (
    DatabaseAddressError,
    DatabaseTakenError,
    NoKotaInDatabaseError,
    ServerUnreachableError,
    UnsafeServerError,
)
from sync.central.store.tables import meta
from sync.central.store.writers import Writers
from sync.wire.chain import Head, genesis, log_of
from tests.postgresql import PostgresServer, name_of
from tests.sync.central.stage import OwnWorld

pytestmark = pytest.mark.slow

T = TypeVar("T")
SOON_S = 20
NODES = 3
UNITS = list(resources.units().values())
PROOF = "$argon2id$…"


@pytest.fixture
def address(postgresql_server: PostgresServer) -> str:
    made = postgresql_server.new()
    database.create(database.server(made, None), UNITS, "epoch")
    return made


@pytest.fixture
def nodes(address: str) -> Iterator[list[Store]]:
    """Several Kotas on one database."""
    with ExitStack() as stack:
        yield [stack.enter_context(Store(database.server(address, None))) for _ in range(NODES)]


def at_once(nodes: list[Store], *works: Callable[[Connection], Any]) -> list[Any]:
    """Run ``works`` on the nodes in turn, none of them committed before all have begun; results or exceptions."""
    all_in = Barrier(len(works))

    def met(work: Callable[[Connection], T]) -> Callable[[Connection], T]:
        first = [True]

        def run(connection: Connection) -> T:
            # A snapshot is taken by the first statement: all stand in their transactions before any goes on.
            connection.execute(text("SELECT 1"))
            if first:
                first.clear()
                all_in.wait(SOON_S)
            return work(connection)

        return run

    futures = [nodes[place % len(nodes)]._writer.submit(met(work)) for place, work in enumerate(works)]
    return [_outcome(future) for future in futures]


def _outcome(future: "Future[Any]") -> Any:
    error = future.exception(SOON_S)
    return future.result() if error is None else error


def read(nodes: list[Store], look: Callable[[Connection], T]) -> T:
    return nodes[0].read_now(look)


def put(name: str, connection: Connection, value: str = "1") -> None:
    connection.execute(meta.insert().values(name=name, value=value))


def new_alert(name: str, connection: Connection, *, reference: str | None = None) -> str:
    number = alerts.next_number(connection, 2026)
    alert = AlertRow(
        id=name,
        number=number,
        platform="facebook",
        reference=reference or name,
        status="test",
        judgement=Judgement(Priority.P1, Why.LIVE),
        route="district",
        route_words="",
        state=CaseState(unit="JJN"),
        created_ms=0,
    )
    alerts.add(connection, alert, informed={"HUB-KOTA"})
    feeds.publish(connection, {"JJN", "HUB-KOTA"}, "alert", name, name.encode())
    return number


def test_feeds_are_contiguous_and_alert_numbers_without_holes_whoever_writes(nodes: list[Store]) -> None:
    names = [f"a{n:02d}" for n in range(24)]
    with ThreadPoolExecutor(12) as hands:
        numbers = list(
            hands.map(
                lambda pair: nodes[pair[0] % NODES].write_now(partial(new_alert, pair[1])), enumerate(names)
            )
        )
    assert sorted(numbers) == [f"RJ-2026-{n:06d}" for n in range(1, 25)]
    assert read(nodes, audit).events == 48


def test_heads_locked_in_any_order_lead_to_no_deadlock(nodes: list[Store]) -> None:
    def publish(units: list[str], connection: Connection) -> None:
        feeds.publish(connection, units, "x", None, b"x")

    orders = [["JJN", "HUB-KOTA", "SIK"], ["SIK", "JJN", "HUB-KOTA"], ["HUB-KOTA", "SIK", "JJN"]]
    assert at_once(nodes, *(partial(publish, order) for order in orders * 2)) == [None] * 6
    assert read(nodes, feeds.ends)["SIK"] == 6


def test_the_same_message_at_two_nodes_is_kept_once(nodes: list[Store]) -> None:
    raw = b"{}"
    keep = partial(intake.keep, source="meta", raw=raw, sha256=hashlib.sha256(raw).digest(), received_ms=1)
    kept = at_once(nodes, *[keep] * 6)
    assert len({message.id for message, _ in kept}) == 1
    assert sorted(held for _, held in kept) == [False, True, True, True, True, True]


def test_one_reference_at_two_nodes_is_one_alert(nodes: list[Store]) -> None:
    def report(name: str, connection: Connection) -> str:
        return alerts.by_reference(connection, "facebook", "R") or new_alert(name, connection, reference="R")

    found = at_once(nodes, partial(report, "one"), partial(report, "two"), partial(report, "three"))
    # The first makes it, the others find it; the number the losers drew was given back.
    assert len(found) == 3
    assert len(read(nodes, alerts.everything)) == 1
    assert nodes[1].write_now(partial(new_alert, "next")) == "RJ-2026-000002"


def test_a_message_is_settled_by_one_node_and_once(nodes: list[Store]) -> None:
    raw = b"{"
    message, _ = nodes[0].write_now(lambda c: intake.keep(c, "meta", raw, hashlib.sha256(raw).digest(), 1))

    def draft(connection: Connection) -> object:
        done = intake.outcome_of(connection, message.id)
        if done is not None:
            return done
        feeds.publish(connection, {"HUB-KOTA"}, "draft", None, b"draft")
        settlement = intake.Settlement(intake.IntakeOutcome.DRAFT, reason="broken")
        return intake.settle(connection, message.id, settlement)

    assert len(set(map(str, at_once(nodes, *[draft] * 4)))) == 1
    assert read(nodes, feeds.ends)["HUB-KOTA"] == 1


def device(name: str) -> Device:
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()).public_key()
    return Device(
        id=name,
        unit="JJN",
        public_key=key.public_bytes_raw(),
        name="pc",
        enrolled_ms=1,
        incarnation=1,
        last=genesis(log_of(name, 1)),
    )


def test_a_code_enrols_one_device_however_many_try(nodes: list[Store]) -> None:
    secret = hashlib.sha256(b"code").digest()
    nodes[0].write_now(lambda c: devices.add_code(c, EnrolCode(secret, "JJN", 10)))

    def enrol(name: str, connection: Connection) -> str | None:
        code = devices.find_code(connection, secret)
        assert code is not None
        if code.device is not None:
            return None
        devices.add(connection, device(name))
        devices.use_code(connection, secret, name, 2)
        return name

    tried = at_once(nodes, *(partial(enrol, name) for name in ("one", "two", "three")))
    (enrolled,) = [name for name in tried if name is not None]
    assert [one.id for one in read(nodes, devices.everyone)] == [enrolled]


def test_receipts_never_go_back(nodes: list[Store]) -> None:
    for number in range(8):
        nodes[0].write_now(partial(feeds.publish, units={"JJN"}, kind="x", alert=None, body=b"%d" % number))

    def receipt(pc: str, number: int, connection: Connection) -> int:
        head = Head(number, feeds.hash_at(connection, "JJN", number))
        return devices.save_receipt(connection, pc, "JJN", head, 1)

    names = ["one", "two", "three", "four", "five"]
    for name in names:
        nodes[0].write_now(partial(devices.add, new=device(name)))
        nodes[0].write_now(partial(receipt, name, 1))
        at_once(nodes, *(partial(receipt, name, number) for number in (8, 3, 7, 4, 5, 2)))
    assert [row.upto for row in read(nodes, devices.receipts)] == [8] * len(names)


def test_an_officer_belongs_to_one_unit_and_the_feeds_agree(nodes: list[Store]) -> None:
    world = OwnWorld()

    def add(officer: Officer, unit: str, connection: Connection) -> str:
        officers.add(connection, world, unit, officer, PROOF)
        return unit

    def check(officer: Officer) -> None:
        tried = at_once(nodes, *(partial(add, officer, unit) for unit in ("JJN", "SIK", "HUB-KOTA")))
        (unit,) = [one for one in tried if isinstance(one, str)]
        assert sum(isinstance(one, OfficerElsewhereError) for one in tried) == 2
        held = read(nodes, lambda c: directory.find_officer(c, officer.id))
        assert held is not None
        assert (held.unit, held.removed_ms) == (unit, None)
        nodes[0].write_now(lambda c: officers.remove(c, world, unit, officer.id))

    # The first time there is no row that could be locked, the second time there is. Several officers, because
    # of three at once the one that looks too early loses only now and then.
    for number in range(12):
        check(Officer(f"o-{number}", "मीना"))
        check(Officer(f"o-{number}", "मीना"))


def test_a_deadlock_is_resolved_and_both_get_through(nodes: list[Store]) -> None:
    each_holds_one = Barrier(2)

    def two(first: str, second: str, tried: list[bool], connection: Connection) -> None:
        feeds.publish(connection, {first}, "x", None, b"x")
        if not tried:
            tried.append(True)
            each_holds_one.wait(SOON_S)
        feeds.publish(connection, {second}, "x", None, b"x")

    futures = [
        nodes[0]._writer.submit(partial(two, "JJN", "SIK", [])),
        nodes[1]._writer.submit(partial(two, "SIK", "JJN", [])),
    ]
    assert [future.result(SOON_S) for future in futures] == [None, None]
    ends = read(nodes, feeds.ends)
    assert (ends["JJN"], ends["SIK"]) == (2, 2)
    assert read(nodes, audit).events == 4


def test_sessions_that_the_server_ended_are_replaced(
    nodes: list[Store], address: str, postgresql_server: PostgresServer
) -> None:
    nodes[0].write_now(partial(put, "before"))
    read(nodes, feeds.ends)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    postgresql_server.execute(
        name_of(address), f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    )
    nodes[0].write_now(partial(put, "after"))
    assert {"before", "after"} <= read(nodes, lambda c: set(c.execute(meta.select()).scalars()))


def test_a_server_that_never_lets_us_finish_is_busy(nodes: list[Store]) -> None:
    def cut(connection: Connection) -> None:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreFailedError):
        nodes[0].write_now(cut)
    with pytest.raises(StoreFailedError):
        nodes[0].read_now(cut)


def test_a_mistake_of_ours_is_raised_as_it_is_and_shows_nothing_of_the_row(nodes: list[Store]) -> None:
    with pytest.raises(Exception, match="unique constraint") as found:
        nodes[0].write_now(partial(put, "epoch"))
    assert "(epoch)" not in f"{found.value}{found.value.__cause__}"
    with pytest.raises(Exception, match="check constraint") as found:
        nodes[0].write_now(lambda c: devices.add(c, msgspec.structs.replace(device("मीना"), public_key=b"")))
    assert "मीना" not in f"{found.value}{found.value.__cause__}"


def test_a_text_with_nul_is_stored_as_what_can_be_seen(nodes: list[Store]) -> None:
    nodes[0].write_now(partial(put, "a\0b"))
    assert "a␀b" in read(nodes, lambda c: set(c.execute(meta.select()).scalars()))


def test_a_read_sees_one_moment(nodes: list[Store]) -> None:
    def look(connection: Connection) -> tuple[int, int]:
        before = feeds.ends(connection)["JJN"]
        nodes[1].write_now(lambda c: feeds.publish(c, {"JJN"}, "x", None, b"x"))
        return before, feeds.ends(connection)["JJN"]

    assert nodes[0].read_now(look) == (0, 0)
    assert read(nodes, feeds.ends)["JJN"] == 1


def test_a_session_keeps_a_commit_and_lets_go_of_a_frozen_node(nodes: list[Store]) -> None:
    def settings(connection: Connection) -> list[str]:
        names = ("synchronous_commit", "idle_in_transaction_session_timeout", "transaction_isolation")
        return [connection.execute(text(f"SHOW {name}")).scalar_one() for name in names]

    assert nodes[0].write_now(settings) == ["on", "5s", "read committed"]


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_could_lose_a_commit_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    # The server of the tests is not to be spoiled for others, so we ask for more than it has.
    monkeypatch.setattr("sync.central.store.postgresql.MUST", {setting: "doubly on"})
    with pytest.raises(UnsafeServerError, match=f"{setting} is on"):
        Store(database.server(address, None))


def test_a_kota_is_made_once_in_a_database_and_found_only_where_it_is(
    address: str, postgresql_server: PostgresServer
) -> None:
    with pytest.raises(DatabaseTakenError):
        database.create(database.server(address, None), UNITS, "other")
    with pytest.raises(NoKotaInDatabaseError):
        Store(database.server(postgresql_server.new(), None))
    with pytest.raises(ServerUnreachableError):
        Store(database.server(address.replace(name_of(address), "nowhere"), None))


def test_a_folder_stays_empty_when_the_server_refuses(
    address: str, postgresql_server: PostgresServer, tmp_path: Path
) -> None:
    home = Home(tmp_path / "kota")

    def create(where: str) -> None:
        home.create(
            ("kota.test",), Listen("127.0.0.1", 1), resources.units(), OwnWorld(), Address(where, "dosa-2026")
        )

    with pytest.raises(DatabaseTakenError):
        create(address)
    create(postgresql_server.new())
    assert (home.folder / "secrets" / "database-password").read_text() == "dosa-2026\n"
    assert "dosa-2026" not in home.settings_file.read_text()
    with home.store() as store:
        assert store.epoch()


@pytest.mark.parametrize(
    "address",
    [
        "mysql://x/y",
        "postgresql://u:secret@h/n",
        "postgresql://h/",
        "nonsense",
        "postgresql:///n?password=secret",
    ],
)
def test_an_address_that_is_none_or_tells_the_password_is_refused(address: str) -> None:
    with pytest.raises(DatabaseAddressError) as found:
        database.server(address, None)
    assert "secret" not in str(found.value)


def test_a_closed_store_has_let_go_of_the_server(address: str, postgresql_server: PostgresServer) -> None:
    store = Store(database.server(address, None))
    assert isinstance(store._writer, Writers)
    store.write_now(lambda c: None)
    store.close()
    name = name_of(address)
    count = postgresql_server.execute(
        "postgres", f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}'"
    )
    assert count == 0
