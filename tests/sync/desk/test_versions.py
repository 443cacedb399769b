"""A desk too old for an event shows what it must of it; after an upgrade it shows the whole."""

import msgspec
import pytest

from sync.desk.projection import Notice
from sync.desk.store import feed
from sync.wire import reading
from sync.wire.messages import Event, EventKind, Plain
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import DEVICE, UNIT


def publish(site: Site, alert: str | None, *, must: bool) -> None:
    plain = Plain(hi="नई बात", en="something new")
    event = Event(
        kind="of_tomorrow", must=must, at_ms=1, nonce="n", alert=alert, plain=plain, data=msgspec.Raw(b"{}")
    )
    site.kota.feed.append(msgspec.json.encode(event))


def test_what_must_be_shown_is_shown_plainly_on_its_alert_and_the_rest_is_kept(site: Site) -> None:
    site.kota.alert("a")
    publish(site, "a", must=True)
    publish(site, "a", must=False)
    publish(site, None, must=True)
    site.pull()

    case = site.desk.case("a")
    assert case is not None
    assert case.notices == (Notice(event=2, hi="नई बात", en="something new"),)
    assert site.desk.notices() == (Notice(event=4, hi="नई बात", en="something new"),)
    assert site.desk.status().skipped == 3


def test_after_an_upgrade_what_was_kept_is_shown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.kota.alert("a")
    with monkeypatch.context() as old:
        old.delitem(reading._data, EventKind.ALERT)
        site.pull()
        assert site.desk.case("a") is None
        assert site.desk.status().skipped == 1

    changed = site.database.write(lambda c: feed.read_again(c, UNIT, DEVICE))

    assert changed.alerts == {"a"}
    assert [row.alert_id for row in site.desk.alarming()] == ["a"]
    assert site.desk.status().skipped == 0
    assert not site.database.write(lambda c: feed.read_again(c, UNIT, DEVICE))
    site.desk.audit()
