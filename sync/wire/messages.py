"""Every request, reply and feed event between a desk and Kota, version 1.

Times are milliseconds since 1970 UTC by Kota's clock where the name ends in ``_ms``. Hashes, keys and signatures
are lower-case hex. Unknown fields are ignored at both ends, so fields may be added without a new version.

    GET  /v1/hello                      who answers, and a nonce for the token
    POST /v1/enrol      Enrol           -> Enrolled            a one-time code becomes a device
    POST /v1/token      Prove           -> Token               the device proves its key; no clock involved
    GET  /v1/feeds/{unit}/changes       -> page(Changes, events)
    POST /v1/entries    page(Push, entries) -> Pushed
    POST /v1/receipts   Receipt         -> Received
    POST /v1/incarnation Begin          -> Begun               a copied or rolled-back PC begins a new log
"""

from enum import StrEnum

import msgspec
from msgspec import Struct

from sync.case.priority import Judgement
from sync.case.report import Report
from sync.case.unit import Officer, Unit

VERSION = 1
# Older than this nothing is taken in; what is published is read by every version.
OLDEST = 1

# In every reply of Kota's; a portal, a proxy or another server does not know it.
MARK_HEADER = "X-Kota-Sync"
MARK = "1"
TOKEN_SCHEME = "Bearer"  # noqa: S105  # the name of a scheme, not a secret

# A page of either is bounded in bytes as well (1 MiB); these bound what one transaction does at the other end.
LIMIT_ENTRIES = 1000
LIMIT_EVENTS = 1000
LIMIT_PUSH_BYTES = 1024 * 1024
WAIT_MAX_S = 25


class Reply(Struct, frozen=True, kw_only=True):
    """What every reply of Kota's says of Kota: its epoch (changes when a backup is restored) and its time."""

    epoch: str
    server_ms: int


class Hello(Reply, frozen=True, kw_only=True):
    """Kota is there and speaks these versions; ``nonce`` is good for one `Prove` within a few minutes."""

    nonce: str
    oldest: int
    newest: int


class Enrol(Struct, frozen=True, kw_only=True):
    """A one-time code and the public half of a key made on the PC. The same pair again gets the same answer.

    ``device`` is what a PC was called that Kota has forgotten; it is called so again, and its log goes on.
    """

    code: str
    public_key: str
    name: str
    version: int = VERSION
    device: str = ""


class Enrolled(Reply, frozen=True, kw_only=True):
    """The PC is now ``device`` of ``unit``; ``kota_key`` signs every page it will get.

    ``membership`` is Kota's own word for it, to be kept and sent with every `Prove`.
    """

    device: str
    incarnation: int
    unit: Unit
    kota_key: str
    membership: str = ""


class Prove(Struct, frozen=True, kw_only=True):
    """``signature`` is the device key's over `token_challenge`; ``membership`` is what Kota gave last, if it did."""

    device: str
    incarnation: int
    nonce: str
    signature: str
    membership: str = ""


def token_challenge(device: str, incarnation: int, nonce: str) -> bytes:
    """What a device signs to get a token."""
    return "\0".join(["kota-token-1", device, str(incarnation), nonce]).encode()


class Token(Reply, frozen=True, kw_only=True):
    """To be sent as ``Authorization: Bearer …`` until Kota answers 401; then ask anew. ``membership`` is to be kept."""

    token: str
    membership: str = ""


class Changes(Reply, frozen=True, kw_only=True):
    """Header of a feed page: events ``after + 1`` to ``upto``, whose chain ends in ``head``, signed by Kota.

    ``end`` is how far the feed reached when the page was read; it is larger than ``upto`` when more waits.
    """

    unit: str
    after: int
    upto: int
    end: int
    head: str
    signature: str


class Push(Struct, frozen=True, kw_only=True):
    """Header of a page of entries: numbers ``after + 1`` on, of one device's log, whose chain ends in ``head``."""

    device: str
    incarnation: int
    epoch: str
    after: int
    upto: int
    head: str
    signature: str
    version: int = VERSION


class Outcome(StrEnum):
    """What became of an entry at Kota. Every one of them is final: the entry is stored, whatever it says."""

    APPLIED = "applied"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why an entry was stored but has no effect. The same code is shown at both ends."""

    UNREADABLE = "unreadable"
    UNKNOWN_ALERT = "unknown_alert"
    REPEATED = "repeated"


class Settled(Struct, frozen=True, kw_only=True):
    """What became of one entry."""

    number: int
    id: str
    outcome: Outcome
    received_ms: int
    why: Refusal | None = None


class Pushed(Reply, frozen=True, kw_only=True):
    """Kota durably holds the device's log up to ``last``."""

    last: int
    settled: tuple[Settled, ...]


class Begin(Struct, frozen=True, kw_only=True):
    """The device wants a log that nobody else writes; ``after`` is the incarnation it was using."""

    after: int


class Begun(Reply, frozen=True, kw_only=True):
    """The log of ``incarnation`` is empty and this device's alone. Asking again gives another, which does no harm."""

    incarnation: int


class Receipt(Struct, frozen=True, kw_only=True):
    """The device durably stores its feed up to ``upto``. A machine's word; never an acknowledgement."""

    unit: str
    epoch: str
    upto: int
    head: str


class Received(Reply, frozen=True, kw_only=True):
    """The furthest receipt Kota has of this device."""

    upto: int


# ---- what stands in a feed ------------------------------------------------------------------------------------


class EventKind(StrEnum):
    """The kinds a version-1 desk understands."""

    ALERT = "alert"
    UPDATE = "update"
    ENTRY = "entry"
    DRAFT = "draft"
    OFFICER = "officer"


class Plain(Struct, frozen=True):
    """What a desk too old to know the kind shows instead."""

    hi: str
    en: str


class Event(Struct, frozen=True, kw_only=True):
    """One line of a feed. ``nonce`` keeps the hash of an erased body from being guessed.

    A desk that does not know ``kind`` stores the event; if ``must``, it shows ``plain`` as well.
    """

    v: int = VERSION
    kind: str
    must: bool
    at_ms: int
    nonce: str
    alert: str | None = None
    plain: Plain | None = None
    data: msgspec.Raw


class AlertPublished(Struct, frozen=True, kw_only=True):
    """``alert``: a new alert, or one that now concerns this unit. ``unit`` is the one responsible."""

    number: str
    received_ms: int
    unit: str
    route: str
    judgement: Judgement
    report: Report


class UpdatePublished(Struct, frozen=True, kw_only=True):
    """``update``: the platform sent more on the same reference, or withdrew it."""

    received_ms: int
    report: Report


class EntryPublished(Struct, frozen=True, kw_only=True):
    """``entry``: an officer's entry as its device made it, with where it came from and when Kota had it."""

    device: str
    unit: str
    number: int
    received_ms: int
    entry: msgspec.Raw


class DraftPublished(Struct, frozen=True, kw_only=True):
    """``draft`` (hub only): a genuine message that could not be read; the raw bytes are kept under ``intake``."""

    intake: int
    received_ms: int
    sha256: str
    reason: str
    opening: str


class OfficerPublished(Struct, frozen=True, kw_only=True):
    """``officer``: who may sign in at this unit's desks; the verifier (argon2id) works without a link."""

    officer: Officer
    verifier: str
    active: bool


EventData = AlertPublished | UpdatePublished | EntryPublished | DraftPublished | OfficerPublished

DATA_OF_KIND: dict[EventKind, type[EventData]] = {
    EventKind.ALERT: AlertPublished,
    EventKind.UPDATE: UpdatePublished,
    EventKind.ENTRY: EntryPublished,
    EventKind.DRAFT: DraftPublished,
    EventKind.OFFICER: OfficerPublished,
}
KIND_OF_DATA = {data: kind for kind, data in DATA_OF_KIND.items()}
