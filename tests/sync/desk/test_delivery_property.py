"""Whatever is retried, lost, doubled or interleaved: each entry reaches Kota once and is one line here."""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sync.case.entry import Acknowledgement, EntryData, Note
from sync.desk.failures import LinkFailure
from sync.desk.projection import Delivery, TimelineLine
from tests.sync.desk.conftest import Site
from tests.sync.desk.model_kota import MEENA, lost

ALERTS = ("a", "b")


class Delivering(RuleBasedStateMachine):
    """An officer, a link and two alerts. Steps of the lanes happen in any order; any reply can be lost."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.site = Site(Path(self.folder.name))
        for alert in ALERTS:
            self.site.kota.alert(alert)
        self.site.pull()
        self.made: list[str] = []

    def teardown(self) -> None:
        self.site.kota.after_work = lambda: None
        for _ in range(4):
            self.site.push()
            self.site.pull()
        assert len(self.site.kota.log) == len(self.made)
        assert self.site.desk.status().waiting == 0
        lines = [line for alert in ALERTS for line in self._timeline(alert)]
        assert all(line.delivery is Delivery.AT_KOTA for line in lines)
        assert {line.entry_id for line in lines} == set(self.made)
        proven = self.site.desk.audit()
        assert (proven.feed.number, proven.log.number) == (len(self.site.kota.feed), len(self.made))
        self.site.desk.close()
        self.folder.cleanup()

    @rule()
    def acknowledge(self) -> None:
        self._record(Acknowledgement())

    @rule()
    def write_a_note(self) -> None:
        self._record(Note("देखा"))

    @rule()
    def push(self) -> None:
        self.site.push()

    @rule()
    def push_and_lose_the_reply(self) -> None:
        self._losing(self.site.push)

    @rule()
    def pull(self) -> None:
        self.site.pull()

    @rule()
    def pull_and_lose_the_page(self) -> None:
        self._losing(self.site.pull)

    @rule()
    def give_a_receipt(self) -> None:
        self.site.receiver.step()

    @rule()
    def restart(self) -> None:
        self.site.restart()

    @rule()
    def push_twice_from_two_processes(self) -> None:
        """The second sends what the first has sent, as its reply is not here yet."""
        self._losing(self.site.push)
        self.site.push()

    @invariant()
    def every_entry_is_one_line(self) -> None:
        shown = [line.entry_id for alert in ALERTS for line in self._timeline(alert)]
        assert sorted(shown) == sorted(self.made)

    @invariant()
    def nothing_is_called_at_kota_that_is_not_there(self) -> None:
        waiting = self.site.desk.status().waiting
        assert waiting >= len(self.made) - len(self.site.kota.log)

    @invariant()
    def no_receipt_goes_beyond_what_is_stored(self) -> None:
        assert self.site.kota.receipt <= self.site.desk.audit().feed.number

    def _record(self, data: EntryData) -> None:
        alert = ALERTS[len(self.made) % len(ALERTS)]
        self.made.append(self.site.desk.record(MEENA, alert, data).entry_id)

    def _losing(self, step: Callable[[], object]) -> None:
        self.site.kota.after_work = lost
        with contextlib.suppress(LinkFailure):
            step()
        self.site.kota.after_work = lambda: None

    def _timeline(self, alert: str) -> tuple[TimelineLine, ...]:
        case = self.site.desk.case(alert)
        assert case is not None
        return case.timeline


TestDelivering = Delivering.TestCase
TestDelivering.settings = settings(
    max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
