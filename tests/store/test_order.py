"""Which of two values is the newer one: the vendor's time decides, not the arrival."""

import pytest

from exporter.model import Applied
from tests.mapping.payloads import DEVICE, device, state
from tests.store.bench import HOUR, HomelyBench
from tests.support.manual_clock import START

VOLTAGE, SERIES = "battery.voltage", "home_battery_volts"


def held(bench: HomelyBench) -> float | None:
    return bench.served().get(SERIES)


def polled(bench: HomelyBench, value: object, at: float | None) -> None:
    bench.poll(device({VOLTAGE: state(value, at)}))


def test_a_newer_event_is_applied(homely: HomelyBench) -> None:
    polled(homely, 2.9, START)
    assert homely.change(VOLTAGE, 2.8, START + 1) is Applied.APPLIED
    assert held(homely) == 2.8


def test_an_older_event_is_outdated(homely: HomelyBench) -> None:
    polled(homely, 2.9, START)
    assert homely.change(VOLTAGE, 2.8, START - 1) is Applied.OUTDATED
    assert held(homely) == 2.9


def test_equal_time_and_value_is_a_duplicate(homely: HomelyBench) -> None:
    polled(homely, 2.9, START)
    assert homely.change(VOLTAGE, 2.9, START) is Applied.DUPLICATE
    assert homely.change(VOLTAGE, 2.9, START) is Applied.DUPLICATE
    assert held(homely) == 2.9


def test_equal_time_and_another_value_is_applied(homely: HomelyBench) -> None:
    polled(homely, 2.9, START)
    assert homely.change(VOLTAGE, 2.8, START) is Applied.APPLIED
    assert held(homely) == 2.8


def test_an_event_of_an_older_and_a_newer_state_is_applied(homely: HomelyBench) -> None:
    homely.poll(device({VOLTAGE: state(2.9), "battery.low": state(False)}))
    assert homely.change("battery.low", True, START - 1) is Applied.OUTDATED
    assert homely.change(VOLTAGE, 2.8, START + 1) is Applied.APPLIED
    assert homely.served()["home_battery_low"] == 0.0


def test_an_undated_event_is_applied(homely: HomelyBench) -> None:
    polled(homely, 2.9, START)
    assert homely.change(VOLTAGE, 2.8, None) is Applied.APPLIED
    assert held(homely) == 2.8


def test_a_poll_that_is_older_than_an_event_does_not_undo_it(homely: HomelyBench) -> None:
    polled(homely, 2.9, START)
    homely.change(VOLTAGE, 2.8, START + 10)
    polled(homely, 2.9, START)
    assert held(homely) == 2.8


def test_a_poll_that_is_newer_than_an_event_counts(homely: HomelyBench) -> None:
    polled(homely, 2.9, START)
    homely.change(VOLTAGE, 2.8, START + 10)
    polled(homely, 2.7, START + 20)
    assert held(homely) == 2.7


@pytest.mark.parametrize(
    "answer", [state(2.9, None), state(None, None), state(None, START), {}, "missing"]
)
def test_an_answer_without_a_time_or_a_value_in_flight_does_not_undo_an_event(
    homely: HomelyBench, answer: object
) -> None:
    polled(homely, 2.9, None)
    began = homely.clock.monotonic()
    homely.clock.advance(1)
    homely.change(VOLTAGE, 2.8, START + 1)
    homely.clock.advance(1)
    homely.poll(device({} if answer == "missing" else {VOLTAGE: answer}), began=began)
    assert held(homely) == 2.8
    homely.poll(device({} if answer == "missing" else {VOLTAGE: answer}))
    assert held(homely) == (2.9 if answer == state(2.9, None) else None)


def test_an_undated_poll_in_flight_does_not_undo_an_undated_event(homely: HomelyBench) -> None:
    polled(homely, 2.9, None)
    began = homely.clock.monotonic()
    homely.clock.advance(1)
    homely.change(VOLTAGE, 2.8, None)
    homely.poll(device({VOLTAGE: state(2.9, None)}), began=began)
    assert held(homely) == 2.8


@pytest.mark.parametrize("ahead", [301.0, 24 * HOUR, 400 * 24 * HOUR])
def test_a_time_in_the_future_never_blocks_newer_data(homely: HomelyBench, ahead: float) -> None:
    polled(homely, 2.9, START + ahead)
    assert held(homely) == 2.9
    homely.clock.advance(60)
    assert homely.change(VOLTAGE, 2.8, homely.now) is Applied.APPLIED
    assert held(homely) == 2.8
    homely.clock.advance(60)
    polled(homely, 2.7, homely.now)
    assert held(homely) == 2.7


def test_a_future_time_that_repeats_is_a_duplicate(homely: HomelyBench) -> None:
    polled(homely, 2.9, START + HOUR)
    homely.clock.advance(60)
    assert homely.change(VOLTAGE, 2.9, START + HOUR) is Applied.DUPLICATE


def test_two_events_from_a_clock_that_is_ahead_are_both_applied(homely: HomelyBench) -> None:
    polled(homely, 2.9, START)
    for number, value in enumerate([2.8, 2.7, 2.6]):
        homely.clock.advance(60)
        at = homely.now + 24 * HOUR + number
        assert homely.change(VOLTAGE, value, at) is Applied.APPLIED
        assert held(homely) == value


def test_a_null_of_an_event_removes_the_reading(homely: HomelyBench) -> None:
    polled(homely, 2.9, START)
    homely.change(VOLTAGE, None, START + 1)
    assert held(homely) is None


@pytest.mark.parametrize("at", [START - 60, START - 400 * 24 * HOUR])
def test_a_null_of_a_poll_removes_the_reading_however_old_its_time(
    homely: HomelyBench, at: float
) -> None:
    polled(homely, 2.9, START)
    polled(homely, None, at)
    assert held(homely) is None


def test_what_was_pushed_is_remembered_only_for_polls_in_flight(homely: HomelyBench) -> None:
    polled(homely, 2.9, START)
    began = homely.clock.monotonic()
    homely.clock.advance(1)
    for number in range(40):
        homely.change(f"sauna.s{number}", number, START + 1)
    found = homely.store.device(homely.key, DEVICE)
    assert found is not None
    homely.poll(device({VOLTAGE: state(2.9)}), began=began)
    assert len(found.pushed) == 40
    homely.clock.advance(1)
    polled(homely, 2.9, START)
    assert found.pushed == {}


@pytest.mark.parametrize("states", [{VOLTAGE: state(None)}, {}])
def test_what_was_taken_away_does_not_come_back_older(
    homely: HomelyBench, states: dict[str, object]
) -> None:
    polled(homely, 2.9, START)
    homely.change(VOLTAGE, 2.8, START + 5)
    homely.clock.advance(1)
    homely.poll(device(states))
    assert homely.change(VOLTAGE, 2.7, START + 3) is Applied.OUTDATED
    assert held(homely) is None
    assert homely.change(VOLTAGE, 2.6, START + 6) is Applied.APPLIED
    assert held(homely) == 2.6
