"""Energy: a total that a spurious zero must not turn into a counter reset."""

import pytest

from tests.mapping.payloads import device, state
from tests.store.bench import HOUR, HomelyBench
from tests.support.manual_clock import START

IMPORTED, EXPORTED = "home_energy_imported_joules_total", "home_energy_exported_joules_total"
DELIVERED, RECEIVED = "metering.summationdelivered", "metering.summationreceived"
WH = 3600.0


def polled(bench: HomelyBench, value: object, at: float | None, source: str = DELIVERED) -> None:
    bench.poll(device({source: state(value, at)}))


def hours(bench: HomelyBench, *values: object, source: str = DELIVERED) -> list[float | None]:
    """Poll one total each hour, and return what is served of it after each."""
    series = IMPORTED if source == DELIVERED else EXPORTED
    found = []
    for number, value in enumerate(values):
        polled(bench, value, START + number * HOUR, source)
        found.append(bench.served().get(series))
    return found


@pytest.mark.parametrize("source", [DELIVERED, RECEIVED])
def test_a_total_that_grows_is_served_in_joules(homely: HomelyBench, source: str) -> None:
    assert hours(homely, 100, 101, 101, 250, source=source) == [
        100 * WH,
        101 * WH,
        101 * WH,
        250 * WH,
    ]


def test_a_zero_between_larger_values_is_withheld(homely: HomelyBench) -> None:
    assert hours(homely, 100, 0, 101) == [100 * WH, 100 * WH, 101 * WH]


def test_a_step_back_between_larger_values_is_withheld(homely: HomelyBench) -> None:
    assert hours(homely, 100, 40, 101) == [100 * WH, 100 * WH, 101 * WH]


def test_a_zero_that_holds_for_two_times_is_believed(homely: HomelyBench) -> None:
    assert hours(homely, 100, 0, 0, 1) == [100 * WH, 100 * WH, 0.0, 1 * WH]


def test_a_new_meter_is_believed_at_its_second_time(homely: HomelyBench) -> None:
    assert hours(homely, 100, 3, 4, 5) == [100 * WH, 100 * WH, 4 * WH, 5 * WH]


def test_a_first_zero_is_absent_until_it_holds_for_two_times(homely: HomelyBench) -> None:
    assert hours(homely, 0, 0, 0) == [None, 0.0, 0.0]


def test_a_spurious_first_zero_is_never_served(homely: HomelyBench) -> None:
    assert hours(homely, 0, 100, 101) == [None, 100 * WH, 101 * WH]


def test_polls_that_repeat_one_time_confirm_nothing(homely: HomelyBench) -> None:
    polled(homely, 100, START)
    for _ in range(5):
        polled(homely, 0, START + 1)
        assert homely.served()[IMPORTED] == 100 * WH
    polled(homely, 0, START + 2)
    assert homely.served()[IMPORTED] == 0.0


def test_an_undated_zero_confirms_nothing(homely: HomelyBench) -> None:
    polled(homely, 100, None)
    for _ in range(3):
        polled(homely, 0, None)
        assert IMPORTED not in homely.served()
    polled(homely, 101, None)
    assert homely.served()[IMPORTED] == 101 * WH


def test_two_doubts_apart_from_each_other_confirm_nothing(homely: HomelyBench) -> None:
    assert hours(homely, 100, 0, 101, 0, 102) == [
        100 * WH,
        100 * WH,
        101 * WH,
        101 * WH,
        102 * WH,
    ]


def test_a_null_between_forgets_neither_the_total_nor_the_doubt(homely: HomelyBench) -> None:
    assert hours(homely, 100, None, 0, 101) == [100 * WH, None, 100 * WH, 101 * WH]


def test_events_and_polls_guard_one_total(homely: HomelyBench) -> None:
    polled(homely, 100, START)
    homely.change(DELIVERED, 0, START + 1)
    assert homely.served()[IMPORTED] == 100 * WH
    polled(homely, 0, START + 1)
    assert homely.served()[IMPORTED] == 100 * WH
    homely.change(DELIVERED, 1, START + 2)
    assert homely.served()[IMPORTED] == 1 * WH


def test_an_older_event_is_not_even_a_doubt(homely: HomelyBench) -> None:
    polled(homely, 100, START)
    homely.change(DELIVERED, 90, START - 1)
    homely.change(DELIVERED, 91, START - 2)
    assert homely.served()[IMPORTED] == 100 * WH
    homely.change(DELIVERED, 0, START + 1)
    assert homely.served()[IMPORTED] == 100 * WH


def test_the_two_totals_of_a_meter_do_not_share_a_doubt(homely: HomelyBench) -> None:
    for number, (delivered, received) in enumerate([(100, 50), (0, 50), (101, 0), (102, 51)]):
        at = START + number * HOUR
        homely.poll(device({DELIVERED: state(delivered, at), RECEIVED: state(received, at)}))
    assert homely.served()[IMPORTED] == 102 * WH
    assert homely.served()[EXPORTED] == 51 * WH


def test_two_meters_do_not_share_a_doubt(homely: HomelyBench) -> None:
    for number, (first, second) in enumerate([(100, 50), (0, 50), (101, 0), (102, 51)]):
        at = START + number * HOUR
        homely.poll(
            device({DELIVERED: state(first, at)}),
            device({DELIVERED: state(second, at)}, id="dev-2"),
        )
    assert homely.served()[IMPORTED] == 102 * WH
    assert homely.served("dev-2")[IMPORTED] == 51 * WH


def test_a_meter_that_reports_every_hour_is_never_old_between(homely: HomelyBench) -> None:
    homely.poll(device({DELIVERED: state(100), "metering.demand": state(5)}))
    homely.pass_time(2 * HOUR)
    assert homely.served()[IMPORTED] == 100 * WH


def test_a_total_that_is_doubted_has_not_been_taken(homely: HomelyBench) -> None:
    polled(homely, 100, START)
    polled(homely, 0, START + HOUR)
    series = 'home_reading_updated_timestamp_seconds{reading="energy"}'
    assert homely.served()[series] == START


def test_the_time_of_energy_is_told(homely: HomelyBench) -> None:
    polled(homely, 100, START - 1800)
    series = 'home_reading_updated_timestamp_seconds{reading="energy"}'
    assert homely.served()[series] == START - 1800
