"""A running Kota: every room built and wired, and its three tasks kept going, for as long as the context is open.

watch      wakes long-polls
catch-up   deals with messages that a stop or a failure left waiting
snapshots  keeps up what new desks take over
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from sync import resources
from sync.central import routing
from sync.central.enrolment import Enrolment
from sync.central.entries import Entries
from sync.central.feeds import Feeds
from sync.central.heartbeats import Heartbeats
from sync.central.home import Home
from sync.central.http import app, changes, enrolment, entries, feeds, heartbeat, intake, rejoin, snapshot
from sync.central.http.app import Asgi
from sync.central.intake import Intake
from sync.central.rejoining import Rejoining
from sync.central.shedding import Shedding
from sync.central.snapshots import Snapshots
from sync.central.store import directory
from sync.central.store.database import Store, StoreFailedError
from sync.central.tokens import Tokens
from sync.central.watch import Watch
from sync.central.webhook_secrets import WebhookSecrets
from sync.world import World

log = logging.getLogger(__name__)

CATCH_UP_EVERY_S = 30.0


@dataclass(frozen=True)
class Running:
    """What a server needs of a running Kota: the application, and a way to let go of everybody who waits."""

    app: Asgi
    watch: Watch
    store: Store


@asynccontextmanager
async def running(home: Home, world: World) -> AsyncIterator[Running]:
    """Open ``home`` and run. Raises what `Home` raises."""
    with home.store() as store:
        kota = home.kota(store, world)
        units = await store.read(directory.units)
        router = routing.load(resources.path("data"), units)
        watch = Watch(store)
        tokens = Tokens(world, home.token_secret())
        secrets = WebhookSecrets(home)
        # A home without its secret is said at the start, not at the first report.
        secrets.live()
        takes = Intake(store, kota, router, secrets.live, Shedding(world, home.settings().intake))
        reads = Feeds(store, kota, watch)
        snapshots = Snapshots(store, kota, home.snapshots)
        handlers = [
            *enrolment.handlers(Enrolment(store, kota, tokens), tokens),
            *intake.handlers(takes, secrets),
            *feeds.handlers(reads, tokens),
            *snapshot.handlers(snapshots, tokens),
            *entries.handlers(Entries(store, kota), tokens),
            *rejoin.handlers(Rejoining(store, kota), tokens),
            *heartbeat.handlers(Heartbeats(store, kota), tokens),
        ]
        application = app.build(kota, handlers, partial(changes.answering, reads, tokens))
        tasks = [
            asyncio.create_task(watch.run()),
            asyncio.create_task(_catch_up(takes)),
            asyncio.create_task(snapshots.run()),
        ]
        try:
            yield Running(application, watch, store)
        finally:
            watch.release()
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task


async def _catch_up(takes: Intake) -> None:
    while True:
        try:
            count = await takes.catch_up()
        except StoreFailedError:
            log.warning("intake: the database could not be used; trying again")
        else:
            if count:
                log.info("intake: %d messages had been left waiting", count)
        await asyncio.sleep(CATCH_UP_EVERY_S)
