"""The first clock: how long ago the cloud answered, and what goes when it no longer does."""

from collections.abc import Callable

import pytest

from exporter.model import Applied
from tests.mapping.full import full_home, full_sensors
from tests.mapping.payloads import activity, device, sensor, state, trait
from tests.store.bench import HOUR, HomelyBench, WallyBench

#: What says why the rest is gone stays: up, times, _info, online, suspended, event counters.
STAYS_OF_A_DEVICE = {
    "home_device_info",
    "home_device_link_info",
    "home_device_online",
    "home_device_suspended",
    "home_device_updated_timestamp_seconds",
    "home_reading_updated_timestamp_seconds",
    "home_events_total",
    "home_activities_total",
}
STAYS_OF_A_LOCATION = {
    "home_up",
    "home_location_info",
    "home_location_suspended",
    "home_location_updated_timestamp_seconds",
    "home_alarm_state_changes_total",
    "home_exporter_next_poll_timestamp_seconds",
    "home_exporter_stream_connected",
}
MINUTE = 60.0


def names(bench: HomelyBench | WallyBench) -> set[str]:
    return {name for name, _, _ in bench.samples()}


def full_homely() -> HomelyBench:
    bench = HomelyBench()
    bench.poll(*full_home()["devices"])
    bench.store.set_stream(bench.key, connected=True)
    bench.store.set_next_poll(bench.key, bench.now + 1200)
    return bench


def full_wally() -> WallyBench:
    bench = WallyBench()
    bench.poll(*full_sensors(), suspended=False, expected_devices=4)
    bench.store.set_next_poll(bench.key, bench.now + 60)
    return bench


def test_a_location_is_not_up_before_its_first_poll(homely: HomelyBench) -> None:
    served = homely.location()
    assert served == {"home_up": 0.0, 'home_location_info{gateway_serial=""}': 1.0}


def test_a_location_is_up_while_its_last_poll_is_young(homely: HomelyBench) -> None:
    homely.poll()
    assert homely.location()["home_up"] == 1.0
    homely.pass_time(3 * HOUR - 1)
    assert homely.location()["home_up"] == 1.0
    homely.pass_time(1)
    assert homely.location()["home_up"] == 0.0


def test_homely_and_wally_have_their_own_patience() -> None:
    homely, wally = full_homely(), full_wally()
    for bench in (homely, wally):
        bench.pass_time(15 * MINUTE)
    assert homely.location()["home_up"] == 1.0
    assert wally.location()["home_up"] == 0.0


@pytest.mark.parametrize("make", [full_homely, full_wally])
def test_what_only_polls_have_said_stays_until_the_cloud_is_stale(
    make: Callable[[], HomelyBench | WallyBench],
) -> None:
    bench = make()
    before = bench.text()
    policy = bench.store.locations[bench.key].policy
    bench.pass_time(policy.stale_after - 1)
    assert bench.text() == before


@pytest.mark.parametrize("make", [full_homely, full_wally])
def test_when_the_cloud_is_stale_nothing_but_what_is_promised_stays(
    make: Callable[[], HomelyBench | WallyBench],
) -> None:
    bench = make()
    before = names(bench)
    assert before - STAYS_OF_A_DEVICE - STAYS_OF_A_LOCATION
    policy = bench.store.locations[bench.key].policy
    bench.pass_time(policy.stale_after)
    assert names(bench) == before & (STAYS_OF_A_DEVICE | STAYS_OF_A_LOCATION)
    assert bench.location()["home_up"] == 0.0


def test_what_stays_is_what_it_was() -> None:
    bench = full_homely()
    before = bench.device("dev-motion")
    bench.pass_time(30 * 24 * HOUR)
    after = bench.device("dev-motion")
    assert after
    assert after.items() <= before.items()


def test_counters_of_energy_go_with_the_readings() -> None:
    bench = full_homely()
    assert "home_energy_imported_joules_total" in bench.served("dev-meter")
    bench.pass_time(3 * HOUR)
    assert "home_energy_imported_joules_total" not in bench.served("dev-meter")


def test_readings_return_with_the_next_poll(homely: HomelyBench) -> None:
    homely.poll(device({"battery.voltage": state(2.9)}))
    homely.pass_time(4 * HOUR)
    assert "home_battery_volts" not in homely.served()
    homely.poll(device({"battery.voltage": state(2.9)}))
    assert homely.served()["home_battery_volts"] == 2.9
    assert homely.location()["home_up"] == 1.0


def test_an_event_keeps_fresh_only_the_device_that_it_names(homely: HomelyBench) -> None:
    states = {"battery.voltage": state(2.9), "alarm.tamper": state(False)}
    homely.poll(device(states), device(states, id="dev-2"))
    homely.pass_time(2 * HOUR)
    assert homely.change("alarm.tamper", True, homely.now) is Applied.APPLIED
    homely.pass_time(2 * HOUR)
    assert homely.location()["home_up"] == 0.0
    assert homely.served()["home_tamper_detected"] == 1.0
    assert homely.served()["home_battery_volts"] == 2.9
    assert "home_tamper_detected" not in homely.served("dev-2")
    homely.pass_time(1 * HOUR)
    assert "home_tamper_detected" not in homely.served()


def test_an_event_brings_back_a_device_of_a_stale_cloud(homely: HomelyBench) -> None:
    homely.poll(device({"alarm.tamper": state(False)}))
    homely.pass_time(4 * HOUR)
    assert "home_tamper_detected" not in homely.served()
    homely.change("alarm.tamper", True, homely.now)
    assert homely.served()["home_tamper_detected"] == 1.0
    assert homely.location()["home_up"] == 0.0


def test_an_event_about_a_device_does_not_keep_the_alarm_fresh(homely: HomelyBench) -> None:
    homely.poll(device({"alarm.tamper": state(False)}))
    homely.pass_time(2 * HOUR)
    homely.change("alarm.tamper", True, homely.now)
    homely.pass_time(1 * HOUR)
    assert not any(series.startswith("home_alarm_state{") for series in homely.location())


def test_an_alarm_event_keeps_the_alarm_fresh_and_nothing_else(homely: HomelyBench) -> None:
    homely.poll(device({"alarm.tamper": state(False)}))
    homely.pass_time(2 * HOUR)
    homely.alarm("ARMED_AWAY")
    homely.pass_time(2 * HOUR)
    assert homely.location()['home_alarm_state{home_alarm_state="ARMED_AWAY"}'] == 1.0
    assert homely.location()["home_up"] == 0.0
    assert "home_location_devices" not in homely.location()
    assert "home_tamper_detected" not in homely.served()
    homely.pass_time(1 * HOUR)
    assert not any(series.startswith("home_alarm_state{") for series in homely.location())


def test_a_callback_keeps_fresh_only_the_sensor_that_it_names(wally: WallyBench) -> None:
    wally.poll(sensor({"LEAK": trait(0)}), sensor({"LEAK": trait(0)}, snid="sn-2"))
    wally.pass_time(10 * MINUTE)
    wally.callback(activity(created=wally.ago(0)))
    wally.pass_time(10 * MINUTE)
    assert wally.served()["home_leak_alarmed"] == 1.0
    assert wally.served()["home_leak_detected"] == 0.0
    assert wally.location()["home_up"] == 0.0
    assert "home_leak_detected" not in wally.served("sn-2")
    wally.pass_time(5 * MINUTE)
    assert "home_leak_alarmed" not in wally.served()
    assert not any(series.startswith("home_activities{") for series in wally.served())


def test_one_location_that_goes_stale_does_not_hurt_another(homely: HomelyBench) -> None:
    homely.add("home-2", homely.store.locations[homely.key].policy)
    homely.poll(device({"battery.low": state(False)}))
    homely.pass_time(3 * HOUR)
    assert homely.location("home-2")["home_up"] == 0.0
    homely.key = ("homely", "home-2")
    homely.poll(device({"battery.low": state(True)}, id="dev-2"))
    assert homely.location("home-1")["home_up"] == 0.0
    assert homely.location("home-2")["home_up"] == 1.0
    assert homely.devices() == {"dev-1", "dev-2"}
    assert homely.served("dev-2")["home_battery_low"] == 1.0


def test_when_it_was_heard_of_is_told_by_source(homely: HomelyBench) -> None:
    homely.poll(device({"alarm.tamper": state(False)}))
    polled = homely.now
    homely.pass_time(100)
    homely.change("alarm.tamper", True, homely.now)
    served = homely.location()
    assert served['home_location_updated_timestamp_seconds{source="poll"}'] == polled
    assert served['home_location_updated_timestamp_seconds{source="push"}'] == polled + 100


def test_the_stream_and_the_next_poll_are_told_at_once(homely: HomelyBench) -> None:
    for connected in (False, True, False):
        homely.store.set_stream(homely.key, connected=connected)
        assert homely.location()["home_exporter_stream_connected"] == float(connected)
    homely.store.set_next_poll(homely.key, homely.now + 1200)
    due = homely.location()["home_exporter_next_poll_timestamp_seconds"]
    assert due == homely.now + 1200


def test_devices_held_and_expected_are_told(wally: WallyBench) -> None:
    wally.poll(sensor({}), sensor({}, snid="sn-2"), expected_devices=3)
    assert wally.location()["home_location_devices"] == 2.0
    assert wally.location()["home_location_devices_expected"] == 3.0


@pytest.mark.parametrize(("suspended", "expected"), [(True, 1.0), (False, 0.0)])
def test_a_suspended_place_is_told(wally: WallyBench, *, suspended: bool, expected: float) -> None:
    wally.poll(suspended=suspended)
    assert wally.location()["home_location_suspended"] == expected


def test_a_removed_location_leaves_nothing_behind(homely: HomelyBench) -> None:
    homely.poll(*full_home()["devices"])
    homely.pass_time(10)
    homely.store.remove(homely.key)
    assert homely.text() == ""
    homely.pass_time(30 * 24 * HOUR)
    assert homely.text() == ""
    assert homely.page.series == 0
