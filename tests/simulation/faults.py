"""What goes wrong, as data: each fault has its moment and its victim, so that a plan can be shrunk and read."""

import random
from enum import StrEnum

from msgspec import Struct

from sync.wire.heartbeat import CommandKind

KOTA = -1
WITHOUT_RARE = 0.5


class Kind(StrEnum):
    """Every way in which the world misbehaves."""

    # One call of a desk.
    DROP_REQUEST = "the request is lost"
    HALF_OPEN = "the connection is half open"
    DROP_REPLY = "the reply is lost"
    SLOW = "the reply is late"
    DUPLICATE = "the request arrives again later"
    TRUNCATE = "the reply is cut off"
    FLIP = "a byte of the page is changed"
    PORTAL = "a portal answers"
    WRONG_EPOCH = "the reply has another epoch"
    REFUSED = "the request is answered by an error"
    STOP_BEFORE_SEND = "the PC stops before it sends"
    STOP_AFTER_SEND = "the PC stops after it sent"
    STOP_AFTER_REPLY = "the PC stops when the reply is there"
    KOTA_STOPS_AFTER_WORK = "Kota stops before it replies"
    # One machine.
    KILL = "the process is killed"
    STOP_BEFORE_COMMIT = "stops before its next commit"
    STOP_AFTER_COMMIT = "stops after its next commit"
    DISK_FULL = "the disk is full"
    # One PC.
    OFFLINE = "is offline"
    SLEEP = "sleeps"
    CLOCK_JUMP = "has its clock set wrong"
    RESTART = "is restarted properly"
    # A disk that shows an earlier state.
    RESTORED = "is backed up, and later restored"
    SET_BACK = "is later set back to its disk of now"
    COPIED = "has its disk copied, and the copy later runs beside it"
    # Kota's word on one PC.
    STRUCK_OFF = "is struck off"
    WIPED = "is ordered to wipe itself"
    RESNAPSHOT = "is ordered to take its feed anew"
    NEW_INCARNATION = "is ordered to begin a new log"
    # Not Kota's word.
    FORGED_ORDER = "is ordered by a stranger to wipe itself"


OF_A_CALL = frozenset(list(Kind)[: list(Kind).index(Kind.KILL)])
OF_HISTORY = (Kind.RESTORED, Kind.SET_BACK, Kind.COPIED)
ORDERS = {
    Kind.STRUCK_OFF: None,
    Kind.WIPED: CommandKind.WIPE,
    Kind.RESNAPSHOT: CommandKind.RESNAPSHOT,
    Kind.NEW_INCARNATION: CommandKind.NEW_INCARNATION,
}
# Things that happen once, if at all: what is true afterwards depends on what was true when they did.
RARE = (*OF_HISTORY, *ORDERS, Kind.FORGED_ORDER)
OF_KOTA = (Kind.KILL, Kind.STOP_BEFORE_COMMIT, Kind.STOP_AFTER_COMMIT, Kind.DISK_FULL)
# What a proxy, an overloaded or a mistaken Kota may answer: status, code of our own or "", expected number.
ANSWERS: tuple[tuple[int, str], ...] = (
    (401, "token_needed"),
    (403, "device_revoked"),
    (403, "not_your_feed"),
    (404, "unknown_code"),
    (409, "log_gap"),
    (413, "too_large"),
    (422, "unreadable"),
    (429, "busy"),
    (503, "busy"),
    (500, "busy"),
    (502, ""),
    (426, ""),
    (407, ""),
)


class Fault(Struct, frozen=True):
    """``value`` decides what the kind leaves open: how long, how much, which answer."""

    at_ms: int
    kind: Kind
    victim: int
    value: int

    def say(self) -> str:
        who = "Kota" if self.victim == KOTA else f"desk {self.victim}"
        return f"{self.at_ms / 1000:8.3f}  {who}: {self.kind} ({self.value})"


def draw(rng: random.Random, desks: int, until_ms: int, count: int) -> list[Fault]:
    """``count`` faults, of any kind, at any time, to anybody."""
    kinds = [kind for kind in Kind if kind not in RARE]
    drawn = []
    for _ in range(count):
        kind = rng.choice(kinds)
        victim = KOTA if kind in OF_KOTA and rng.random() < 0.5 else rng.randrange(desks)
        drawn.append(Fault(rng.randrange(until_ms), kind, victim, rng.randrange(1 << 30)))
    return drawn


def draw_rare(rng: random.Random, desks: int, until_ms: int) -> list[Fault]:
    """In some plans, one disk that shows an earlier state, or one order."""
    if rng.random() < WITHOUT_RARE:
        return []
    kind = rng.choice(RARE)
    victim = KOTA if kind is Kind.RESTORED else rng.randrange(desks)
    return [Fault(rng.randrange(until_ms // 2), kind, victim, rng.randrange(1 << 30))]
