"""The trap in the binding: with a wrong pair of PySide6 and Python, each void call drops a reference to None."""

import sys

from PySide6.QtCore import QObject

CALLS = 1000


def test_a_void_call_drops_no_reference_to_none() -> None:
    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        thing.setObjectName("x")
    assert abs(sys.getrefcount(None) - before) < CALLS // 10
