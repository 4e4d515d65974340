"""A leak that a callback tells of: served at once, cleared in time, and counted once."""

import pytest

from exporter.model import Applied
from tests.mapping.payloads import Json, activity, sensor, trait
from tests.store.bench import WallyBench

LEAKS = 'home_events_total{event="leak"}'
MINUTE = 60.0


def place(bench: WallyBench, level: int, *activities: Json, alarmed: bool = False) -> Json:
    """Return the sensor as a poll would show it now."""
    return sensor({"LEAK": trait(level, bench.now)}, alarmed=alarmed, activities=list(activities))


def told(bench: WallyBench, progress: str, created: str) -> None:
    (applied,) = bench.callback(activity("alarm", progress, created))
    assert applied in (Applied.APPLIED, Applied.DUPLICATE)


def alarmed(bench: WallyBench) -> float | None:
    return bench.served().get("home_leak_alarmed")


@pytest.mark.parametrize("progress", ["open", "acknowledged"])
def test_a_callback_sets_the_alarm_at_once(wally: WallyBench, progress: str) -> None:
    wally.poll(place(wally, 0))
    told(wally, progress, wally.ago(0))
    assert alarmed(wally) == 1.0
    assert wally.served()["home_leak_detected"] == 0.0


def test_a_callback_of_another_kind_sets_no_alarm(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    wally.callback(activity("mold_risk", "open", wally.ago(0)))
    assert alarmed(wally) == 0.0
    assert wally.served()[LEAKS] == 0.0


def test_resolved_clears_the_alarm_at_once(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 0))
    told(wally, "open", created)
    told(wally, "resolved", created)
    assert alarmed(wally) == 0.0


def test_resolved_clears_an_alarm_that_a_poll_told_of(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 15, activity("alarm", "open", created), alarmed=True))
    assert alarmed(wally) == 1.0
    told(wally, "resolved", created)
    assert alarmed(wally) == 0.0


def test_a_late_open_does_not_set_the_alarm_again(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 0))
    told(wally, "resolved", created)
    told(wally, "open", created)
    assert alarmed(wally) == 0.0
    assert wally.served()[LEAKS] == 1.0


def test_of_two_leaks_one_resolved_leaves_the_other(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    first, second = wally.ago(10), wally.ago(0)
    told(wally, "open", first)
    told(wally, "open", second)
    told(wally, "resolved", first)
    assert alarmed(wally) == 1.0
    told(wally, "resolved", second)
    assert alarmed(wally) == 0.0


def test_a_poll_begun_after_the_callback_clears_the_alarm(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    wally.clock.advance(10)
    told(wally, "open", wally.ago(0))
    wally.clock.advance(10)
    wally.poll(place(wally, 0))
    assert alarmed(wally) == 0.0


def test_a_poll_begun_before_the_callback_does_not(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    began = wally.clock.monotonic()
    wally.clock.advance(10)
    told(wally, "open", wally.ago(0))
    wally.clock.advance(10)
    wally.poll(place(wally, 0), began=began)
    assert alarmed(wally) == 1.0


def test_a_poll_that_confirms_the_alarm_keeps_it(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 0))
    told(wally, "open", created)
    wally.clock.advance(MINUTE)
    wally.poll(place(wally, 15, activity("alarm", "open", created), alarmed=True))
    assert alarmed(wally) == 1.0
    assert wally.served()["home_leak_detected"] == 1.0


def test_a_sensor_without_alarmed_gets_it_from_a_callback(wally: WallyBench) -> None:
    wally.poll(sensor({}, alarmed=None))
    assert alarmed(wally) is None
    wally.clock.advance(10)
    told(wally, "open", wally.ago(0))
    assert alarmed(wally) == 1.0
    wally.clock.advance(10)
    wally.poll(sensor({}, alarmed=None))
    assert alarmed(wally) is None


def test_a_leak_of_a_callback_counts_at_once(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    told(wally, "open", wally.ago(0))
    assert wally.served()[LEAKS] == 1.0


def test_callback_then_poll_is_one_leak(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 0))
    told(wally, "open", created)
    for _ in range(3):
        wally.clock.advance(MINUTE)
        wally.poll(place(wally, 15, activity("alarm", "open", created), alarmed=True))
    assert wally.served()[LEAKS] == 1.0


def test_poll_then_callback_is_one_leak(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    wally.clock.advance(MINUTE)
    created = wally.ago(0)
    wally.poll(place(wally, 15, activity("alarm", "open", created), alarmed=True))
    told(wally, "open", created)
    wally.clock.advance(MINUTE)
    told(wally, "acknowledged", created)
    assert wally.served()[LEAKS] == 1.0


def test_poll_then_a_callback_that_was_created_later_is_one_leak(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    wally.clock.advance(MINUTE)
    wally.poll(place(wally, 15))
    wally.clock.advance(5)
    told(wally, "open", wally.ago(1))
    assert wally.served()[LEAKS] == 1.0


def test_a_callback_that_repeats_is_one_leak(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 0))
    for progress in ("open", "open", "acknowledged", "acknowledged"):
        wally.clock.advance(1)
        told(wally, progress, created)
    assert wally.served()[LEAKS] == 1.0


def test_two_leaks_are_counted_apart(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    for number in (1, 2):
        wally.clock.advance(MINUTE)
        created = wally.ago(0)
        told(wally, "open", created)
        wally.clock.advance(MINUTE)
        wally.poll(place(wally, 15, activity("alarm", "open", created), alarmed=True))
        wally.clock.advance(MINUTE)
        told(wally, "resolved", created)
        wally.clock.advance(MINUTE)
        wally.poll(place(wally, 0))
        assert wally.served()[LEAKS] == float(number)
        assert alarmed(wally) == 0.0


def test_a_leak_that_came_and_went_between_two_polls_is_counted(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 0))
    told(wally, "open", created)
    told(wally, "resolved", created)
    wally.clock.advance(MINUTE)
    wally.poll(place(wally, 0))
    assert wally.served()[LEAKS] == 1.0
    assert wally.served()["home_leak_detected"] == 0.0


def test_only_the_end_of_a_leak_was_told_and_it_is_counted(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    wally.clock.advance(MINUTE)
    told(wally, "resolved", wally.ago(30))
    assert wally.served()[LEAKS] == 1.0
    wally.clock.advance(MINUTE)
    wally.poll(place(wally, 0))
    assert wally.served()[LEAKS] == 1.0


def test_a_leak_at_a_sensor_that_no_poll_has_shown_is_served_when_one_does(
    wally: WallyBench,
) -> None:
    created = wally.ago(0)
    assert wally.callback(activity("alarm", "open", created)) == [Applied.UNKNOWN_DEVICE]
    wally.clock.advance(MINUTE)
    wally.poll(place(wally, 15, activity("alarm", "open", created), alarmed=True))
    assert alarmed(wally) == 1.0
    assert wally.served()["home_leak_detected"] == 1.0
    assert wally.served()[LEAKS] == 1.0


def test_a_leak_of_a_sensor_without_leak_readings_is_counted(wally: WallyBench) -> None:
    wally.poll(sensor({}, alarmed=None))
    wally.clock.advance(MINUTE)
    created = wally.ago(0)
    told(wally, "open", created)
    told(wally, "resolved", created)
    assert wally.served()[LEAKS] == 1.0


def test_leaks_of_a_sensor_without_leak_readings_are_counted_apart(wally: WallyBench) -> None:
    wally.poll(sensor({}, alarmed=None))
    for number in (1, 2, 3):
        wally.clock.advance(MINUTE)
        created = wally.ago(0)
        told(wally, "open", created)
        assert wally.served()[LEAKS] == float(number)
        told(wally, "resolved", created)


def test_a_callback_that_comes_after_the_leak_has_dried_is_one_leak(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    wally.clock.advance(MINUTE)
    wally.poll(place(wally, 15))
    created = wally.ago(20)
    wally.clock.advance(MINUTE)
    wally.poll(place(wally, 0))
    told(wally, "open", created)
    assert wally.served()[LEAKS] == 1.0


def test_leaks_are_counted_while_the_alert_of_the_first_goes_on(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 0))
    told(wally, "open", created)
    alert = activity("alarm", "acknowledged", created)
    for level in (15, 0, 15, 0, 15):
        wally.clock.advance(MINUTE)
        wally.poll(place(wally, level, alert))
    assert wally.served()[LEAKS] == 3.0


def test_a_poll_that_is_still_dry_does_not_end_a_leak_that_was_told(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 0))
    told(wally, "open", created)
    for level in (0, 15):
        wally.clock.advance(MINUTE)
        wally.poll(place(wally, level, activity("alarm", "open", created)))
    assert wally.served()[LEAKS] == 1.0


def test_a_wet_sensor_that_dries_and_gets_wet_again_counts_twice(wally: WallyBench) -> None:
    wally.poll(place(wally, 0))
    for level in (15, 0, 15):
        wally.clock.advance(MINUTE)
        wally.poll(place(wally, level))
    assert wally.served()[LEAKS] == 2.0


@pytest.mark.parametrize("progress", ["open", "resolved"])
def test_an_alert_from_the_time_of_a_leak_that_callbacks_told_of_is_the_same_leak(
    wally: WallyBench, progress: str
) -> None:
    wally.poll(sensor({}, alarmed=None))
    first = wally.ago(0)
    told(wally, "open", first)
    wally.clock.advance(MINUTE)
    told(wally, "resolved", first)
    wally.clock.advance(10)
    told(wally, progress, wally.ago(30))
    assert wally.served()[LEAKS] == 1.0


def test_a_dry_sensor_whose_clock_is_ahead_hides_no_leak_that_callbacks_tell_of(
    wally: WallyBench,
) -> None:
    ahead = 200.0
    wally.poll(sensor({"LEAK": trait(0, wally.now)}))
    wally.clock.advance(10)
    first = wally.ago(0)
    told(wally, "open", first)
    wally.clock.advance(10)
    wally.poll(sensor({"LEAK": trait(0, wally.now + ahead)}))
    told(wally, "resolved", first)
    wally.clock.advance(MINUTE)
    told(wally, "open", wally.ago(0))
    assert wally.served()[LEAKS] == 2.0


def test_a_leak_between_the_drying_and_the_poll_that_shows_it_is_another_one(
    wally: WallyBench,
) -> None:
    wally.poll(place(wally, 0))
    wally.clock.advance(MINUTE)
    wally.poll(place(wally, 15))
    dry_at = wally.now + MINUTE
    wally.clock.advance(10 * MINUTE)
    wally.poll(sensor({"LEAK": trait(0, dry_at)}))
    wally.clock.advance(10)
    told(wally, "open", wally.ago(5 * MINUTE))
    assert wally.served()[LEAKS] == 2.0


def test_the_alert_of_a_leak_whose_end_the_cloud_learnt_late_is_the_same_leak(
    wally: WallyBench,
) -> None:
    wally.poll(place(wally, 0))
    wally.clock.advance(MINUTE)
    wally.poll(place(wally, 15))
    dry_at = wally.now + 10
    wally.clock.advance(MINUTE)
    wally.poll(sensor({"LEAK": trait(15, dry_at - 5)}))
    created = wally.ago(20)
    wally.clock.advance(MINUTE)
    wally.poll(sensor({"LEAK": trait(0, dry_at)}))
    told(wally, "open", created)
    assert wally.served()[LEAKS] == 1.0


def test_an_alert_of_the_very_moment_that_the_sensor_dried_is_the_same_leak(
    wally: WallyBench,
) -> None:
    for level in (0, 15, 0):
        wally.clock.advance(MINUTE)
        wally.poll(place(wally, level))
    told(wally, "open", wally.ago(0))
    assert wally.served()[LEAKS] == 1.0


def test_a_sensor_that_was_wet_to_the_very_moment_of_the_resolution_is_the_same_leak(
    wally: WallyBench,
) -> None:
    wally.poll(place(wally, 0))
    wally.clock.advance(MINUTE)
    created = wally.ago(0)
    told(wally, "open", created)
    told(wally, "resolved", created)
    wally.poll(place(wally, 15))
    assert wally.served()[LEAKS] == 1.0
    for level in (0, 15):
        wally.clock.advance(MINUTE)
        wally.poll(place(wally, level))
    assert wally.served()[LEAKS] == 2.0


def test_a_callback_that_comes_again_does_not_undo_what_a_poll_said_since(
    wally: WallyBench,
) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 0))
    wally.clock.advance(10)
    told(wally, "open", created)
    wally.clock.advance(10)
    wally.poll(place(wally, 0))
    for _ in range(3):
        wally.clock.advance(10)
        told(wally, "open", created)
        assert alarmed(wally) == 0.0
    assert wally.served()[LEAKS] == 1.0
    told(wally, "acknowledged", created)
    assert alarmed(wally) == 1.0, "that is news"


def test_a_resolution_that_comes_again_does_not_undo_what_a_poll_said_since(
    wally: WallyBench,
) -> None:
    created = wally.ago(0)
    wally.poll(place(wally, 0))
    wally.clock.advance(10)
    told(wally, "resolved", created)
    wally.clock.advance(10)
    wally.poll(place(wally, 15, alarmed=True))
    told(wally, "resolved", created)
    assert alarmed(wally) == 1.0
