"""The promises, each a checker that runs on every seed. A promise that cannot be broken here is not listed."""

from tests.simulation.checkers.base import Checker, Violation
from tests.simulation.checkers.chains import DeviceChain, FeedChain, ForkSafe, OnceOnly
from tests.simulation.checkers.durable import HonestAck, HonestReceipt, NoLoss, Restore
from tests.simulation.checkers.motion import Bounded, Converge, NoBlock, Progress, Wake
from tests.simulation.checkers.orders import StruckOff, Wiped
from tests.simulation.checkers.reach import Custody, IngestOnce, Jurisdiction, NoAbsenceDelete, Skew
from tests.simulation.checkers.screen import HonestBanner, SameForAll, SnapshotEq

ALL: list[type[Checker]] = [
    NoLoss,
    Restore,
    HonestReceipt,
    HonestAck,
    OnceOnly,
    DeviceChain,
    ForkSafe,
    FeedChain,
    Jurisdiction,
    StruckOff,
    Wiped,
    NoAbsenceDelete,
    IngestOnce,
    Custody,
    Skew,
    Converge,
    NoBlock,
    Progress,
    Bounded,
    Wake,
    HonestBanner,
    SameForAll,
    SnapshotEq,
]

__all__ = ["ALL", "Checker", "Violation"]
