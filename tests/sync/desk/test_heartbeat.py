"""A desk says how it is, and does what Kota orders under Kota's own signature for this PC, and nothing else."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.case.entry import Note
from sync.desk import errors, keys, wiping
from sync.desk.desk import Desk
from sync.desk.facts import Facts
from sync.desk.failures import Unreachable
from sync.desk.heartbeat import Heart, Obey
from sync.desk.home import Home
from sync.desk.status import nothing_yet
from sync.desk.store import answers
from sync.desk.store.database import Database
from sync.wire.heartbeat import Command, CommandAnswer, CommandKind, Heard, Heartbeat, Result, sign_command
from sync.world import Machine
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import DEVICE, EPOCH, MEENA


class Ear:
    """Kota's side of the call: keeps what it hears, gives the commands that are not done."""

    def __init__(self, *commands: Command) -> None:
        self.heard: list[Heartbeat] = []
        self.commands = list(commands)
        self.deaf_after = 99

    def heartbeat(self, said: Heartbeat) -> Heard:
        if len(self.heard) >= self.deaf_after:
            raise Unreachable("cut")
        self.heard.append(said)
        done = {answer.id for answer in said.answers if answer.result is Result.DONE}
        self.commands = [command for command in self.commands if command.id not in done]
        return Heard(epoch=EPOCH, server_ms=1, commands=tuple(self.commands))


Obeyed = list[str]


def heart(site: Site, ear: Ear, obeyed: Obeyed) -> Heart:
    def obey(kind: str) -> Callable[[], None]:
        return lambda: obeyed.append(kind)

    doing: Obey = {kind: obey(kind) for kind in (CommandKind.WIPE, CommandKind.RESNAPSHOT)}
    facts = Facts(site.database, site.who, site.world, lambda: nothing_yet(site.world))
    return Heart(site.database, site.who, ear, facts, doing)


def test_the_facts_are_those_of_log_feed_and_machine(site: Site) -> None:
    site.kota.alert("a")
    site.pull()
    site.desk.record(MEENA, "a", Note("x"))
    site.world.pass_ms(90_000)
    ear = Ear()

    heart(site, ear, []).step()

    (said,) = ear.heard
    assert (said.feed, said.log, said.waiting, said.oldest_waiting_s) == (1, 1, 1, 90)
    assert said.disk_free > 0
    assert said.kota_ahead_ms is None
    assert bytes.fromhex(said.log_head)


def test_a_command_is_carried_out_once_and_answered(site: Site) -> None:
    ear = Ear(sign_command(site.kota.key, DEVICE, "c-1", CommandKind.RESNAPSHOT, EPOCH))
    obeyed: Obeyed = []
    beating = heart(site, ear, obeyed)

    assert beating.step().more
    assert not beating.step().more
    beating.step()

    assert obeyed == [CommandKind.RESNAPSHOT]
    assert ear.heard[1].answers == (CommandAnswer(id="c-1", result=Result.DONE),)
    assert ear.heard[2].answers == ()


def test_an_answer_is_repeated_until_kota_has_it(site: Site) -> None:
    ear = Ear(sign_command(site.kota.key, DEVICE, "c-1", CommandKind.RESNAPSHOT, EPOCH))
    beating = heart(site, ear, [])
    beating.step()
    ear.deaf_after = 1
    with pytest.raises(Unreachable):
        beating.step()
    site.restart()
    ear.deaf_after = 99

    heart(site, ear, []).step()

    assert ear.heard[-1].answers == (CommandAnswer(id="c-1", result=Result.DONE),)
    assert site.database.read(answers.untold) == ()


STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.mark.parametrize("wrong", ["key", "device", "epoch", "id", "kind", "no hex"])
def test_a_command_that_is_not_kotas_to_this_pc_does_nothing_and_is_reported(site: Site, wrong: str) -> None:
    command = sign_command(
        STRANGER if wrong == "key" else site.kota.key,
        "other" if wrong == "device" else DEVICE,
        "c-0" if wrong == "id" else "c-1",
        CommandKind.RESNAPSHOT if wrong == "kind" else CommandKind.WIPE,
        "other" if wrong == "epoch" else EPOCH,
    )
    signature = "no hex" if wrong == "no hex" else command.signature
    ear = Ear(Command(id="c-1", kind=CommandKind.WIPE, signature=signature))
    obeyed: Obeyed = []
    beating = heart(site, ear, obeyed)

    beating.step()
    beating.step()

    assert obeyed == []
    assert ear.heard[-1].answers == (CommandAnswer(id="c-1", result=Result.UNVERIFIED),)


def test_a_command_of_a_kind_not_known_here_is_answered_so(site: Site) -> None:
    ear = Ear(sign_command(site.kota.key, DEVICE, "c-1", "paint_it_blue", EPOCH))
    beating = heart(site, ear, [])

    beating.step()
    beating.step()

    assert ear.heard[-1].answers == (CommandAnswer(id="c-1", result=Result.UNKNOWN),)


@pytest.mark.parametrize("hears_goodbye", [True, False])
def test_the_order_to_wipe_is_answered_before_it_is_carried_out_if_kota_can_be_reached(
    site: Site, hears_goodbye: bool
) -> None:
    ear = Ear(sign_command(site.kota.key, DEVICE, "c-1", CommandKind.WIPE, EPOCH))
    ear.deaf_after = 2 if hears_goodbye else 1
    obeyed: Obeyed = []

    heart(site, ear, obeyed).step()

    assert obeyed == [CommandKind.WIPE]
    assert len(ear.heard) == ear.deaf_after


# ---- the wipe itself ------------------------------------------------------------------------------------------


@pytest.fixture
def home(site: Site) -> Home:
    """The home of ``site``, with its key where a key is kept."""
    home = Home(site.file.parent)
    home.wrapped_key.write_bytes(b"a key under a passphrase")
    return home


def test_after_a_wipe_neither_key_nor_alerts_are_on_the_disk_and_nothing_answers(
    site: Site, home: Home
) -> None:
    (home.folder / "desk.db-journal").write_bytes(b"x")

    wiping.wipe(home, site.database, Machine())

    assert [file.name for file in home.folder.iterdir()] == ["wiped"]
    with pytest.raises(errors.WipedError):
        site.desk.status()
    with pytest.raises(errors.WipedError):
        site.desk.keep_draft("o", "a", "x")
    with pytest.raises(errors.WipedError):
        Desk.open(home, Machine())


def test_a_wipe_cut_short_is_finished_at_the_next_start(
    site: Site, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise OSError("power")

    with monkeypatch.context() as patch:
        patch.setattr(keys, "destroy", cut)
        with pytest.raises(OSError, match="power"):
            wiping.wipe(home, site.database, Machine())
    assert home.wrapped_key.exists()

    with pytest.raises(errors.WipedError):
        Desk.open(home, Machine())

    assert [file.name for file in home.folder.iterdir()] == ["wiped"]


def test_a_wiped_pc_can_be_enrolled_anew_with_a_new_key(site: Site, home: Home) -> None:
    wiping.wipe(home, site.database, Machine())

    wiping.forget(home, Machine())
    Database(home.database, keys.load_or_make(home, Machine())).close()

    assert not home.wiped.exists()
