"""What may be said of the link, from verified replies alone.

*Connected* needs a verified reply of at most 45 s ago, of the pull once it had one, and no failure of the feed since;
*in step* needs a verified
page of the feed whose end is stored here. Everything else is *not connected*, with the time since when.
"""

from enum import StrEnum

import msgspec
from msgspec import Struct

from sync.case.unit import Unit
from sync.desk.projection import DeskStatus, Link, LinkProblem, StoreProblem
from sync.desk.store.log import Backlog
from sync.world import World

FRESH_MS = 45_000


class Lane(StrEnum):
    """The loops of the link, in the order in which their troubles matter to the officer."""

    PULL = "pull"
    PUSH = "push"
    RECEIPTS = "receipts"
    HEARTBEAT = "heartbeat"


class Reply(Struct, frozen=True):
    """A verified reply of Kota's. ``end`` is how far its feed reached, if it was a page of the feed.

    ``server_ms`` is None of a reply that does not say Kota's time.
    """

    server_ms: int | None
    end: int | None = None


class Contact(Struct, frozen=True, kw_only=True):
    """What the lanes have found out so far; ``wall_ms`` is of the last verified reply, or of the start.

    ``end`` is how far the feed reached by the last page that is stored, ``page`` when that came (wall, monotonic),
    ``pulled`` when the pull got its last reply of any kind. ``storing`` are the lanes that could not store.
    """

    wall_ms: int
    mono_ms: int | None = None
    problems: dict[Lane, LinkProblem] = {}
    end: int | None = None
    page: tuple[int, int] | None = None
    pulled: tuple[int, int] | None = None
    storing: dict[Lane, StoreProblem] = {}
    kota_ahead_ms: int = 0


class Kept(Struct, frozen=True):
    """What the store knows: the last event of the feed, the backlog of the log, events that cannot be shown."""

    number: int
    backlog: Backlog
    skipped: int


def nothing_yet(world: World) -> Contact:
    """Before the first reply."""
    return Contact(wall_ms=world.wall_ms())


def replied(contact: Contact, lane: Lane, reply: Reply, world: World) -> Contact:
    """``contact`` after a verified reply."""
    wall_ms, mono_ms = world.wall_ms(), world.mono_ms()
    return msgspec.structs.replace(
        contact,
        wall_ms=wall_ms,
        mono_ms=mono_ms,
        problems={other: problem for other, problem in contact.problems.items() if other is not lane},
        end=contact.end if reply.end is None else reply.end,
        page=contact.page if reply.end is None else (wall_ms, mono_ms),
        kota_ahead_ms=contact.kota_ahead_ms if reply.server_ms is None else reply.server_ms - wall_ms,
        pulled=(wall_ms, mono_ms) if lane is Lane.PULL else contact.pulled,
    )


def unstored(contact: Contact, lane: Lane, problem: StoreProblem, world: World) -> Contact:
    """``contact`` after a lane could not store what it got."""
    contact = msgspec.structs.replace(contact, storing={**contact.storing, lane: problem})
    if lane is Lane.PULL and problem is StoreProblem.FULL:
        # A page is stored only once it is verified: the link is in order.
        contact = msgspec.structs.replace(contact, pulled=(world.wall_ms(), world.mono_ms()))
    return contact


def stored(contact: Contact, lane: Lane) -> Contact:
    """``contact`` after a lane stored what it got, or had nothing to store."""
    storing = {other: problem for other, problem in contact.storing.items() if other is not lane}
    return msgspec.structs.replace(contact, storing=storing)


def failed(contact: Contact, lane: Lane, problem: LinkProblem) -> Contact:
    """``contact`` after a lane got no verified answer, or one that does not fit."""
    return msgspec.structs.replace(contact, problems={**contact.problems, lane: problem})


def describe(contact: Contact, unit: Unit, kept: Kept, world: World) -> DeskStatus:
    """The facts for the truth strip."""
    ago_ms = _age_ms(contact, world)
    alive = ago_ms is not None and ago_ms <= FRESH_MS and Lane.PULL not in contact.problems
    tried = ago_ms is not None or bool(contact.problems)
    link = Link.CONNECTED if alive else Link.NOT_CONNECTED if tried else Link.NOT_TRIED
    return DeskStatus(
        unit=unit,
        link=link,
        problem=next((contact.problems[lane] for lane in Lane if lane in contact.problems), None),
        checked_ago_s=None if ago_ms is None else ago_ms // 1000,
        since_ms=_last(contact)[0] if link is Link.NOT_CONNECTED else None,
        in_step=alive and not contact.storing and _has_all(contact, kept, world),
        waiting=kept.backlog.waiting,
        oldest_waiting_ms=kept.backlog.oldest_ms,
        refused=kept.backlog.refused,
        kota_ahead_ms=contact.kota_ahead_ms,
        skipped=kept.skipped,
        storing=next((contact.storing[lane] for lane in Lane if lane in contact.storing), None),
    )


def _has_all(contact: Contact, kept: Kept, world: World) -> bool:
    """Whether a page of late said that there is no more.

    Replies of other lanes cannot stand in for it: they come even where pages arrive and cannot be stored.
    """
    if contact.end is None or contact.page is None:
        return False
    return kept.number >= contact.end and _since_ms(*contact.page, world) <= FRESH_MS


def _age_ms(contact: Contact, world: World) -> int | None:
    """Time since the reply that counts."""
    wall_ms, mono_ms = _last(contact)
    return None if mono_ms is None else _since_ms(wall_ms, mono_ms, world)


def _last(contact: Contact) -> tuple[int, int | None]:
    """When the reply came that counts: the pull's, once there was one. A heartbeat does not bring alerts."""
    return contact.pulled or (contact.wall_ms, contact.mono_ms)


def _since_ms(wall_ms: int, mono_ms: int, world: World) -> int:
    """The larger of two clocks: one of them stands still in sleep."""
    return max(world.mono_ms() - mono_ms, world.wall_ms() - wall_ms)
