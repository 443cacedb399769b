"""The self-check passes where all is well and says what is not."""

import pytest

from sync.desk import self_check
from sync.desk.link import Link
from sync.desk.self_check import checks
from sync.world import Machine


def test_everything_a_desk_needs_is_tried_and_holds() -> None:
    found = checks(Machine())

    assert {check.name for check in found} == {"database", "key", "tls", "translations"}
    assert [check for check in found if not check.ok and check.name != "translations"] == []


def test_a_failure_is_named_and_the_others_are_tried_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(link: Link) -> None:
        raise RuntimeError("no TLS in here")

    monkeypatch.setattr(self_check, "hello", broken)

    found = {check.name: check for check in checks(Machine())}

    assert not found["tls"].ok
    assert "no TLS in here" in found["tls"].detail
    assert found["database"].ok
