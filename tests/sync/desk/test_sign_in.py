"""Officers sign in without a link, and nobody learns who the officers are by trying."""

import pytest
from argon2 import PasswordHasher

from sync.desk import sign_in
from sync.desk.errors import WrongPasswordError
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import MEENA

PASSWORD = "सही पासवर्ड"


def test_an_officer_of_the_feed_signs_in_with_no_link_until_removed(site: Site) -> None:
    verifier = PasswordHasher().hash(PASSWORD)
    site.kota.officer(verifier)
    site.pull()
    site.restart()

    assert site.desk.officers() == [MEENA]
    assert site.desk.sign_in(MEENA.id, PASSWORD) == MEENA
    with pytest.raises(WrongPasswordError):
        site.desk.sign_in(MEENA.id, "falsch")

    site.kota.officer(verifier, active=False)
    site.pull()
    assert site.desk.officers() == []
    with pytest.raises(WrongPasswordError):
        site.desk.sign_in(MEENA.id, PASSWORD)


def test_an_unknown_officer_gets_the_same_answer_for_the_same_work(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []
    monkeypatch.setattr(sign_in, "_work_as_for_a_known_officer", worked.append)

    with pytest.raises(WrongPasswordError):
        site.desk.sign_in("nobody", "x")

    assert worked == ["x"]


def test_a_verifier_nobody_can_read_lets_nobody_in(site: Site) -> None:
    site.kota.officer("no argon2")
    site.pull()

    with pytest.raises(WrongPasswordError):
        site.desk.sign_in(MEENA.id, "x")
