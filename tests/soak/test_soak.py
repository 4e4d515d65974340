"""Weeks in a minute: every edge counted once, nothing served too long, no call too many.

`make soak` lives through a month.
"""

import pytest

from tests.soak import troubles
from tests.soak.care import budget
from tests.soak.run import Result, soak

_WEEKS = 15


@pytest.mark.parametrize(
    ("seed", "days"), [pytest.param(1, _WEEKS, marks=pytest.mark.long), (2, 1)]
)
def test_a_soak_breaks_no_promise(seed: int, days: float) -> None:
    result = soak(seed, days)
    assert result.faults == []
    assert result.promises.tally.counted == result.promises.tally.delivered
    assert result.promises.tally.delivered.total() > 50 * days
    assert result.promises.values > 10_000 * days
    _find_that_it_happened(result)
    if days == _WEEKS:
        assert set(troubles.ALL) - set(+result.world.troubles.counts) == set()
        assert result.world.life.offline > 0
        assert result.world.oracle.early > 0


def _find_that_it_happened(result: Result) -> None:
    """Find that the sockets and the budget were used: where nothing happens nothing breaks."""
    world, events = result.world, result.events
    assert {"applied", "duplicate", "outdated"} <= set(+events)
    assert world.oracle.pushes > 500 * result.days
    assert world.troubles.counts["socket lost"] > 0
    assert world.life.removals > 0
    # Each frame that the clients took is accounted for.
    assert events.total() == world.homely.sent["delivered"] + world.homely.sent["garbage"]
    # One account needs more calls than it may make: it is held to its budget, and gets all of it.
    assert result.care.most("homely-1") > 0.9 * budget("homely-1")


def test_a_soak_repeats_with_its_seed() -> None:
    first, again = soak(5, 0.2), soak(5, 0.2)
    assert first.events == again.events
    assert first.world.troubles.counts == again.world.troubles.counts
    assert first.care.endpoints == again.care.endpoints
    assert first.promises.tally == again.promises.tally
