"""A month in minutes: every edge counted once, nothing served too long, no call too many."""

import pytest

from tests.soak.run import soak


@pytest.mark.parametrize(("seed", "days"), [pytest.param(1, 30, marks=pytest.mark.long), (2, 1)])
def test_a_soak_breaks_no_promise(seed: int, days: float) -> None:
    result = soak(seed, days)
    assert result.faults == []
    assert result.promises.tally.counted == result.promises.tally.delivered
    assert result.promises.tally.delivered.total() > 50 * days
    assert result.promises.values > 10_000 * days


def test_a_soak_repeats_with_its_seed() -> None:
    first, again = soak(5, 0.2), soak(5, 0.2)
    assert first.events == again.events
    assert first.world.troubles.counts == again.world.troubles.counts
    assert first.care.endpoints == again.care.endpoints
    assert first.promises.tally == again.promises.tally
