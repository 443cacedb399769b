"""The checkers can fail: each planted bug is found, and by the checker whose promise it breaks."""

import pytest

from tests.simulation.bugs import BUGS, Bug, hunt
from tests.simulation.shrink import say

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug) -> None:
    outcome = hunt(bug)

    assert outcome is not None, f"nobody objects: {bug.name}"
    assert "BROKEN" in say(outcome)
