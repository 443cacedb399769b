"""What a restored Kota lost is given back until Kota judges the offer itself; no other answer ends it."""

from collections.abc import Iterator

import pytest

from sync.desk.failures import Answered, OtherHistory
from sync.desk.pull import Pull
from sync.desk.rejoin import Rejoining
from sync.desk.store import feed, history
from sync.wire import chain
from sync.wire.errors import Code
from sync.wire.messages import Changes
from sync.wire.rejoin import Offered, Rejoin, Rejoined
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import EPOCH, UNIT


class Restored:
    """A Kota that answers offers with ``codes`` and then takes them."""

    def __init__(self, codes: list[Code]) -> None:
        self.offers = 0
        self._codes: Iterator[Code] = iter(codes)

    def offer(self, _offered: bytes) -> Offered:
        self.offers += 1
        for code in self._codes:
            raise Answered(code)
        return Offered(epoch=EPOCH, server_ms=0, adopted=1, held=0, refused=0)

    def rejoin(self, _points: Rejoin) -> Rejoined:
        raise AssertionError("there is nothing to ask")

    def expect(self, _epoch: str) -> None:
        raise AssertionError("there is nothing to expect")


def after_a_loss(site: Site, kota: Restored) -> Rejoining:
    """Kota has lost all of this desk's feed, one alert."""
    site.kota.alert("a")
    site.pull()
    start = chain.genesis(chain.feed_of(UNIT))
    site.database.write(lambda c: history.rewind(c, start, feed.standing(c).epoch))
    return Rejoining(site.database, site.who, kota, site.puller)


def waits(site: Site) -> bool:
    return site.database.read(lambda c: history.to_offer(c, UNIT)) is not None


@pytest.mark.parametrize("code", [Code.TOKEN_NEEDED, Code.LOG_FORK, Code.UNKNOWN_CODE])
def test_an_answer_that_says_nothing_of_the_offer_leaves_it_waiting(site: Site, code: Code) -> None:
    kota = Restored([code])
    rejoining = after_a_loss(site, kota)

    with pytest.raises(Answered):
        rejoining.step()
    assert waits(site)

    rejoining.step()
    assert kota.offers == 2
    assert not waits(site)


def test_a_kota_too_old_for_offers_holds_nothing_up(site: Site) -> None:
    kota = Restored([Code.UNKNOWN_CALL])
    rejoining = after_a_loss(site, kota)

    assert rejoining.step().more
    assert waits(site)
    site.kota.alert("b")
    assert rejoining.step().changed
    assert kota.offers == 1
    assert site.desk.find("RJ-b") == "b"


def test_a_kota_that_has_learnt_to_take_them_back_is_offered_them_again(site: Site) -> None:
    kota = Restored([Code.UNKNOWN_CALL])
    after_a_loss(site, kota).step()

    Rejoining(site.database, site.who, kota, site.puller).step()

    assert kota.offers == 2
    assert not waits(site)


def test_an_offer_kota_cannot_read_blocks_nothing(site: Site) -> None:
    rejoining = after_a_loss(site, Restored([Code.UNREADABLE]))

    assert rejoining.step().more
    assert not waits(site)
    assert site.desk.find("RJ-a") == "a"


class SameFeed:
    """A restored Kota whose feed is ours, because another desk was here first."""

    def changes(self, *_: object) -> tuple[Changes, list[bytes]]:
        raise OtherHistory("another epoch")

    def rejoin(self, points: Rejoin) -> Rejoined:
        common = max(point.number for point in points.points)
        return Rejoined(epoch="restored", server_ms=0, common=common, end=common)

    def offer(self, _offered: bytes) -> Offered:
        raise AssertionError("there is nothing to give back")

    def expect(self, _epoch: str) -> None:
        pass


def test_a_kota_that_has_our_feed_again_may_have_forgotten_our_receipts(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    site.receiver.step()
    assert site.receiver.step().reply is None, "Kota has it"
    kota = SameFeed()

    Rejoining(site.database, site.who, kota, Pull(site.database, site.who, kota)).step()

    standing = site.database.read(feed.standing)
    assert (standing.epoch, standing.head.number, standing.receipt) == ("restored", 1, 0)


def test_the_reply_of_a_kota_that_was_restored_since_is_no_receipt(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    before = site.database.read(feed.standing)
    site.database.write(lambda c: history.rewind(c, before.head, "restored"))

    site.database.write(lambda c: feed.receipt_given(c, before.epoch, 1))

    assert site.database.read(feed.standing).receipt == 0
