"""A PC that Kota had wiped while somebody sat at it shows nothing of what it held."""

from sync.desk import wiping
from sync.desk.errors import WipedError
from tests.desktop.readable import readable, said
from tests.desktop.seat import sample
from tests.desktop.stage import Stage, until


def test_after_a_wipe_only_the_reason_is_on_the_screen(signed_in: Stage) -> None:
    signed_in.kota.alert(sample(0), number="K-26-00017")
    until(lambda: "K-26-00017" in readable(signed_in))

    wiping.wipe(signed_in.home, signed_in.desk._database, signed_in.world)

    until(lambda: said(WipedError.sentence) in readable(signed_in))
    assert "K-26-00017" not in readable(signed_in)
    assert said("Everything Kota has for this desk is here") not in readable(signed_in)
    assert signed_in.application.workplace is None
