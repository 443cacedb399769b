"""Why a call to Kota brought nothing, for the loops, which wait and try again.

None of them says anything about an entry or an alert: the outbox and the feed stay as they are. Where a person is
waiting for the answer, `spoken` turns the failure into a sentence.
"""

from sync.desk import errors
from sync.desk.projection import LinkProblem
from sync.wire.errors import Code


class LinkFailure(Exception):  # noqa: N818  # a state of the world, not an error: the loops expect it
    """A call that brought no verified answer, or one that is not the answer asked for."""

    problem = LinkProblem.UNREACHABLE


class Unreachable(LinkFailure):
    """No answer: no network, no Kota, or it went away in the middle."""


class TooSlow(Unreachable):
    """No answer in time; perhaps too much was asked for at once."""


class Stuck(LinkFailure):
    """A call that neither came to an end nor failed for longer than any call may take."""

    problem = LinkProblem.STUCK


class NotTrusted(LinkFailure):
    """TLS refused: another authority, another name, or this PC's date is wrong."""

    problem = LinkProblem.NOT_TRUSTED


class NotKota(LinkFailure):
    """An answer that is not Kota's: a portal, a proxy, a cut page."""

    problem = LinkProblem.NOT_KOTA


class Busy(LinkFailure):
    """Kota asks to wait; ``retry_after_s`` if it said how long."""

    problem = LinkProblem.BUSY

    def __init__(self, retry_after_s: int | None = None) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


class Revoked(LinkFailure):
    """Kota struck this device off, or the feed is another unit's."""

    problem = LinkProblem.REVOKED


class Forgotten(LinkFailure):
    """Kota does not know this device, and the device has nothing of Kota's that says it should."""

    problem = LinkProblem.FORGOTTEN


class Differs(LinkFailure):
    """Two histories that cannot both be right. Nothing is applied and nothing overwritten."""

    problem = LinkProblem.DIFFERS


class Outdated(LinkFailure):
    """Kota takes no entries from so old a program. They wait; the feed goes on."""

    problem = LinkProblem.OUTDATED


class OtherHistory(Differs):
    """Kota's feed is not the one stored here, or its epoch is another: it was restored from a backup. Rejoin."""


class Answered(LinkFailure):
    """Kota's own answer that the call itself must deal with: a code of `sync.wire.errors`."""

    problem = LinkProblem.DIFFERS

    def __init__(self, code: Code, expected: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.expected = expected


_SPOKEN: dict[LinkProblem, type[errors.DeskError]] = {
    LinkProblem.UNREACHABLE: errors.KotaUnreachableError,
    LinkProblem.STUCK: errors.KotaUnreachableError,
    LinkProblem.NOT_TRUSTED: errors.ServerNotTrustedError,
    LinkProblem.NOT_KOTA: errors.NotKotaServerError,
    LinkProblem.BUSY: errors.KotaBusyError,
    LinkProblem.REVOKED: errors.DeviceRevokedError,
    LinkProblem.FORGOTTEN: errors.DeviceForgottenError,
    LinkProblem.DIFFERS: errors.HistoryDiffersError,
    LinkProblem.OUTDATED: errors.ProgramOutdatedError,
}


def spoken(failure: LinkFailure) -> errors.DeskError:
    """What to tell a person who is waiting for the link."""
    return _SPOKEN[failure.problem]()
