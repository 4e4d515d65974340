"""A vendor's time in the future: its edge is counted when heard, and holds up none after it."""

from collections.abc import Callable

import pytest

from exporter.model import Applied
from tests.mapping.payloads import activity, device, sensor, state, trait
from tests.store.bench import DAY, HOUR, HomelyBench, WallyBench

MINUTE = 60.0
LEAKS = 'home_events_total{event="leak"}'

#: source, model, the value that is "begun", its event
KINDS = [
    ("alarm.flood", "Flood Alarm", True, "leak"),
    ("alarm.alarm", "Motion Sensor Mini", True, "motion"),
    ("lock.state", "Yale Doorman V2N", True, "lock"),
    ("lock.state", "Yale Doorman V2N", False, "unlock"),
]
BY = ("push", "poll")

Tell = Callable[[bool, float], None]


def teller(bench: HomelyBench, way: str, source: str, model: str) -> Tell:
    """Return what tells the bench of a value with a vendor's time, a minute after the last."""

    def tell(value: bool, at: float) -> None:  # noqa: FBT001  # a value, not a switch
        bench.clock.advance(MINUTE)
        if way == "push":
            assert bench.change(source, value, at) is Applied.APPLIED
        else:
            bench.poll(device({source: state(value, at)}, modelName=model))

    return tell


@pytest.mark.parametrize("ahead", [10 * MINUTE, DAY])
@pytest.mark.parametrize("way", BY)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_time_in_the_future_hides_no_edge_that_follows(
    homely: HomelyBench, kind: tuple[str, str, bool, str], way: str, ahead: float
) -> None:
    source, model, begun, event = kind
    homely.poll(device({source: state(not begun, homely.now)}, modelName=model))
    tell = teller(homely, way, source, model)
    counts = []
    for value, at in ((begun, ahead), (not begun, MINUTE), (begun, MINUTE), (not begun, MINUTE)):
        tell(value, homely.now + at)
        counts.append(homely.served()[f'home_events_total{{event="{event}"}}'])
    assert counts == [1.0, 1.0, 2.0, 2.0]


@pytest.mark.parametrize("way", BY)
def test_the_end_of_something_in_the_future_hides_no_edge_either(
    homely: HomelyBench, way: str
) -> None:
    homely.poll(device({"alarm.flood": state(True, homely.now)}, modelName="Flood Alarm"))
    tell = teller(homely, way, "alarm.flood", "Flood Alarm")
    tell(False, homely.now + DAY)
    tell(True, homely.now + MINUTE)
    assert homely.served()["home_leak_detected"] == 1.0
    assert homely.served()[LEAKS] == 1.0


def test_a_wally_leak_in_the_future_is_counted_and_so_is_the_next(wally: WallyBench) -> None:
    counts = []
    for level, ahead in ((0, 0.0), (15, DAY), (0, 0.0), (15, 0.0), (0, DAY), (15, 0.0)):
        wally.poll(sensor({"LEAK": trait(level, wally.now + ahead)}))
        counts.append(wally.served()[LEAKS])
        wally.clock.advance(MINUTE)
    assert counts == [0.0, 1.0, 1.0, 2.0, 2.0, 3.0]


def test_a_wally_leak_that_ended_in_the_future_hides_no_callback(wally: WallyBench) -> None:
    for level, ahead in ((0, 0.0), (15, 0.0), (0, DAY)):
        wally.poll(sensor({"LEAK": trait(level, wally.now + ahead)}))
        wally.clock.advance(MINUTE)
    wally.clock.advance(HOUR)
    wally.callback(activity("alarm", "open", wally.ago(1)))
    assert wally.served()[LEAKS] == 2.0


def test_a_sensor_that_shows_late_and_from_the_future_what_a_callback_told_of_is_another_leak(
    wally: WallyBench,
) -> None:
    """Nothing says that it is the same one, and of two leaks none may be lost."""
    wally.poll(sensor({"LEAK": trait(0, wally.now)}))
    wally.clock.advance(MINUTE)
    created = wally.ago(0)
    wally.callback(activity("alarm", "open", created))
    wally.callback(activity("alarm", "resolved", created))
    wally.clock.advance(MINUTE)
    wally.poll(sensor({"LEAK": trait(15, wally.now + DAY)}))
    assert wally.served()[LEAKS] == 2.0


@pytest.mark.parametrize(
    ("source", "event"),
    [("alarm.flood", "leak"), ("alarm.tamper", "tamper"), ("lock.state", "lock")],
)
def test_of_two_values_at_one_time_a_repeat_of_either_counts_nothing(
    homely: HomelyBench, source: str, event: str
) -> None:
    series = f'home_events_total{{event="{event}"}}'
    homely.poll(device({source: state(False, homely.now)}))
    homely.clock.advance(MINUTE)
    at = homely.now
    for value in (True, False):
        homely.change(source, value, at)
    assert homely.served()[series] == 1.0
    for value in (True, False, True, True, False):
        homely.change(source, value, at)
        assert homely.served()[series] == 1.0
    for number, value in enumerate((True, False, True), 1):
        homely.clock.advance(MINUTE)
        homely.change(source, value, at + MINUTE * number)
    assert homely.served()[series] == 3.0


def test_an_undated_value_that_comes_back_is_an_edge_again(homely: HomelyBench) -> None:
    homely.poll(device({"alarm.tamper": state(False, None)}))
    for value in (True, False, True, False):
        homely.clock.advance(MINUTE)
        homely.change("alarm.tamper", value, None)
    assert homely.served()['home_events_total{event="tamper"}'] == 2.0
