"""Python looks through what is young every few seconds, and rarely through everything."""

import gc
from collections.abc import Iterator

import pytest

from exporter import garbage
from exporter.garbage import Sweeper
from tests.support.manual_clock import ManualClock


class Circle:
    """What only the collector can free."""

    freed = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Circle.freed += 1


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    gc.collect()
    Circle.freed = 0
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_young_circles_go_within_seconds_and_old_ones_within_the_hour(clock: ManualClock) -> None:
    sweeper = Sweeper(clock)
    old = Circle()
    Circle()
    sweeper.look()
    assert Circle.freed == 0, "not before it is time"
    clock.advance(5)
    sweeper.look()
    assert Circle.freed == 1
    del old
    clock.advance(5)
    sweeper.look()
    assert Circle.freed == 1, "what is old is not looked through each time"
    clock.advance(3600)
    also_old = Circle()
    sweeper.look()
    assert Circle.freed == 2
    del also_old
    clock.advance(5)
    sweeper.look()
    assert Circle.freed == 2, "nor after the hour"


def test_what_is_old_is_not_looked_through_in_between(clock: ManualClock) -> None:
    sweeper = Sweeper(clock)
    assert gc.get_threshold() == garbage._THRESHOLDS
    clock.advance(5)
    sweeper.look()
    assert gc.get_freeze_count() > 10_000
    assert sum(map(len, (gc.get_objects(generation) for generation in range(3)))) < 1_000
