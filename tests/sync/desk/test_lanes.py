"""A page or a reply is believed only as a whole, and what it changes is told, whoever stored it."""

from collections.abc import Callable

import msgspec
import pytest

from sync.case.entry import Acknowledgement, Note, decode
from sync.desk import push
from sync.desk.failures import Answered, Busy, Differs, LinkFailure, NotKota, TooSlow
from sync.desk.projection import Changed
from sync.desk.pull import Pull
from sync.wire import page
from sync.wire.chain import Head
from sync.wire.errors import Code
from sync.wire.messages import LIMIT_EVENTS, Begun, Changes, Push, Pushed
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import MEENA

PageChange = Callable[[Changes, list[bytes]], tuple[Changes, list[bytes]]]


class Forged:
    """Kota's page with something wrong."""

    def __init__(self, site: Site, change: PageChange) -> None:
        self._site = site
        self._change = change

    def changes(self, unit: str, after: Head, limit: int, wait_s: int) -> tuple[Changes, list[bytes]]:
        return self._change(*self._site.kota.changes(unit, after, limit, wait_s))


def replaced(**values: object) -> PageChange:
    return lambda header, bodies: (msgspec.structs.replace(header, **values), bodies)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (lambda header, bodies: (header, bodies[:-1]), NotKota),
        (lambda header, bodies: (header, [bodies[1], bodies[0]]), Differs),
        (lambda header, bodies: (header, [bodies[0], bodies[1].replace(b"RJ-b", b"RJ-c")]), Differs),
        (replaced(signature="00" * 64), Differs),
        (replaced(signature="no hex"), NotKota),
        (replaced(unit="SIKAR"), NotKota),
        (replaced(after=1, upto=3), NotKota),
        (replaced(end=1), NotKota),
        (replaced(head="00" * 32), Differs),
    ],
)
def test_of_a_page_with_anything_wrong_nothing_is_stored(
    site: Site, change: PageChange, failure: type[LinkFailure]
) -> None:
    site.kota.alert("a")
    site.kota.alert("b")

    with pytest.raises(failure):
        Pull(site.database, site.who, Forged(site, change)).step()

    assert list(site.desk.queue_rows()) == []
    assert site.pull().alerts == {"a", "b"}


def test_a_feed_of_another_history_is_not_taken_over(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    site.kota.feed[0] = site.kota.feed[0].replace(b"RJ-a", b"RJ-x")
    site.kota.alert("b")

    with pytest.raises(Answered):
        site.pull()

    assert site.desk.find("RJ-a") == "a"


def test_what_another_process_stored_is_told_here_too(site: Site) -> None:
    """Else the window would not sound for an alert that a command fetched a moment before."""
    other = Pull(site.database, site.who, site.kota)
    site.kota.alert("a")
    site.kota.officer("$argon2id$", active=True)

    assert other.step().changed == Changed(frozenset({"a"}), status=True, officers=True)
    assert site.pull() == Changed(frozenset({"a"}), status=True, officers=True)
    assert site.pull() == Changed()


def test_a_page_another_process_was_faster_with_is_stored_once(site: Site) -> None:
    site.kota.alert("a")
    site.kota.after_work = lambda: None
    other = Pull(site.database, site.who, site.kota)

    def faster() -> None:
        site.kota.after_work = lambda: None
        other.step()

    site.kota.after_work = faster

    assert site.pull().alerts == {"a"}
    assert site.desk.audit().feed.number == 1


def test_a_long_feed_comes_in_pages(site: Site) -> None:
    for number in range(LIMIT_EVENTS + 1):
        site.kota.publish_raw("hologram", b"{}", f"alert-{number}")

    assert site.puller.step().more
    assert not site.puller.step().more
    assert site.desk.audit().feed.number == LIMIT_EVENTS + 1


def test_receipts_are_given_for_what_is_stored_and_only_once(site: Site) -> None:
    site.kota.alert("a")
    assert site.receiver.step().reply is None
    site.pull()

    assert site.receiver.step().reply is not None
    assert site.kota.receipt == 1
    assert site.receiver.step().reply is None


class NeverForking:
    """A Kota that has no use for a new incarnation."""

    def begin(self, after: int) -> Begun:
        raise AssertionError(after)


class Grumbling(NeverForking):
    """Takes entries only as told by ``answers``, then as Kota does; keeps what was sent."""

    def __init__(self, site: Site, *answers: LinkFailure) -> None:
        self._site = site
        self._answers = list(answers)
        self.sizes: list[int] = []

    def entries(self, pushed: bytes) -> Pushed:
        header, bodies = page.split(pushed, Push)
        assert header.upto - header.after == len(bodies)
        self.sizes.append(len(bodies))
        if self._answers:
            raise self._answers.pop(0)
        return self._site.kota.entries(pushed)


def notes(site: Site, count: int) -> None:
    site.kota.alert("a")
    site.pull()
    for number in range(count):
        site.desk.record(MEENA, "a", Note(f"नोट {number}"))


def test_a_run_that_is_too_much_is_halved_and_grows_again(site: Site) -> None:
    notes(site, 8)
    kota = Grumbling(site, Answered(Code.TOO_LARGE), TooSlow("timeout"))
    pusher = push.Pusher(site.database, site.who, kota)

    assert pusher.step().more
    with pytest.raises(TooSlow):
        pusher.step()
    while pusher.step().more:
        pass

    assert kota.sizes == [8, 4, 2, 4, 2]
    assert site.desk.status().waiting == 0


def test_a_run_stays_below_the_limit_of_bytes(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    for _ in range(100):
        site.desk.record(MEENA, "a", Note("न" * 4000))
    kota = Grumbling(site)
    pusher = push.Pusher(site.database, site.who, kota)

    while pusher.step().more:
        pass

    assert len(kota.sizes) == 2
    assert len(site.kota.log) == 100


@pytest.mark.parametrize(
    "answer", [Busy(3), Differs("head"), Answered(Code.UNREADABLE), Answered(Code.TOO_LARGE)]
)
def test_no_answer_but_kotas_word_about_it_settles_an_entry(site: Site, answer: LinkFailure) -> None:
    notes(site, 1)

    with pytest.raises(LinkFailure):
        push.Pusher(site.database, site.who, Grumbling(site, answer)).step()

    assert site.desk.status().waiting == 1
    site.push()
    assert len(site.kota.log) == 1


def test_a_kota_that_lost_entries_gets_them_again_and_they_wait_meanwhile(site: Site) -> None:
    notes(site, 3)
    site.push()
    del site.kota.log[1:], site.kota.outcomes[1:], site.kota.feed[2:]
    site.desk.record(MEENA, "a", Acknowledgement())

    assert site.pusher.step().more
    assert site.desk.status().waiting == 3
    while site.pusher.step().more:
        pass

    assert len(site.kota.log) == 4
    assert site.desk.status().waiting == 0


def test_a_reply_that_says_nothing_of_the_entries_is_not_taken_for_delivery(site: Site) -> None:
    notes(site, 1)

    class Silent(NeverForking):
        def entries(self, pushed: bytes) -> Pushed:
            return Pushed(epoch="epoch-1", server_ms=1, last=1, settled=())

    with pytest.raises(Differs):
        push.Pusher(site.database, site.who, Silent()).step()

    assert site.desk.status().waiting == 1


def test_a_forked_log_goes_on_under_the_same_ids_and_keeps_both_chains_whole(site: Site) -> None:
    """Two entries are at Kota, one of which this PC does not know of; three wait, one of them in between."""
    site.kota.alert("a")
    site.pull()
    for text in ("1", "2", "3", "4"):
        site.desk.record(MEENA, "a", Note(text))
    before = {line.line.entry_id for line in site.desk.outbox()}
    settled = "UPDATE log SET state = 'settled' WHERE number IN (1, 3)"
    site.database.write(lambda c: c.exec_driver_sql(settled))
    sent: list[tuple[Push, list[bytes]]] = []

    class Forking:
        def entries(self, push_page: bytes) -> Pushed:
            header, bodies = page.split(push_page, Push)
            if header.incarnation == 1:
                raise Answered(Code.LOG_FORK, 2)
            sent.append((header, bodies))
            raise Busy

        def begin(self, after: int) -> Begun:
            return Begun(epoch="", server_ms=0, incarnation=after + 1)

    pusher = push.Pusher(site.database, site.who, Forking())
    assert pusher.step().more
    with pytest.raises(Busy):
        pusher.step()

    ((header, bodies),) = sent
    assert (header.incarnation, header.after, header.upto) == (2, 0, 3)
    assert {decode(body).id for body in bodies} < before
    assert site.desk.status().waiting == 2
    assert site.desk.audit().log.number == 3
    site.desk.record(MEENA, "a", Note("5"))
    assert site.desk.audit().log.number == 4
