"""A desk that begins with a snapshot stands where one stands that has read every page; and begins in any case."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.case.entry import Acknowledgement, Dispatch, Entry, EntryData, Note, Stamp, encode
from sync.case.lifecycle import CaseState
from sync.case.unit import Officer
from sync.central import making
from sync.central.kota import Kota
from sync.central.making import Made, News, Published
from sync.desk.bootstrap import Bootstrap
from sync.desk.failures import Answered, Unreachable
from sync.desk.rejoin import take_anew
from sync.desk.step import Step
from sync.desk.store import blocks
from sync.wire import chain, snapshot
from sync.wire.errors import Code
from sync.wire.messages import UpdatePublished
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import DEVICE, EPOCH, MEENA, UNIT, ModelKota, report

OTHER_UNIT = "SIK"
PIECE = 700


class Shelf:
    """The snapshots of a `ModelKota`, made and given out as Kota does it; ``fault`` may spoil what is given."""

    def __init__(self, kota: ModelKota, folder: Path, world: object) -> None:
        self.kota = kota
        self.made: Made | None = None
        self.given: list[int] = []
        self.fault: Callable[[bytes], bytes] = lambda whole: whole
        self._folder = folder
        self._who = Kota(EPOCH, kota.key, world)  # type: ignore[arg-type]

    def make(self) -> None:
        """Up to the end of the feed, from the one before."""
        upto = 0 if self.made is None else self.made.header.upto
        heads = chain.extend_all(chain.genesis(chain.feed_of(UNIT)), self.kota.feed)
        events = [Published(*one) for one in zip(heads[upto:], self.kota.feed[upto:], strict=True)]
        if events:
            news = News(UNIT, events, lambda number: self.kota.feed[number - 1])
            self.made = making.make(self._who, self.made, news, self._folder / "snapshot")

    def snapshot(self, unit: str, first: int, tag: str, into: bytearray) -> tuple[str, int]:
        assert unit == UNIT
        if self.made is None:
            raise Answered(Code.NO_SNAPSHOT)
        own = self.made.header.tag(making.ENCODING)
        if tag and tag != own:
            raise Answered(Code.SNAPSHOT_CHANGED)
        whole = self.fault(self.made.file.read_bytes())
        self.given.append(first)
        into += whole[first : first + PIECE]
        return own, len(whole)


@pytest.fixture
def shelf(site: Site, tmp_path: Path) -> Shelf:
    return Shelf(site.kota, tmp_path, site.world)


@pytest.fixture
def begin(site: Site, shelf: Shelf) -> Bootstrap:
    return Bootstrap(site.database, site.who, shelf, lambda: site.puller)


def finish(begin: Bootstrap) -> list[Step]:
    """Until there is no more to do."""
    steps = [begin.step()]
    while steps[-1].more:
        steps.append(begin.step())
        assert len(steps) < 500
    return steps


def entry(number: int, alert: str, data: EntryData) -> bytes:
    stamp = Stamp(number, 330, "boot", number)
    return encode(Entry(1, f"e-{number}", alert, 0, Officer("o-9", "Sharma"), stamp, data))


def shown(site: Site) -> dict[str, object]:
    """All that the desk knows of its feed, but not where it keeps it."""

    def look(table: str, order: str, leave: frozenset[str] = frozenset()) -> list[dict[str, object]]:
        rows = site.database.read(
            lambda c: c.exec_driver_sql(f"SELECT * FROM {table} ORDER BY {order}").mappings().all()
        )
        return [{name: value for name, value in row.items() if name not in leave} for row in rows]

    tables = {
        "alert": look("alert", "alert_id", frozenset({"row", "state"})),
        "timeline": look("timeline", "event"),
        "alert_update": look("alert_update", "event"),
        "officer": look("officer", "id"),
        "skipped": [row for row in look("feed_event", "number") if row["skipped"]],
        "log": look("log", "number"),
        "feed_state": look("feed_state", "unit", frozenset({"receipt"})),
    }
    alerts = [str(row["alert_id"]) for row in tables["alert"]]
    states = site.database.read(lambda c: c.exec_driver_sql("SELECT alert_id, state FROM alert").all())
    cases = [site.desk.case(alert) for alert in alerts]
    return {
        **tables,
        "state": {alert: msgspec.json.decode(state, type=CaseState) for alert, state in states},
        "cases": [
            case and (case.report, case.route, case.updates, case.timeline, case.notices) for case in cases
        ],
        "notices": site.desk.notices(),
        "sounding": site.desk.status().skipped,
    }


def some_feed(kota: ModelKota, count: int = 40) -> None:
    """Alerts of two units, one of which changes hands, with what happened on them."""
    for number in range(count):
        kota.alert(f"a-{number}", received_ms=number, unit=UNIT if number % 3 else OTHER_UNIT)
        kota.entry(entry(number, f"a-{number // 2}", Note(f"नोट {number}")), device="d-2")
    kota.entry(entry(1000, "a-4", Acknowledgement()), device=DEVICE)
    kota.entry(entry(1001, "a-3", Acknowledgement()), unit=OTHER_UNIT, device="d-3")
    kota.alert("a-3", unit=OTHER_UNIT)
    kota.publish(UpdatePublished(received_ms=5, report=report(1)), "a-5")
    kota.officer("verifier")
    kota.publish_raw("weather", b'{"rain":true}', "a-6")
    kota.feed.append(b"no event at all")


def test_it_ends_where_pages_lead_to(new_site: Callable[[], Site], tmp_path: Path) -> None:
    paged, begun = new_site(), new_site()
    some_feed(paged.kota)
    begun.kota.feed = paged.kota.feed
    while paged.puller.step().more:
        pass
    shelf = Shelf(begun.kota, tmp_path, begun.world)
    shelf.make()

    steps = finish(Bootstrap(begun.database, begun.who, shelf, lambda: begun.puller))

    assert len(shelf.given) > 3
    assert begun.database.read(blocks.end) is not None
    assert shown(begun) == shown(paged)
    assert begun.desk.audit() == paged.desk.audit()
    assert {f"a-{number}" for number in range(40)} in [step.changed.alerts for step in steps]


def test_what_comes_later_stands_on_it(new_site: Callable[[], Site], tmp_path: Path) -> None:
    paged, begun = new_site(), new_site()
    some_feed(paged.kota)
    shelf = Shelf(begun.kota, tmp_path, begun.world)
    begun.kota.feed = list(paged.kota.feed)
    shelf.make()
    finish(Bootstrap(begun.database, begun.who, shelf, lambda: begun.puller))
    for kota in (paged.kota, begun.kota):
        kota.entry(entry(2000, "a-4", Dispatch("PCR 7")))
        kota.entry(entry(3, "a-1", Note("again, under its old name")))
        kota.alert("a-4", unit=OTHER_UNIT)
        kota.alert("a-new")

    for site in (paged, begun):
        while site.puller.step().more:
            pass

    assert shown(begun) == shown(paged)
    assert begun.desk.audit() == paged.desk.audit()


def test_nothing_counts_before_all_of_it_is_there(site: Site, shelf: Shelf, begin: Bootstrap) -> None:
    some_feed(site.kota)
    shelf.make()
    empty = shown(site)
    while site.database.read(blocks.end) is None:
        assert begin.step().more

    assert shown(site) == empty
    assert site.desk.audit().feed.number == 0
    assert not site.desk.status().in_step


def test_after_a_restart_it_goes_on_with_what_is_stored(site: Site, shelf: Shelf, begin: Bootstrap) -> None:
    some_feed(site.kota)
    shelf.make()
    while (half := site.database.read(blocks.end)) is None:
        begin.step()
    site.restart()
    shelf.given.clear()

    finish(Bootstrap(site.database, site.who, shelf, lambda: site.puller))

    assert shelf.made is not None
    sizes = {block.last: block.size for block in shelf.made.header.blocks}
    stored = sum(size for last, size in sizes.items() if last <= half.number)
    assert any(first >= shelf.made.opening + stored for first in shelf.given)
    assert len(shelf.given) < -(-shelf.made.size // PIECE) + 1
    assert site.desk.audit().feed.number == len(site.kota.feed)


def test_a_snapshot_that_took_its_place_goes_on_from_the_same_blocks(
    site: Site, shelf: Shelf, begin: Bootstrap
) -> None:
    some_feed(site.kota)
    shelf.make()
    while site.database.read(blocks.end) is None:
        begin.step()
    site.kota.alert("late")
    shelf.make()

    finish(begin)

    assert site.desk.row_of("late") is not None
    assert site.desk.audit().feed.number == len(site.kota.feed)


def test_a_broken_line_costs_only_what_did_not_arrive(site: Site, shelf: Shelf, begin: Bootstrap) -> None:
    some_feed(site.kota)
    shelf.make()
    give = shelf.snapshot

    def cut(unit: str, first: int, tag: str, into: bytearray) -> tuple[str, int]:
        if len(shelf.given) % 2:
            before = len(into)
            give(unit, first, tag, into)
            del into[before + PIECE // 2 :]
            raise Unreachable("cut")
        return give(unit, first, tag, into)

    shelf.snapshot = cut  # type: ignore[method-assign]
    done = False
    while not done:
        try:
            done = not begin.step().more
        except Unreachable:
            continue

    assert site.desk.audit().feed.number == len(site.kota.feed)
    assert shelf.given[1:] == sorted(set(shelf.given[1:]))


@pytest.mark.parametrize("place", [10, 400, 1500, -200, -1])
def test_one_that_is_spoiled_is_left_for_the_pages(
    site: Site, shelf: Shelf, begin: Bootstrap, place: int
) -> None:
    some_feed(site.kota)
    shelf.make()

    def spoiled(whole: bytes) -> bytes:
        changed = bytearray(whole)
        changed[place] ^= 1
        return bytes(changed)

    shelf.fault = spoiled
    finish(begin)

    assert site.database.read(blocks.ends) == []
    assert site.desk.audit().feed.number == len(site.kota.feed)


@pytest.mark.parametrize(
    "change",
    [
        {"rule": 99},
        {"epoch": "another"},
        {"unit": OTHER_UNIT},
        {"signature": "00" * 64},
        {"lines_signature": "00" * 64},
        {"lines_signature": "no hex"},
        {"head": "00" * 32},
        {"head": "no hex"},
        {"blocks": ()},
        {"lines_sha256": "00" * 32},
        {"upto": 7},
    ],
)
def test_a_header_that_is_not_right_is_left_for_the_pages(
    site: Site, shelf: Shelf, begin: Bootstrap, change: dict[str, object]
) -> None:
    some_feed(site.kota)
    shelf.make()

    def lying(whole: bytes) -> bytes:
        assert shelf.made is not None
        header = msgspec.structs.replace(shelf.made.header, **change)
        return snapshot.write_header(header, making.ENCODING) + whole[shelf.made.opening :]

    shelf.fault = lying
    finish(begin)

    assert site.database.read(blocks.ends) == []
    assert site.desk.audit().feed.number == len(site.kota.feed)


def test_without_one_the_pages_come_at_once(site: Site, begin: Bootstrap) -> None:
    some_feed(site.kota)
    finish(begin)
    assert site.desk.audit().feed.number == len(site.kota.feed)


def test_a_desk_that_has_something_asks_for_none(site: Site, shelf: Shelf, begin: Bootstrap) -> None:
    some_feed(site.kota)
    site.pull()
    shelf.make()
    finish(begin)
    assert shelf.given == []


def test_the_feed_can_be_taken_anew_over_it(site: Site, shelf: Shelf, begin: Bootstrap) -> None:
    some_feed(site.kota)
    shelf.make()
    finish(begin)
    before = shown(site)

    take_anew(site.database, site.who)

    assert len(site.desk.queue(site.desk.queue_rows())) == 40
    finish(begin)
    assert {**shown(site), "cases": None} == {**before, "cases": None}
    assert site.desk.audit().feed.number == len(site.kota.feed)


def test_own_entries_in_it_are_at_kota(site: Site, shelf: Shelf, begin: Bootstrap) -> None:
    """A desk whose copy of the feed is gone, but whose log is not."""
    site.kota.alert("a")
    site.pull()
    site.desk.record(MEENA, "a", Note("eins"))
    site.push()
    forget = "DELETE FROM feed_event; DELETE FROM alert; UPDATE log SET state = 'waiting'"
    start = chain.genesis(chain.feed_of(UNIT)).hash
    for statement in forget.split(";"):
        site.database.write(lambda c, s=statement: c.exec_driver_sql(s))  # type: ignore[misc]
    site.database.write(lambda c: c.exec_driver_sql("UPDATE feed_state SET number = 0, hash = ?", (start,)))
    shelf.make()

    finish(begin)

    assert site.desk.status().waiting == 0


def test_what_is_new_since_the_one_before_is_in_it(site: Site, shelf: Shelf, begin: Bootstrap) -> None:
    site.kota.alert("a")
    site.kota.entry(entry(1, "a", Note("one")), device="d-2")
    site.kota.alert("b")
    shelf.make()
    site.kota.entry(entry(2, "a", Acknowledgement()), device="d-2")
    site.kota.entry(entry(3, "b", Acknowledgement()), device="d-2")
    site.kota.entry(entry(1, "a", Note("one")), device="d-2")
    shelf.make()
    site.kota.alert("a", unit=OTHER_UNIT)
    shelf.make()

    finish(begin)

    row, other = site.desk.queue(site.desk.queue_rows())
    assert other.state.acknowledged_by is not None
    assert (row.state.unit, row.state.acknowledged_by, row.state.notes) == (OTHER_UNIT, None, 1)
    assert shelf.made is not None
    assert site.database.read(blocks.ends) == [block.last for block in shelf.made.header.blocks] == [3, 6, 7]


KINDS = st.sampled_from(["alert", "note", "acknowledgement", "dispatch", "update", "officer", "strange"])
HAPPENINGS = st.lists(
    st.tuples(KINDS, st.integers(0, 4), st.sampled_from([UNIT, OTHER_UNIT]), st.integers(0, 25)),
    min_size=1,
    max_size=30,
)


def happen(kota: ModelKota, kind: str, alert: str, unit: str, number: int) -> None:
    data: dict[str, EntryData] = {
        "note": Note("text"),
        "acknowledgement": Acknowledgement(),
        "dispatch": Dispatch("team"),
    }
    match kind:
        case "alert":
            kota.alert(alert, unit=unit)
        case "update":
            kota.publish(UpdatePublished(received_ms=1, report=report(1)), alert)
        case "officer":
            kota.officer(str(number), active=unit == UNIT)
        case "strange":
            kota.publish_raw(f"kind-{number}", b"{}", alert if number % 2 else None)
        case _:
            kota.entry(entry(number, alert, data[kind]), unit=unit, device=DEVICE if number % 2 else "d-2")


@settings(deadline=None, max_examples=40)
@given(st.lists(HAPPENINGS, min_size=1, max_size=3), HAPPENINGS)
def test_whatever_happened_both_ways_lead_to_the_same(
    parts: list[list[tuple[str, int, str, int]]], later: list[tuple[str, int, str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        paged, begun = Site(Path(name, "paged")), Site(Path(name, "begun"))
        shelf = Shelf(paged.kota, Path(name), paged.world)
        begun.kota.feed = paged.kota.feed
        for part in parts:
            for kind, alert, unit, number in part:
                happen(paged.kota, kind, f"a-{alert}", unit, number)
            shelf.make()
        finish(Bootstrap(begun.database, begun.who, shelf, lambda: begun.puller))
        paged.pull()
        assert begun.database.read(blocks.ends)
        assert shown(begun) == shown(paged)
        for kind, alert, unit, number in later:
            happen(paged.kota, kind, f"a-{alert}", unit, number)
        paged.pull()
        begun.pull()
        assert shown(begun) == shown(paged)
        assert begun.desk.audit() == paged.desk.audit()
        paged.desk.close()
        begun.desk.close()
