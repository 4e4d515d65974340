"""The alarm of a location: one state at a time, and its changes counted once."""

import pytest

from exporter.model import Applied
from tests.mapping.payloads import alarm_event
from tests.store.bench import HomelyBench
from tests.support.manual_clock import START


def current(bench: HomelyBench) -> list[str]:
    """Return the states that are 1."""
    start, end = 'home_alarm_state{home_alarm_state="', '"}'
    return [
        series.removeprefix(start).removesuffix(end)
        for series, value in bench.location().items()
        if series.startswith(start) and value == 1.0
    ]


def changes(bench: HomelyBench, state: str) -> float | None:
    return bench.location().get(f'home_alarm_state_changes_total{{state="{state}"}}')


def test_the_first_sight_is_the_baseline(homely: HomelyBench) -> None:
    homely.poll(alarmState="ARMED_AWAY")
    assert current(homely) == ["ARMED_AWAY"]
    assert changes(homely, "ARMED_AWAY") == 0.0


def test_a_change_learnt_by_polls_is_counted(homely: HomelyBench) -> None:
    for name in ("DISARMED", "ARMED_AWAY", "ARMED_AWAY", "DISARMED", "ARMED_AWAY"):
        homely.poll(alarmState=name)
    assert current(homely) == ["ARMED_AWAY"]
    assert changes(homely, "ARMED_AWAY") == 2.0
    assert changes(homely, "DISARMED") == 1.0
    assert changes(homely, "BREACHED") == 0.0


def test_socket_then_poll_is_one_change(homely: HomelyBench) -> None:
    homely.poll(alarmState="DISARMED")
    assert homely.alarm("BREACHED") is Applied.APPLIED
    assert current(homely) == ["BREACHED"]
    homely.clock.advance(1)
    homely.poll(alarmState="BREACHED")
    assert changes(homely, "BREACHED") == 1.0


def test_poll_then_socket_is_one_change(homely: HomelyBench) -> None:
    homely.poll(alarmState="DISARMED")
    homely.poll(alarmState="BREACHED")
    assert homely.alarm("BREACHED") is Applied.DUPLICATE
    assert changes(homely, "BREACHED") == 1.0


def test_alarm_events_count_in_the_order_of_their_arrival(homely: HomelyBench) -> None:
    homely.poll(alarmState="DISARMED")
    assert homely.alarm("ARM_NIGHT_PENDING", START + 0.656) is Applied.APPLIED
    assert homely.alarm("ARMED_NIGHT", START + 0.605) is Applied.APPLIED
    assert current(homely) == ["ARMED_NIGHT"]
    assert changes(homely, "ARM_NIGHT_PENDING") == 1.0
    assert changes(homely, "ARMED_NIGHT") == 1.0


def test_a_poll_in_flight_does_not_undo_an_alarm_event(homely: HomelyBench) -> None:
    homely.poll(alarmState="DISARMED")
    began = homely.clock.monotonic()
    homely.clock.advance(1)
    homely.alarm("BREACHED")
    homely.clock.advance(1)
    homely.poll(alarmState="DISARMED", began=began)
    assert current(homely) == ["BREACHED"]
    assert changes(homely, "DISARMED") == 0.0
    homely.poll(alarmState="DISARMED")
    assert current(homely) == ["DISARMED"]
    assert changes(homely, "DISARMED") == 1.0


def test_a_poll_without_an_alarm_state_keeps_the_last(homely: HomelyBench) -> None:
    homely.poll(alarmState="ARMED_STAY")
    homely.poll(alarmState=None)
    assert current(homely) == ["ARMED_STAY"]
    homely.poll(alarmState="ARMED_STAY")
    assert changes(homely, "ARMED_STAY") == 0.0


def test_an_event_before_the_first_poll_is_served(homely: HomelyBench) -> None:
    homely.alarm("ARMED_AWAY")
    assert current(homely) == ["ARMED_AWAY"]
    assert changes(homely, "ARMED_AWAY") == 0.0


def test_an_observed_state_stays_on_the_page(homely: HomelyBench) -> None:
    homely.poll(alarmState="ARMED_PETS")
    homely.poll(alarmState="DISARMED")
    served = homely.location()
    assert served['home_alarm_state{home_alarm_state="ARMED_PETS"}'] == 0.0
    assert served['home_alarm_state_changes_total{state="ARMED_PETS"}'] == 0.0
    assert current(homely) == ["DISARMED"]


@pytest.mark.parametrize("at", [None, START - 86_400, START + 86_400])
def test_the_time_of_an_alarm_event_decides_nothing(homely: HomelyBench, at: float | None) -> None:
    homely.poll(alarmState="DISARMED")
    assert homely.event(alarm_event("TRIGGERED", at)) is Applied.APPLIED
    assert current(homely) == ["TRIGGERED"]


def test_a_place_without_an_alarm_has_no_alarm_series(homely: HomelyBench) -> None:
    homely.poll(alarmState=None)
    assert current(homely) == []
    assert not any(series.startswith("home_alarm_state{") for series in homely.location())


@pytest.mark.parametrize("late", [1.0, 90.0])
def test_an_event_that_comes_again_takes_nothing_back(homely: HomelyBench, late: float) -> None:
    homely.poll(alarmState="DISARMED")
    homely.alarm("ARM_PENDING", START + 1)
    homely.alarm("ARMED_AWAY", START + 30)
    homely.clock.advance(late)
    assert homely.alarm("ARM_PENDING", START + 1) is Applied.DUPLICATE
    assert current(homely) == ["ARMED_AWAY"]
    assert changes(homely, "ARM_PENDING") == 1.0


def test_the_same_state_at_another_time_is_a_change_again(homely: HomelyBench) -> None:
    homely.poll(alarmState="DISARMED")
    for number, name in enumerate(["BREACHED", "DISARMED", "BREACHED"]):
        assert homely.alarm(name, START + number) is Applied.APPLIED
    assert changes(homely, "BREACHED") == 2.0


def test_an_event_without_a_time_is_never_taken_for_a_repeated_one(homely: HomelyBench) -> None:
    homely.poll(alarmState="DISARMED")
    for name in ("BREACHED", "DISARMED", "BREACHED"):
        assert homely.event(alarm_event(name, at=None)) is Applied.APPLIED
    assert changes(homely, "BREACHED") == 2.0
