"""The one door between threads and Qt: bursts become few changes, writes keep their order, nothing is swallowed."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from desktop.bridge import Bridge
from sync.desk.errors import DiskFullError
from sync.desk.projection import Changed
from sync.words import SpokenError


@pytest.fixture
def bridge(qtbot: QtBot) -> Iterator[Bridge]:
    made = Bridge()
    yield made
    made.close()


def test_a_burst_from_other_threads_comes_as_few_changes_and_loses_none(bridge: Bridge, qtbot: QtBot) -> None:
    heard: list[Changed] = []
    threads: set[QThread] = set()
    bridge.changed.connect(heard.append)
    bridge.changed.connect(lambda _: threads.add(QThread.currentThread()))

    def burst(start: int) -> None:
        for n in range(start, start + 250):
            bridge.notify(Changed(frozenset({f"alert-{n}"})))

    workers = [threading.Thread(target=burst, args=(start,)) for start in range(0, 1000, 250)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    qtbot.waitUntil(lambda: len(frozenset().union(*(change.alerts for change in heard))) == 1000)
    assert len(heard) <= 4
    assert threads == {QThread.currentThread()}


def test_the_first_change_does_not_wait(bridge: Bridge, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bridge.changed, timeout=80):
        bridge.notify(Changed(status=True))


def test_writes_run_one_at_a_time_in_order_and_answer_on_the_gui_thread(bridge: Bridge, qtbot: QtBot) -> None:
    written: list[int] = []
    answered: list[tuple[int, bool]] = []
    gui = threading.get_ident()

    def write(n: int) -> int:
        written.append(n)
        return n

    for n in range(20):
        bridge.submit(
            partial(write, n),
            lambda n: answered.append((n, threading.get_ident() == gui)),
        )
    qtbot.waitUntil(lambda: len(answered) == 20)
    assert written == list(range(20))
    assert answered == [(n, True) for n in range(20)]


def test_a_spoken_error_comes_back_to_who_asked(bridge: Bridge, qtbot: QtBot) -> None:
    heard: list[SpokenError] = []

    def full() -> None:
        raise DiskFullError

    bridge.submit(full, None, heard.append)
    qtbot.waitUntil(lambda: bool(heard))
    assert isinstance(heard[0], DiskFullError)


def test_a_bug_on_the_lane_surfaces(bridge: Bridge, qtbot: QtBot) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with qtbot.captureExceptions() as exceptions:
        bridge.submit(broken, None, lambda _: None)
        qtbot.waitUntil(lambda: bool(exceptions))
    assert exceptions[0][0] is ZeroDivisionError


def test_closing_finishes_what_was_promised(qtbot: QtBot) -> None:
    bridge = Bridge()
    written: list[int] = []
    for n in range(50):
        bridge.submit(partial(written.append, n))
    bridge.close()
    assert written == list(range(50))
    bridge.notify(Changed(status=True))
    bridge.submit(lambda: written.append(99))
    assert written[-1] == 49
