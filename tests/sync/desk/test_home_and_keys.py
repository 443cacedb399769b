"""The home opens with its own key only; a key that exists is never replaced."""

from pathlib import Path

import keyring
import keyring.backend
import pytest

from sync.desk import errors, keys
from sync.desk.desk import Desk
from sync.desk.home import Home
from tests.sync.desk.still_world import StillWorld


class Ring(keyring.backend.KeyringBackend):
    """A key ring in memory."""

    priority = 5

    def __init__(self, *, keeps: bool = True) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self._keeps = keeps

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self._keeps:
            self.kept[service, username] = password


@pytest.fixture
def world() -> StillWorld:
    return StillWorld()


def home_in(folder: Path, passphrase: str = "right") -> Home:
    home = Home(folder / "home", lambda: passphrase)
    home.prepare()
    return home


def test_without_a_key_ring_the_key_is_wrapped_and_comes_back_with_the_passphrase(
    tmp_path: Path, world: StillWorld
) -> None:
    made = keys.load_or_make(home_in(tmp_path), world)

    assert len(made) == 32
    assert keys.load(home_in(tmp_path)) == made
    assert made.hex() not in home_in(tmp_path).wrapped_key.read_text()
    with pytest.raises(errors.WrongPassphraseError):
        keys.load(home_in(tmp_path, "wrong"))
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["key.wrapped"]


def test_a_key_is_never_made_beside_another_or_for_an_old_database(tmp_path: Path, world: StillWorld) -> None:
    home = home_in(tmp_path)
    home.database.touch()

    with pytest.raises(errors.KeyMissingError):
        keys.load_or_make(home, world)

    assert not home.wrapped_key.exists()


def test_a_usable_key_ring_keeps_the_key_and_no_passphrase_is_asked_for(
    tmp_path: Path, world: StillWorld
) -> None:
    ring, before = Ring(), keyring.get_keyring()
    keyring.set_keyring(ring)
    try:
        home = home_in(tmp_path)
        home.passphrase = pytest.fail
        made = keys.load_or_make(home, world)
        assert keys.load(home) == made
        assert list(ring.kept.values()) == [made.hex()]
        ring.kept.clear()
        with pytest.raises(errors.KeyMissingError):
            keys.load(home)
    finally:
        keyring.set_keyring(before)


def test_a_key_ring_that_forgets_is_not_trusted(tmp_path: Path, world: StillWorld) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Ring(keeps=False))
    try:
        keys.load_or_make(home_in(tmp_path), world)
    finally:
        keyring.set_keyring(before)

    assert home_in(tmp_path).wrapped_key.exists()


def test_a_home_that_is_no_folder_is_said_to_be_unreadable(tmp_path: Path, world: StillWorld) -> None:
    (tmp_path / "file").write_text("x")

    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(errors.HomeUnreadableError):
            Home(folder).prepare()
        with pytest.raises(errors.HomeUnreadableError):
            Desk.open(Home(folder), world)


def test_a_home_that_is_not_there_yet_is_not_enrolled_and_is_not_made(
    tmp_path: Path, world: StillWorld
) -> None:
    with pytest.raises(errors.NotEnrolledError):
        Desk.open(Home(tmp_path / "new" / "home"), world)

    assert not (tmp_path / "new").exists()


def test_a_home_without_a_desk_is_not_enrolled_and_nothing_is_made_in_it(
    tmp_path: Path, world: StillWorld
) -> None:
    home = home_in(tmp_path)

    with pytest.raises(errors.NotEnrolledError):
        Desk.open(home, world)

    assert list(home.folder.iterdir()) == []


def test_the_home_is_the_chosen_one_then_the_one_named_then_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "kota-desk" in str(Home.find().folder)
    monkeypatch.setenv("KOTA_DESK_HOME", str(tmp_path / "named"))

    assert Home.find().folder == tmp_path / "named"
    assert Home.find(tmp_path / "chosen").folder == tmp_path / "chosen"


def test_the_passphrase_comes_from_the_file_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "phrase").write_text("एक लंबा वाक्य\n", encoding="utf-8")
    monkeypatch.setenv("KOTA_DESK_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    assert Home.find().passphrase() == "एक लंबा वाक्य"

    monkeypatch.setenv("KOTA_DESK_PASSPHRASE_FILE", str(tmp_path / "nothing"))
    with pytest.raises(errors.PassphraseNeededError):
        Home.find().passphrase()
