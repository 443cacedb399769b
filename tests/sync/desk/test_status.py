"""The strip claims only what was verified."""

import pytest

from sync import resources
from sync.desk import status
from sync.desk.projection import DeskStatus, Link, LinkProblem, StoreProblem
from sync.desk.status import Contact, Kept, Lane, Reply
from sync.desk.store.log import Backlog
from tests.sync.desk.still_world import StillWorld

UNIT = resources.units()["JJN"]


@pytest.fixture
def world() -> StillWorld:
    return StillWorld()


def said(contact: Contact, world: StillWorld, number: int = 4) -> DeskStatus:
    return status.describe(contact, UNIT, Kept(number, Backlog(0, None, 0), 0), world)


def in_step(world: StillWorld) -> Contact:
    return status.replied(status.nothing_yet(world), Lane.PULL, Reply(world.wall + 5, 4), world)


def test_before_the_first_reply_nothing_is_claimed(world: StillWorld) -> None:
    found = said(status.nothing_yet(world), world)

    assert (found.link, found.in_step, found.checked_ago_s) == (Link.NOT_TRIED, False, None)


def test_in_step_is_said_with_the_age_of_the_last_verified_reply(world: StillWorld) -> None:
    contact = in_step(world)
    world.pass_ms(7_400)
    found = said(contact, world)

    assert (found.link, found.in_step, found.checked_ago_s) == (Link.CONNECTED, True, 7)
    assert found.kota_ahead_ms == 5


def test_more_at_kota_than_here_is_not_in_step(world: StillWorld) -> None:
    assert not said(in_step(world), world, number=3).in_step


def test_a_reply_to_a_push_alone_is_contact_and_not_in_step(world: StillWorld) -> None:
    contact = status.replied(status.nothing_yet(world), Lane.PUSH, Reply(world.wall), world)

    assert (said(contact, world).link, said(contact, world).in_step) == (Link.CONNECTED, False)


def test_silence_is_no_contact_since_the_last_reply(world: StillWorld) -> None:
    contact, then = in_step(world), world.wall
    world.pass_ms(45_000)
    assert said(contact, world).link is Link.CONNECTED
    world.pass_ms(1)
    found = said(contact, world)

    assert (found.link, found.since_ms, found.in_step) == (Link.NOT_CONNECTED, then, False)


def test_a_sleeping_pc_does_not_wake_up_connected(world: StillWorld) -> None:
    contact = in_step(world)
    world.wall += 8 * 3_600_000

    assert said(contact, world).link is Link.NOT_CONNECTED


def test_a_clock_set_back_changes_nothing(world: StillWorld) -> None:
    contact = in_step(world)
    world.wall -= 10 * 365 * 86_400_000

    assert said(contact, world).checked_ago_s == 0


@pytest.mark.parametrize("problem", list(LinkProblem))
def test_a_feed_that_fails_is_no_contact_at_once_with_its_reason(
    world: StillWorld, problem: LinkProblem
) -> None:
    contact = status.failed(in_step(world), Lane.PULL, problem)
    found = said(contact, world)

    assert (found.link, found.problem, found.in_step) == (Link.NOT_CONNECTED, problem, False)
    assert said(status.replied(contact, Lane.PULL, Reply(0, 4), world), world).problem is None


def test_a_lane_that_fails_beside_a_living_feed_is_a_problem_and_not_the_end(world: StillWorld) -> None:
    found = said(status.failed(in_step(world), Lane.PUSH, LinkProblem.BUSY), world)

    assert (found.link, found.problem) == (Link.CONNECTED, LinkProblem.BUSY)


def test_a_desk_that_cannot_store_pages_is_not_in_step_because_other_lanes_get_replies(
    world: StillWorld,
) -> None:
    """Found by the seeded world: on a full disk the heartbeats kept saying that all is well."""
    contact = in_step(world)
    for _ in range(4):
        world.pass_ms(15_000)
        contact = status.unstored(contact, Lane.PULL, StoreProblem.FULL, world)
        contact = status.replied(contact, Lane.HEARTBEAT, Reply(0), world)
    found = said(contact, world)

    assert (found.link, found.in_step, found.storing) == (Link.CONNECTED, False, StoreProblem.FULL)


def test_a_heartbeat_does_not_make_a_pull_that_stands_still_look_connected(world: StillWorld) -> None:
    contact, then = in_step(world), world.wall
    world.pass_ms(40_000)
    contact = status.replied(contact, Lane.HEARTBEAT, Reply(world.wall), world)
    assert said(contact, world).checked_ago_s == 40
    world.pass_ms(5_001)
    found = said(contact, world)

    assert (found.link, found.since_ms) == (Link.NOT_CONNECTED, then)


def test_what_cannot_be_stored_is_said_until_that_lane_stores_again(world: StillWorld) -> None:
    contact = status.unstored(in_step(world), Lane.PULL, StoreProblem.FULL, world)
    found = said(contact, world)
    assert (found.link, found.storing, found.in_step) == (Link.CONNECTED, StoreProblem.FULL, False)

    contact = status.stored(contact, Lane.RECEIPTS)
    assert said(contact, world).storing is StoreProblem.FULL
    assert said(status.stored(contact, Lane.PULL), world).storing is None
