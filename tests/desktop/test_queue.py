"""The queue: its model keeps Qt's contract, and what is chosen stays chosen."""

from collections.abc import Sequence

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.queue.model import PAGE, ROW, QueueModel
from desktop.queue.view import QueueView
from desktop.shell.language import Language
from sync.case.lifecycle import CaseState
from sync.case.priority import Judgement, Priority, Why
from sync.desk.projection import QueueRow
from tests.desktop.readable import readable, said
from tests.desktop.seat import EVENING_MS, sample
from tests.desktop.stage import Stage, until


class Store:
    """Rows by number, in an order of the test's choosing, and how many were fetched."""

    def __init__(self, order: Sequence[int]) -> None:
        self.order = list(order)
        self.fetched = 0

    def numbers(self) -> list[int]:
        return self.order

    def fetch(self, numbers: Sequence[int]) -> list[QueueRow]:
        self.fetched += len(numbers)
        return [_row(number) for number in numbers]


def _row(number: int) -> QueueRow:
    return QueueRow(
        row=number,
        alert_id=f"alert-{number}",
        number=f"K-{number}",
        judgement=Judgement(Priority.P2, Why.TIME_OR_PLAN),
        live=False,
        exercise=True,
        minor=False,
        place="झुंझुनूं",
        received_ms=EVENING_MS,
        state=CaseState(unit="JJN"),
        alarming=False,
        waiting=0,
    )


@pytest.fixture
def store() -> Store:
    return Store(range(1, 31))


@pytest.fixture
def model(store: Store, hindi: Language) -> QueueModel:
    return QueueModel(hindi, store.numbers, store.fetch)


def test_the_model_keeps_its_contract_while_rows_come_move_and_go(model: QueueModel, store: Store) -> None:
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for order in ([], [5, 3], [3, 5, 9], [9, 8, 7, 3], [8], [*range(1, 100)], [*range(99, 0, -1)], []):
        store.order = list(order)
        model.refresh()
        assert [model.index(place).data(ROW).row for place in range(model.rowCount())] == order


def test_a_row_the_store_has_lost_meanwhile_shifts_no_other(model: QueueModel, store: Store) -> None:
    model.refresh()
    model._fetch = lambda numbers: [_row(number) for number in numbers if number != 3]
    model.refresh()
    assert model.row_at(2) is None
    assert model.row_at(3) == _row(4)


def test_only_pages_that_are_looked_at_are_fetched(qtbot: QtBot, hindi: Language) -> None:
    store = Store(range(1, 100_001))
    view = QueueView(hindi, QueueModel(hindi, store.numbers, store.fetch))
    qtbot.addWidget(view)
    view.show()
    view.refresh()
    view.list.scrollToBottom()
    qtbot.wait(20)
    assert view.list.model().rowCount() == 100_000
    assert store.fetched <= 6 * PAGE


def test_the_chosen_alert_stays_chosen_and_in_its_place_on_the_screen(
    qtbot: QtBot, hindi: Language, store: Store
) -> None:
    view = QueueView(hindi, QueueModel(hindi, store.numbers, store.fetch))
    qtbot.addWidget(view)
    view.resize(430, 400)
    view.show()
    view.refresh()
    view.choose(15)
    before = view.list.visualRect(view.list.currentIndex()).top()
    with qtbot.assertNotEmitted(view.chosen):
        store.order = [40, 41, *store.order]
        view.refresh()
    assert view.chosen_id() == "alert-15"
    assert view.list.visualRect(view.list.currentIndex()).top() == before


def test_arrows_go_through_the_queue_and_open_each_alert(signed_in: Stage) -> None:
    live, later = signed_in.kota.alert(sample(0)), signed_in.kota.alert(sample(1))
    until(lambda: len(signed_in.seat.alarm._rows) == 2)
    until(signed_in.application.window.isActiveWindow)
    signed_in.seat.queue.list.setFocus()
    signed_in.press("Down")
    assert signed_in.seat.case.alert_id == later
    signed_in.press("Up")
    assert signed_in.seat.case.alert_id == live


def test_no_alerts_looks_nothing_like_no_contact(signed_in: Stage) -> None:
    calm, cut = (
        said("No alerts now; the link is working"),
        said("NO CONTACT with Kota: there may be alerts that are not here"),
    )
    assert calm not in readable(signed_in)
    assert cut not in readable(signed_in)
    signed_in.kota.answers()
    until(lambda: calm in readable(signed_in))
    signed_in.kota.is_silent()
    until(lambda: cut in readable(signed_in))
    assert calm not in readable(signed_in)


def test_the_list_names_nobody(signed_in: Stage) -> None:
    signed_in.kota.alert(sample(0))
    until(lambda: signed_in.seat.queue.list.model().rowCount() == 1)
    spoken = str(signed_in.seat.queue.list.model().index(0, 0).data())
    assert said("EXERCISE") in spoken
    assert str(sample(0).subject.account_name) not in spoken
