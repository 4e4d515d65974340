"""How many calls an account may make, and how long it leaves a cloud alone."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.backoff import full_jitter
from exporter.budget import Bucket, Penalty
from tests.care.rig import HOUR, MINUTE, seeded

NOW = 1000.0
SEEDS = st.integers(0, 2**32)
NO_JITTER = 0
MOST_JITTER = 1.1


class Jitter(random.Random):
    """Draws always the same share of what it is asked for."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.share


def bucket(burst: float = 10.0, rate: float = 0.1) -> Bucket:
    return Bucket(burst, rate, burst, NOW)


def spend(held: Bucket, now: float) -> int:
    """Take tokens while there are any; return how many there were."""
    count = 0
    while held.wait(now) == 0:
        held.take(now)
        count += 1
    return count


def test_a_bucket_grows_by_whole_tokens_until_it_is_full() -> None:
    held = bucket()
    assert held.grows_at(NOW) == math.inf
    held.take(NOW)
    held.take(NOW)
    assert held.grows_at(NOW + 4) == pytest.approx(NOW + 10)
    assert held.grows_at(NOW + 14) == pytest.approx(NOW + 20)
    assert held.grows_at(NOW + 21) == math.inf


def waits(count: int, retry_after: float | None, share: float = NO_JITTER) -> list[float]:
    """Return the lengths of penalties that follow each other at once."""
    penalty, now, found = Penalty(), NOW, []
    for _ in range(count):
        penalty.open(now, retry_after, Jitter(share))
        found.append(penalty.until - now)
        now = penalty.until
    return found


# --- the bucket


def test_a_full_bucket_allows_its_burst_and_then_asks_to_wait() -> None:
    held = bucket(burst=10, rate=0.1)
    assert spend(held, NOW) == 10
    assert held.wait(NOW) == pytest.approx(10)
    assert held.wait(NOW + 4) == pytest.approx(6)


def test_what_it_asks_to_wait_is_enough_for_one_call() -> None:
    held = bucket(burst=3, rate=0.1)
    spend(held, NOW)
    assert spend(held, NOW + 10) == 1
    assert spend(held, NOW + 40) == 3


def test_a_bucket_holds_no_more_than_its_burst() -> None:
    held = bucket(burst=10, rate=0.1)
    spend(held, NOW)
    assert held.tokens(NOW + 365 * 24 * HOUR) == 10


def test_time_that_stands_still_gives_nothing() -> None:
    held = bucket(burst=2, rate=1000)
    assert spend(held, NOW) == 2
    assert held.tokens(NOW) == 0
    assert held.tokens(NOW - 60) == 0, "nor time that goes back"


def test_more_locations_give_more_tokens_at_once() -> None:
    held = bucket(burst=10, rate=0.1)
    spend(held, NOW)
    held.resize(30, 0.3, NOW)
    assert spend(held, NOW) == 20


def test_fewer_locations_cut_what_is_left() -> None:
    held = bucket(burst=30, rate=0.3)
    held.resize(10, 0.1, NOW)
    assert spend(held, NOW) == 10


def test_the_same_number_of_locations_gives_nothing() -> None:
    held = bucket(burst=10, rate=0.1)
    spend(held, NOW)
    for _ in range(100):
        held.resize(10, 0.1, NOW)
    assert held.wait(NOW) > 0


@settings(derandomize=True)
@given(
    burst=st.floats(1, 100),
    rate=st.floats(0.001, 10),
    steps=st.lists(st.floats(0, 500), min_size=1, max_size=40),
)
def test_no_pattern_of_calls_gets_more_than_burst_and_rate(
    burst: float, rate: float, steps: list[float]
) -> None:
    held, now, calls = bucket(burst, rate), NOW, 0
    for step in steps:
        now += step
        calls += spend(held, now)
    assert calls <= burst + rate * (now - NOW) + 1e-6


# --- penalties


def test_a_penalty_lasts_120_s_at_least() -> None:
    assert waits(1, None) == [120]
    assert waits(1, 4) == [120]
    assert waits(1, 12) == [120]


def test_a_penalty_lasts_ten_times_what_the_cloud_asks_for() -> None:
    assert waits(1, 13) == [130]
    assert waits(1, 300) == [3000]


def test_penalties_double_up_to_an_hour() -> None:
    assert waits(8, None) == [120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert waits(5, 30) == [300, 600, 1200, 2400, 3600]


def test_what_the_cloud_asks_for_is_kept_up_to_six_hours() -> None:
    assert waits(2, 1000) == [10_000, 10_000], "longer than the cap for doubling"
    assert waits(1, 6 * HOUR) == [6 * HOUR]
    assert waits(3, 1e12) == [6 * HOUR] * 3


def test_no_number_of_penalties_overflows() -> None:
    assert waits(5000, None)[-1] == HOUR


def test_a_penalty_begins_at_once_and_ends() -> None:
    penalty = Penalty()
    assert not penalty.is_on(NOW)
    penalty.open(NOW, None, Jitter(NO_JITTER))
    assert penalty.is_on(NOW)
    assert penalty.is_on(NOW + 119.9)
    assert not penalty.is_on(NOW + 120)


@pytest.mark.parametrize(
    ("quiet", "wait"), [(10 * MINUTE, 480), (59 * MINUTE, 480), (61 * MINUTE, 120)]
)
def test_an_hour_without_penalty_forgives(quiet: float, wait: float) -> None:
    penalty = Penalty()
    penalty.open(NOW, None, Jitter(NO_JITTER))
    penalty.open(penalty.until, None, Jitter(NO_JITTER))
    now = penalty.until + quiet
    penalty.open(now, None, Jitter(NO_JITTER))
    assert penalty.until - now == wait


@settings(derandomize=True)
@given(
    seed=SEEDS,
    count=st.integers(1, 8),
    retry_after=st.none() | st.floats(0.001, 1e9, allow_nan=False),
)
def test_jitter_only_lengthens_a_penalty_and_by_a_tenth_at_the_most(
    seed: int, count: int, retry_after: float | None
) -> None:
    penalty, now = Penalty(), NOW
    rng = seeded(seed)
    for wait in waits(count, retry_after):
        penalty.open(now, retry_after, rng)
        assert wait - 1e-6 <= penalty.until - now <= wait * MOST_JITTER + 1e-6
        now = penalty.until


def test_the_jitter_of_two_accounts_differs() -> None:
    found = set()
    for seed in range(20):
        penalty = Penalty()
        penalty.open(NOW, None, seeded(seed))
        found.add(penalty.until)
    assert len(found) == 20


@settings(derandomize=True)
@given(
    seed=SEEDS, attempt=st.integers(0, 10_000), base=st.floats(0.01, 600), cap=st.floats(0.01, 7200)
)
def test_full_jitter_stays_between_zero_and_the_doubled_base(
    seed: int, attempt: int, base: float, cap: float
) -> None:
    wait = full_jitter(attempt, base, cap, seeded(seed))
    assert 0 <= wait <= min(cap, base * 2 ** min(attempt, 64)) * (1 + 1e-9)
    assert math.isfinite(wait)


def test_full_jitter_grows_to_its_cap() -> None:
    most = [full_jitter(attempt, 2, 300, Jitter(1)) for attempt in range(10)]
    assert most == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@pytest.mark.parametrize("retry_after", [None, 4.0, 60.0])
def test_a_shorter_penalty_never_ends_a_longer_one(retry_after: float | None) -> None:
    penalty = Penalty()
    penalty.open(NOW, 2 * HOUR, Jitter(NO_JITTER))
    until = penalty.until
    assert until == NOW + 6 * HOUR
    penalty.open(NOW + 1, retry_after, Jitter(NO_JITTER))
    assert penalty.until == until
