"""Edges: what began is counted once, however and in whatever order it was learnt."""

from typing import Any

import pytest

from exporter.model import Applied
from tests.mapping.payloads import device, device_event, entry, sensor, state, trait
from tests.store.bench import HOUR, HomelyBench, WallyBench
from tests.support.manual_clock import START

ON, OFF = True, False
TAMPER = "alarm.tamper"

#: source, model, the value that is "begun", its event
KINDS: list[tuple[str, str, bool, str]] = [
    ("alarm.flood", "Flood Alarm", True, "leak"),
    ("alarm.fire", "Smoke Alarm", True, "fire"),
    ("alarm.tamper", "Window Sensor", True, "tamper"),
    ("alarm.alarm", "Motion Sensor Mini", True, "motion"),
    ("alarm.alarm", "Window Sensor", True, "open"),
    ("report.doorclosed", "Yale Doorman V2N", False, "open"),
    ("lock.state", "Yale Doorman V2N", True, "lock"),
    ("lock.state", "Yale Doorman V2N", False, "unlock"),
    ("report.locked", "Yale Doorman V2N", True, "lock"),
    ("report.locked", "Yale Doorman V2N", False, "unlock"),
]
EDGES = pytest.mark.parametrize(("source", "model", "begun", "event"), KINDS)


def series(event: str) -> str:
    return f'home_events_total{{event="{event}"}}'


def tampers(bench: HomelyBench) -> float:
    return bench.served()[series("tamper")]


def polled(bench: HomelyBench, value: Any, at: float | None) -> None:
    bench.poll(device({TAMPER: state(value, at)}))


@EDGES
def test_events_are_preset_to_0_for_what_the_device_can_have(
    homely: HomelyBench, source: str, model: str, event: str, *, begun: bool
) -> None:
    homely.poll(device({source: state(begun)}, modelName=model))
    expected = (
        {series("lock"), series("unlock")} if event in ("lock", "unlock") else {series(event)}
    )
    events = {s: v for s, v in homely.served().items() if s.startswith("home_events_total")}
    assert events == dict.fromkeys(expected, 0.0)


@EDGES
def test_an_edge_of_two_polls_is_counted(
    homely: HomelyBench, source: str, model: str, event: str, *, begun: bool
) -> None:
    for number, value in enumerate([not begun, begun, not begun, begun]):
        homely.poll(device({source: state(value, START + number)}, modelName=model))
    assert homely.served()[series(event)] == 2.0


@EDGES
def test_an_edge_of_the_socket_is_counted(
    homely: HomelyBench, source: str, model: str, event: str, *, begun: bool
) -> None:
    homely.poll(device({source: state(not begun)}, modelName=model))
    assert homely.change(source, begun, START + 1) is Applied.APPLIED
    assert homely.served()[series(event)] == 1.0


def test_a_triggered_alarm_of_another_model_counts_no_event(homely: HomelyBench) -> None:
    homely.poll(device({"alarm.alarm": state(OFF)}, modelName="Siren"))
    homely.change("alarm.alarm", ON, START + 1)
    assert not any(s.startswith("home_events_total") for s in homely.served())


def test_what_comes_and_goes_between_two_scrapes_is_counted(homely: HomelyBench) -> None:
    polled(homely, OFF, START)
    homely.event(device_event(entry(TAMPER, ON, START + 1), entry(TAMPER, OFF, START + 2)))
    assert homely.served()["home_tamper_detected"] == 0.0
    assert tampers(homely) == 1.0


def test_socket_then_poll_is_one_edge(homely: HomelyBench) -> None:
    polled(homely, OFF, START)
    homely.change(TAMPER, ON, START + 1)
    polled(homely, ON, START + 1)
    assert tampers(homely) == 1.0


def test_poll_then_socket_is_one_edge(homely: HomelyBench) -> None:
    polled(homely, OFF, START)
    polled(homely, ON, START + 1)
    assert homely.change(TAMPER, ON, START + 1) is Applied.DUPLICATE
    assert tampers(homely) == 1.0


def test_a_duplicate_event_is_one_edge(homely: HomelyBench) -> None:
    polled(homely, OFF, START)
    assert homely.change(TAMPER, ON, START + 1) is Applied.APPLIED
    assert homely.change(TAMPER, ON, START + 1) is Applied.DUPLICATE
    assert tampers(homely) == 1.0


def test_the_same_value_reported_anew_is_no_edge(homely: HomelyBench) -> None:
    polled(homely, OFF, START)
    for number in range(1, 4):
        assert homely.change(TAMPER, ON, START + number) is Applied.APPLIED
    assert tampers(homely) == 1.0


def test_a_poll_in_flight_is_no_edge(homely: HomelyBench) -> None:
    polled(homely, OFF, START)
    began = homely.clock.monotonic()
    homely.clock.advance(1)
    homely.change(TAMPER, ON, START + 1)
    homely.poll(device({TAMPER: state(OFF, START)}), began=began)
    assert homely.served()["home_tamper_detected"] == 1.0
    polled(homely, ON, START + 1)
    assert tampers(homely) == 1.0


@pytest.mark.parametrize("value", [ON, OFF])
def test_the_first_sight_is_the_baseline(homely: HomelyBench, *, value: bool) -> None:
    polled(homely, value, START)
    assert tampers(homely) == 0.0
    assert homely.served()["home_tamper_detected"] == float(value)


@pytest.mark.parametrize(("value", "count"), [(ON, 1.0), (OFF, 0.0)])
def test_a_state_that_is_first_told_by_an_event_has_changed(
    homely: HomelyBench, *, value: bool, count: float
) -> None:
    homely.poll(device({}))
    homely.change(TAMPER, value, START + 1)
    assert tampers(homely) == count
    polled(homely, value, START + 1)
    assert tampers(homely) == count


def test_a_poll_without_the_state_between_is_no_edge(homely: HomelyBench) -> None:
    polled(homely, OFF, START)
    polled(homely, ON, START + 1)
    homely.poll(device({}))
    polled(homely, ON, START + 2)
    assert tampers(homely) == 1.0


def test_an_edge_over_a_null_is_counted_once(homely: HomelyBench) -> None:
    polled(homely, OFF, START)
    polled(homely, None, None)
    polled(homely, ON, START + 1)
    polled(homely, ON, START + 1)
    assert tampers(homely) == 1.0


def test_an_undated_edge_is_counted(homely: HomelyBench) -> None:
    polled(homely, OFF, None)
    homely.clock.advance(1)
    homely.change(TAMPER, ON, None)
    homely.clock.advance(1)
    polled(homely, ON, None)
    assert tampers(homely) == 1.0


def test_an_edge_while_the_cloud_is_stale_is_counted(homely: HomelyBench) -> None:
    polled(homely, OFF, START)
    homely.pass_time(30 * HOUR)
    homely.change(TAMPER, ON, homely.now)
    assert tampers(homely) == 1.0


def test_counts_of_two_devices_are_apart(homely: HomelyBench) -> None:
    homely.poll(device({TAMPER: state(OFF)}), device({TAMPER: state(OFF)}, id="dev-2"))
    homely.change(TAMPER, ON, START + 1, "dev-2")
    assert tampers(homely) == 0.0
    assert homely.served("dev-2")[series("tamper")] == 1.0


class TestOutOfOrder:
    """The newer value arrived first: the excursion in between is counted once."""

    def test_an_excursion_that_arrives_late_is_counted(self, homely: HomelyBench) -> None:
        polled(homely, OFF, START)
        assert homely.change(TAMPER, OFF, START + 3) is Applied.APPLIED
        assert homely.change(TAMPER, ON, START + 2) is Applied.OUTDATED
        assert homely.served()["home_tamper_detected"] == 0.0
        assert tampers(homely) == 1.0

    def test_it_is_counted_once_however_often_it_arrives(self, homely: HomelyBench) -> None:
        polled(homely, OFF, START)
        homely.change(TAMPER, OFF, START + 3)
        for _ in range(3):
            homely.change(TAMPER, ON, START + 2)
        polled(homely, OFF, START + 3)
        homely.change(TAMPER, ON, START + 2)
        assert tampers(homely) == 1.0

    def test_it_is_not_counted_again_where_it_was_known(self, homely: HomelyBench) -> None:
        polled(homely, OFF, START)
        homely.change(TAMPER, ON, START + 2)
        homely.change(TAMPER, OFF, START + 3)
        assert homely.change(TAMPER, ON, START + 2) is Applied.OUTDATED
        assert tampers(homely) == 1.0

    def test_a_late_off_between_two_ons_is_an_edge_of_its_own(self, homely: HomelyBench) -> None:
        polled(homely, ON, START)
        homely.change(TAMPER, ON, START + 3)
        homely.change(TAMPER, OFF, START + 2)
        assert homely.served()["home_tamper_detected"] == 1.0
        assert tampers(homely) == 1.0

    def test_a_late_confirmation_is_no_edge(self, homely: HomelyBench) -> None:
        polled(homely, OFF, START)
        homely.change(TAMPER, ON, START + 3)
        homely.change(TAMPER, OFF, START + 2)
        homely.change(TAMPER, ON, START + 2.5)
        assert tampers(homely) == 1.0

    @pytest.mark.parametrize(("source", "event"), [("alarm.flood", "leak"), ("alarm.fire", "fire")])
    def test_it_is_so_for_every_event(self, homely: HomelyBench, source: str, event: str) -> None:
        homely.poll(device({source: state(OFF)}))
        homely.change(source, OFF, START + 3)
        homely.change(source, ON, START + 2)
        assert homely.served()[series(event)] == 1.0

    def test_it_is_counted_however_late_it_arrives(self, homely: HomelyBench) -> None:
        polled(homely, OFF, START)
        for second in range(2, 8):
            homely.change(TAMPER, OFF, START + second)
        homely.change(TAMPER, ON, START + 1)
        assert tampers(homely) == 1.0

    def test_what_a_gateway_kept_while_it_was_offline_is_counted(self, homely: HomelyBench) -> None:
        homely.poll(device({"alarm.flood": state(OFF)}))
        homely.clock.advance(HOUR)
        for number, value in enumerate([ON, OFF, ON, OFF], 1):
            homely.change("alarm.flood", value, START + 60 * number)
            homely.clock.advance(1)
        assert homely.served()[series("leak")] == 2.0

    def test_what_is_older_than_the_baseline_is_no_edge(self, homely: HomelyBench) -> None:
        polled(homely, OFF, START)
        homely.change(TAMPER, ON, START - 60)
        assert tampers(homely) == 0.0
        homely.change(TAMPER, OFF, START + 3)
        homely.change(TAMPER, ON, START - 60)
        assert tampers(homely) == 0.0

    def test_nothing_before_the_baseline_is_put_together_to_an_edge(
        self, homely: HomelyBench
    ) -> None:
        polled(homely, OFF, START)
        homely.change(TAMPER, OFF, START - 60)
        homely.change(TAMPER, ON, START - 30)
        assert tampers(homely) == 0.0

    def test_values_older_than_the_last_16_are_not_remembered(self, homely: HomelyBench) -> None:
        polled(homely, OFF, START)
        for second in range(1, 31):
            homely.change(TAMPER, OFF, START + second)
        assert homely.change(TAMPER, ON, START + 0.5) is Applied.OUTDATED
        assert tampers(homely) == 0.0
        homely.change(TAMPER, ON, START + 20.5)
        assert tampers(homely) == 1.0

    def test_a_lock_that_was_opened_and_closed_again_counts_both(self, homely: HomelyBench) -> None:
        homely.poll(device({"lock.state": state(ON)}, modelName="Yale Doorman V2N"))
        homely.change("lock.state", ON, START + 3)
        homely.change("lock.state", OFF, START + 2)
        assert homely.served()[series("unlock")] == 1.0
        assert homely.served()[series("lock")] == 1.0
        assert homely.served()["home_lock_locked"] == 1.0


class TestTwoSourcesOfOneLock:
    """lock.state and report.locked say the same: one turn of the key is one edge."""

    def test_a_poll_that_moves_both_is_one_edge(self, homely: HomelyBench) -> None:
        for number, locked in enumerate([ON, OFF]):
            states = {
                "report.locked": state(locked, START + number),
                "lock.state": state(locked, START + number),
            }
            homely.poll(device(states))
        assert homely.served()[series("unlock")] == 1.0
        assert homely.served()[series("lock")] == 0.0

    @pytest.mark.parametrize(
        "sources", [("lock.state", "report.locked"), ("report.locked", "lock.state")]
    )
    def test_two_events_about_it_are_one_edge(
        self, homely: HomelyBench, sources: tuple[str, str]
    ) -> None:
        homely.poll(device({"lock.state": state(ON), "report.locked": state(ON)}))
        for source in sources:
            homely.change(source, OFF, START + 1)
        assert homely.served()[series("unlock")] == 1.0
        assert homely.served()["home_lock_locked"] == 0.0

    @pytest.mark.parametrize(
        "sources", [("lock.state", "report.locked"), ("report.locked", "lock.state")]
    )
    def test_two_events_of_their_own_times_are_one_edge(
        self, homely: HomelyBench, sources: tuple[str, str]
    ) -> None:
        homely.poll(device({"lock.state": state(ON), "report.locked": state(ON)}))
        times = {"lock.state": START + 1, "report.locked": START + 1.2}
        for source in sources:
            homely.change(source, OFF, times[source])
        assert homely.served()[series("unlock")] == 1.0
        assert homely.served()[series("lock")] == 0.0

    def test_a_turn_that_only_the_second_one_tells_of_is_an_edge_all_the_same(
        self, homely: HomelyBench
    ) -> None:
        homely.poll(device({"lock.state": state(ON), "report.locked": state(ON)}))
        homely.change("report.locked", OFF, START + 1)
        homely.change("report.locked", ON, START + 60)
        assert homely.served()[series("unlock")] == 1.0
        assert homely.served()[series("lock")] == 1.0


class TestWally:
    def test_a_leak_learnt_by_polls_is_counted(self, wally: WallyBench) -> None:
        for number, level in enumerate([0, 15, 15, 14, 15]):
            wally.poll(sensor({"LEAK": trait(level, START + number)}))
        assert wally.served()[series("leak")] == 2.0
        assert wally.served()["home_leak_detected"] == 1.0

    def test_an_opening_learnt_by_polls_is_counted(self, wally: WallyBench) -> None:
        for number, level in enumerate([0, 15, 3]):
            traits = {"COND": trait(level, START + number), "SENSOR": trait(1)}
            wally.poll(sensor(traits))
        assert wally.served()[series("open")] == 1.0
        assert wally.served()["home_contact_open"] == 0.0

    def test_a_sensor_that_is_wet_when_first_seen_counts_nothing(self, wally: WallyBench) -> None:
        wally.poll(sensor({"LEAK": trait(15)}))
        assert wally.served()[series("leak")] == 0.0
        assert wally.served()["home_leak_detected"] == 1.0

    def test_an_undated_leak_is_counted(self, wally: WallyBench) -> None:
        for level in (0, 15, 0):
            wally.poll(sensor({"LEAK": trait(level, None)}, updated=None))
        assert wally.served()[series("leak")] == 1.0
