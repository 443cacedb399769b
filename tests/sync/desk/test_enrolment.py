"""Whatever Kota or something else answers to an enrolment is one sentence, and the home can try again."""

from pathlib import Path

import msgspec
import pytest

from sync.desk import enrolment, errors, keys, throwaway
from sync.desk.enrolment import Invitation
from sync.desk.home import Home
from sync.desk.link import JSON
from sync.desk.store import device
from sync.desk.store.database import Database
from sync.wire.errors import STATUS, Code, Problem
from sync.world import Machine

WORLD = Machine()


@pytest.fixture(scope="module")
def authority() -> throwaway.Authority:
    return throwaway.authority(WORLD)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (Code.UNKNOWN_CODE, errors.CodeUnknownError),
        (Code.CODE_EXPIRED, errors.CodeExpiredError),
        (Code.CODE_USED, errors.CodeUsedError),
        (Code.UNREADABLE, errors.CodeUnknownError),
        (Code.BUSY, errors.KotaBusyError),
    ],
)
def test_each_refusal_has_its_sentence(
    tmp_path: Path, authority: throwaway.Authority, code: Code, error: type[errors.DeskError]
) -> None:
    body = msgspec.json.encode(Problem(epoch="e", server_ms=1, error=code))
    home = Home(tmp_path / "home")

    with throwaway.serving(
        authority, throwaway.reply_to_all(body, JSON, mark=True, status=STATUS[code])
    ) as server:
        invitation = Invitation(server=server, ca=authority.pem, code="AAAA-BBBB-CCCC")
        with pytest.raises(error):
            enrolment.enrol(home, invitation, WORLD, "PC")


def test_a_log_in_page_is_not_kota_and_the_key_of_the_first_try_is_used_again(
    tmp_path: Path, authority: throwaway.Authority
) -> None:
    home = Home(tmp_path / "home")
    page = throwaway.reply_to_all(b"<html>Log in</html>", "text/html", mark=False)

    def kept_key() -> bytes:
        database = Database(home.database, keys.load(home))
        try:
            return database.write(lambda c: device.keep_key(c, b"another"))
        finally:
            database.close()

    with throwaway.serving(authority, page) as server:
        invitation = Invitation(server=server, ca=authority.pem, code="AAAA-BBBB-CCCC")
        with pytest.raises(errors.NotKotaServerError):
            enrolment.enrol(home, invitation, WORLD, "PC")
        first = kept_key()
        with pytest.raises(errors.NotKotaServerError):
            enrolment.enrol(home, invitation, WORLD, "PC")

    assert first == kept_key() != b"another"


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"server":"https://kota","ca":"x"}'])
def test_a_file_that_is_no_invitation_is_said_to_be_unreadable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)

    for file in (tmp_path / "file", tmp_path / "nowhere", tmp_path):
        with pytest.raises(errors.EnrolmentFileUnreadableError):
            enrolment.read_invitation(file)
