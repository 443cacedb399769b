"""How the interpreter shares a program's time among its threads.

For programs that mostly wait and must then answer at once. Set once, where a program starts; never by a library.
"""

import gc
import sys

# Of 5 ms, Python's own, a thread that computes would keep a window, or an answer that is due, waiting.
TURN_S = 0.0005
# A push or a page makes tens of thousands of objects, none of them part of a cycle: with Python's own 700 a fifth of
# the time went into looking through them.
OBJECTS_BEFORE_LOOKING = 20_000


def answer_at_once() -> None:
    """Let threads take short turns, and seldom look for cycles of garbage."""
    sys.setswitchinterval(TURN_S)
    gc.set_threshold(OBJECTS_BEFORE_LOOKING, 10, 10)
