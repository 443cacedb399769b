"""The desk process: ``python -m tests.bench.seat HOME`` carries out one order a line and answers with a line of JSON.

    pull    take all there is of the feed          push    deliver the whole outbox
    live N  run as the window does, until N new alerts are stored; answers ``ready`` first

``pull`` and ``push`` repeat the very steps of the loops over an open connection, and answer how long it took.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from sync import pace
from sync.desk import keys, kota
from sync.desk.bootstrap import Bootstrap
from sync.desk.desk import Desk
from sync.desk.kota import Kota
from sync.desk.link import Link
from sync.desk.projection import Changed
from sync.desk.pull import Pull
from sync.desk.push import Pusher
from sync.desk.step import Step
from sync.desk.store import device, feed
from sync.desk.store.database import Database
from sync.world import Machine
from tests.bench.figures import now
from tests.bench.states import desk_home


class Seat:
    """A desk whose steps are taken by order."""

    def __init__(self, folder: Path) -> None:
        self._home = desk_home(folder)
        self._database = Database(self._home.database, keys.load(self._home))
        who = self._database.read(device.identity)
        assert who is not None
        self._link = Link(who.server, who.ca, self._database.read(feed.standing).epoch)
        kota.hello(self._link)
        calls = Kota(self._link, who)
        self._pull = Bootstrap(self._database, who, calls, partial(Pull, self._database, who, calls))
        self._pusher = Pusher(self._database, who, calls)

    def close(self) -> None:
        self._link.close()
        self._database.close()

    def pull(self) -> dict[str, float]:
        return self._repeat(self._pull.step)

    def push(self) -> dict[str, float]:
        return self._repeat(self._pusher.step)

    def _repeat(self, step: Callable[[], Step]) -> dict[str, float]:
        began = now()
        while step().more:
            pass
        return {"seconds": now() - began, "end": self._database.read(feed.standing).head.number}

    def live(self, count: int) -> dict[str, float]:
        """When each of the next ``count`` alerts was committed here, by its number."""
        self.close()
        desk = Desk.open(self._home, Machine())
        news: SimpleQueue[tuple[float, Changed]] = SimpleQueue()
        desk.start(lambda changed: news.put((now(), changed)))
        tell({"ready": 1})
        stored: dict[str, float] = {}
        while len(stored) < count:
            when, changed = news.get(timeout=30)
            stored |= {alert: when for alert in changed.alerts if alert not in stored}
        rows = {alert: desk.row_of(alert) for alert in stored}
        numbers = {alert: desk.queue([row])[0].number for alert, row in rows.items() if row is not None}
        desk.close()
        return {numbers[alert]: when for alert, when in stored.items()}


def tell(answer: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    pace.answer_at_once()
    seat = Seat(Path(sys.argv[1]))
    tell({"ready": 1})
    for line in sys.stdin:
        order, _, count = line.strip().partition(" ")
        match order:
            case "pull":
                tell(seat.pull())
            case "push":
                tell(seat.push())
            case "live":
                tell(seat.live(int(count)))
    seat.close()


if __name__ == "__main__":
    main()
