"""A changed, missing or added byte in either chain is found."""

import pytest

from sync.case.entry import Note
from sync.desk import errors
from sync.desk.errors import DeskError
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import MEENA

FEED, LOG = errors.FeedBrokenError, errors.LogBrokenError


@pytest.mark.parametrize(
    ("change", "broken", "number"),
    [
        ("UPDATE feed_event SET body = CAST(body || ' ' AS BLOB) WHERE number = 2", FEED, 2),
        ("DELETE FROM feed_event WHERE number = 3", FEED, 3),
        ("DELETE FROM feed_event WHERE number = 1", FEED, 1),
        ("UPDATE feed_event SET hash = zeroblob(32) WHERE number = 3", FEED, 3),
        ("UPDATE log SET body = CAST(replace(body, 'x', 'y') AS BLOB) WHERE number = 1", LOG, 1),
        ("DELETE FROM log WHERE number = 1", LOG, 1),
    ],
)
def test_any_change_is_found(site: Site, change: str, broken: type[DeskError], number: int) -> None:
    for alert in ("a", "b", "c"):
        site.kota.alert(alert)
    site.pull()
    site.desk.record(MEENA, "a", Note("x"))
    site.desk.record(MEENA, "a", Note("x"))
    assert (site.desk.audit().feed.number, site.desk.audit().log.number) == (3, 2)
    site.database.write(lambda c: c.exec_driver_sql(change))

    with pytest.raises(broken) as found:
        site.desk.audit()

    assert found.value.values["number"] == number
