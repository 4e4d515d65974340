"""The second clock: how old a device's own readings are by the vendor's time."""

import pytest

from exporter.sources.homely.mapping import map_home
from exporter.sources.values import Reader
from tests.mapping.full import full_home, full_sensors
from tests.mapping.payloads import activity, device, home, sensor, state, trait
from tests.store.bench import DAY, HOUR, HomelyBench, WallyBench
from tests.support.manual_clock import START

PERIODIC = [
    ("temperature.temperature", "home_temperature_celsius"),
    ("thermostat.LocalTemperature", "home_temperature_celsius"),
    ("air.humidity", "home_humidity_ratio"),
    ("metering.demand", "home_power_watts"),
    ("diagnostic.networklinkstrength", "home_link_strength_ratio"),
]
LONG_AGO = 300 * DAY


@pytest.mark.parametrize(("source", "series"), PERIODIC)
def test_a_periodic_reading_goes_when_its_own_time_is_old(
    homely: HomelyBench, source: str, series: str
) -> None:
    other = "metering.demand" if source != "metering.demand" else "temperature.temperature"
    homely.poll(device({source: state(20, START - DAY), other: state(21, START)}))
    assert series not in homely.served()
    homely.poll(device({source: state(20, START - DAY + 1), other: state(21, START)}))
    assert series in homely.served()


@pytest.mark.parametrize(("source", "series"), PERIODIC)
def test_a_periodic_reading_grows_old_between_polls(
    homely: HomelyBench, source: str, series: str
) -> None:
    states = {source: state(20, START - 23 * HOUR), "temperature.other": state(1)}
    homely.poll(device(states))
    homely.pass_time(HOUR - 1)
    assert series in homely.served()
    homely.pass_time(1)
    assert series not in homely.served()


@pytest.mark.parametrize(
    ("source", "value", "series"),
    [
        ("alarm.alarm", False, "home_contact_open"),
        ("alarm.flood", False, "home_leak_detected"),
        ("battery.low", False, "home_battery_low"),
        ("battery.voltage", 2.9, "home_battery_volts"),
        ("thermostat.mf409", 2450, "home_floor_temperature_celsius"),
        ("metering.summationdelivered", 5, "home_energy_imported_joules_total"),
        ("setup.appledenable", True, 'home_device_state{feature="setup",state="appledenable"}'),
    ],
)
def test_the_age_of_anything_else_does_not_matter_beside_a_fresh_reading(
    homely: HomelyBench, source: str, value: object, series: str
) -> None:
    states = {source: state(value, START - LONG_AGO), "temperature.temperature": state(20)}
    homely.poll(device(states))
    assert series in homely.served()


def test_when_all_periodic_readings_are_old_the_others_go_too(homely: HomelyBench) -> None:
    homely.poll(
        device(
            {
                "temperature.temperature": state(21, START - 25 * HOUR),
                "diagnostic.networklinkstrength": state(80, START - 26 * HOUR),
                "alarm.flood": state(False, START),
                "battery.voltage": state(2.9, START),
                "setup.appledenable": state(True, START),
            }
        )
    )
    assert {series.split("{")[0] for series in homely.served()} == {
        "home_device_info",
        "home_device_online",
        "home_device_updated_timestamp_seconds",
        "home_reading_updated_timestamp_seconds",
        "home_events_total",
    }


def test_one_young_periodic_reading_keeps_the_others(homely: HomelyBench) -> None:
    homely.poll(
        device(
            {
                "temperature.temperature": state(21, START - 25 * HOUR),
                "diagnostic.networklinkstrength": state(80, START - HOUR),
                "alarm.flood": state(False, START - LONG_AGO),
            }
        )
    )
    assert homely.served()["home_leak_detected"] == 0.0
    assert "home_temperature_celsius" not in homely.served()


def test_a_gateway_without_internet_does_not_look_dry_and_warm(homely: HomelyBench) -> None:
    states = {"temperature.temperature": state(21), "alarm.flood": state(False)}
    for _ in range(24):
        homely.poll(device(states))
        assert homely.served()["home_leak_detected"] == 0.0
        homely.pass_time(HOUR)
    homely.poll(device(states))
    assert "home_leak_detected" not in homely.served()
    assert homely.location()["home_up"] == 1.0


def test_a_device_that_carries_no_periodic_reading_is_exempt(homely: HomelyBench) -> None:
    lock = {"lock.state": state(True, START - LONG_AGO), "report.lowbat": state(False, START)}
    homely.poll(device(lock, modelName="Yale Doorman V2N"))
    assert homely.served()["home_lock_locked"] == 1.0
    homely.pass_time(2 * HOUR)
    homely.poll(device(lock, modelName="Yale Doorman V2N"))
    assert homely.served()["home_lock_locked"] == 1.0


def test_readings_return_at_the_next_fresh_poll(homely: HomelyBench) -> None:
    old = state(21, START - 25 * HOUR)
    homely.poll(device({"temperature.temperature": old, "battery.low": state(False)}))
    assert "home_battery_low" not in homely.served()
    homely.poll(device({"temperature.temperature": state(20), "battery.low": state(False)}))
    assert homely.served()["home_temperature_celsius"] == 20.0
    assert homely.served()["home_battery_low"] == 0.0


def test_readings_return_at_the_next_event_of_the_device(homely: HomelyBench) -> None:
    old = state(21, START - 25 * HOUR)
    states = {"temperature.temperature": old, "alarm.flood": state(False)}
    homely.poll(device(states), device(states, id="dev-2"))
    assert "home_leak_detected" not in homely.served()
    homely.change("alarm.flood", True, START + 1)
    assert homely.served()["home_leak_detected"] == 1.0
    assert "home_temperature_celsius" not in homely.served()
    assert "home_leak_detected" not in homely.served("dev-2")


def test_one_dead_device_does_not_hurt_another(homely: HomelyBench) -> None:
    homely.poll(
        device({"temperature.temperature": state(21, START - LONG_AGO)}),
        device({"temperature.temperature": state(20)}, id="dev-2"),
    )
    assert "home_temperature_celsius" not in homely.served()
    assert homely.served("dev-2")["home_temperature_celsius"] == 20.0


def test_the_time_of_a_reading_outlives_it(homely: HomelyBench) -> None:
    series = 'home_reading_updated_timestamp_seconds{reading="temperature"}'
    homely.poll(device({"temperature.temperature": state(21, START - 60)}))
    homely.pass_time(25 * HOUR)
    assert "home_temperature_celsius" not in homely.served()
    assert homely.served()[series] == START - 60
    homely.poll(device({"temperature.temperature": state(None, None)}))
    assert homely.served()[series] == START - 60
    homely.poll(device({}))
    assert homely.served()[series] == START - 60


def test_the_time_of_a_reading_never_goes_back(homely: HomelyBench) -> None:
    series = 'home_reading_updated_timestamp_seconds{reading="temperature"}'
    homely.poll(device({"temperature.temperature": state(21, START - 60)}))
    homely.poll(device({"temperature.temperature": state(20, START - 90)}))
    assert homely.served()[series] == START - 60
    assert homely.served()["home_device_updated_timestamp_seconds"] == START - 60


def test_wally_readings_are_old_after_two_hours(wally: WallyBench) -> None:
    wally.poll(sensor({"TEMP": trait(21, START - 2 * HOUR), "RH": trait(50, START - 7199)}))
    assert "home_temperature_celsius" not in wally.served()
    assert wally.served()["home_humidity_ratio"] == 0.5


def test_a_silent_wally_sensor_does_not_look_dry(wally: WallyBench) -> None:
    old = START - 3 * HOUR
    traits = {"TEMP": trait(21, old), "RH": trait(50, old), "LEAK": trait(0, old)}
    wally.poll(sensor(traits, alarmed=False, thresholds={"TEMP": {"min": 10}}, offline=False))
    assert {series.split("{")[0] for series in wally.served()} == {
        "home_device_info",
        "home_device_online",
        "home_device_suspended",
        "home_device_updated_timestamp_seconds",
        "home_reading_updated_timestamp_seconds",
        "home_events_total",
        "home_activities_total",
    }


def test_an_undated_reading_is_as_old_as_its_last_change(homely: HomelyBench) -> None:
    for hour in range(24):
        homely.poll(device({"temperature.temperature": state(21, None)}))
        assert homely.served()["home_temperature_celsius"] == 21.0, hour
        homely.pass_time(HOUR)
    homely.poll(device({"temperature.temperature": state(21, None)}))
    assert "home_temperature_celsius" not in homely.served()
    homely.poll(device({"temperature.temperature": state(20.9, None)}))
    assert homely.served()["home_temperature_celsius"] == 20.9


def test_an_undated_event_is_as_old_as_its_arrival(homely: HomelyBench) -> None:
    homely.poll(device({"temperature.temperature": state(21, None)}))
    homely.pass_time(90)
    homely.change("temperature.temperature", 20.5, None)
    series = 'home_reading_updated_timestamp_seconds{reading="temperature"}'
    assert homely.served()[series] == START + 90


@pytest.mark.parametrize("at", [START - 25 * HOUR + 1, START - 30 * DAY])
def test_an_event_about_long_ago_is_no_sign_of_life(homely: HomelyBench, at: float) -> None:
    old = START - 25 * HOUR
    states = {"temperature.temperature": state(21, old), "alarm.flood": state(False, old)}
    homely.poll(device(states))
    homely.change("alarm.flood", False, at)
    assert "home_leak_detected" not in homely.served()


@pytest.mark.parametrize("kind", ["dead_sensor", "dead_gateway"])
def test_the_news_that_a_sensor_is_dead_is_no_sign_of_life(wally: WallyBench, kind: str) -> None:
    wally.poll(sensor({"TEMP": trait(21), "LEAK": trait(0)}))
    wally.pass_time(600)
    wally.callback(activity(kind, created=wally.ago(0)))
    assert wally.served()[f'home_activities{{activity="{kind}",state="open"}}'] == 1.0
    wally.pass_time(600)
    assert "home_leak_detected" not in wally.served()


def test_a_callback_is_a_sign_of_life_of_a_silent_sensor(wally: WallyBench) -> None:
    old = START - 3 * HOUR
    wally.poll(sensor({"TEMP": trait(21, old), "LEAK": trait(0, old)}))
    assert "home_leak_alarmed" not in wally.served()
    wally.callback(activity(created=wally.ago(0)))
    assert wally.served()["home_leak_alarmed"] == 1.0


def test_a_callback_that_repeats_is_no_further_sign_of_life(wally: WallyBench) -> None:
    old = trait(21, START - 3 * HOUR)
    silent = sensor({"TEMP": old, "LEAK": trait(0, START - 3 * HOUR)})
    wally.poll(silent)
    created = wally.ago(0)
    wally.callback(activity(created=created))
    wally.pass_time(2 * HOUR - 60)
    wally.callback(activity(created=created))
    wally.poll(silent)
    assert wally.served()["home_leak_detected"] == 0.0
    wally.pass_time(120)
    wally.poll(silent)
    assert "home_leak_detected" not in wally.served()


def test_what_an_event_brought_back_goes_by_itself_when_that_is_long_ago(
    homely: HomelyBench,
) -> None:
    old = START - 25 * HOUR
    silent = device({"temperature.temperature": state(21, old), "alarm.flood": state(False, old)})
    homely.poll(silent)
    homely.change("alarm.flood", True, START)
    for _ in range(23):
        homely.pass_time(HOUR)
        homely.poll(silent)
    homely.pass_time(HOUR - 1)
    assert homely.served()["home_leak_detected"] == 1.0
    homely.pass_time(1)
    assert homely.location()["home_up"] == 1.0
    assert "home_leak_detected" not in homely.served()


def test_the_age_of_a_contact_does_not_matter(wally: WallyBench) -> None:
    traits = {
        "TEMP": trait(21),
        "SENSOR": trait(1, START - LONG_AGO),
        "COND": trait(15, START - 16 * DAY),
    }
    wally.poll(sensor(traits))
    assert wally.served()["home_contact_open"] == 1.0


# --- expiry


def test_expiry_needs_no_poll_and_no_event(homely: HomelyBench) -> None:
    homely.poll(*full_home()["devices"])
    page = homely.text()
    homely.clock.advance(3 * HOUR)
    assert homely.text() == page
    homely.store.expire()
    assert "home_temperature_celsius{" not in homely.text()
    assert homely.location()["home_up"] == 0.0


def test_many_that_grow_old_at_once_go_a_few_at_a_time(homely: HomelyBench) -> None:
    fresh = {"temperature.temperature": state(20.0, START)}
    homely.poll(*(device(fresh, id=f"dev-{number}") for number in range(120)))
    homely.clock.advance(3 * HOUR)
    left, calls = [120], 0
    is_more = True
    while is_more:
        is_more = homely.store.expire()
        left.append(homely.text().count("home_temperature_celsius{"))
        calls += 1
        assert left[-2] - left[-1] <= 60
    assert left[-1] == 0
    assert calls > 2


def test_expiry_changes_nothing_while_nothing_is_old(homely: HomelyBench) -> None:
    homely.poll(*full_home()["devices"])
    generation, page = homely.page.generation, homely.text()
    for _ in range(100):
        homely.pass_time(60)
    assert homely.page.generation == generation
    assert homely.text() == page


@pytest.mark.parametrize("age", [0.001, 0.1, 0.123, 59.999, 1234.567, 80_000.007])
def test_a_reading_goes_in_the_second_after_it_is_too_old(homely: HomelyBench, age: float) -> None:
    homely.poll(device({"temperature.temperature": state(21, START - age)}))
    for passed in range(0, int(DAY), 3600):
        homely.poll(device({"temperature.temperature": state(21, START - age)}))
        assert ("home_temperature_celsius" in homely.served()) is (passed < DAY - age)
        homely.pass_time(3600)
    homely.pass_time(1)
    assert "home_temperature_celsius" not in homely.served()


def test_a_reading_that_is_renewed_in_time_never_goes(wally: WallyBench) -> None:
    for _ in range(100):
        wally.poll(sensor({"TEMP": trait(21, wally.now)}))
        wally.pass_time(600)
        assert wally.served()["home_temperature_celsius"] == 21.0


# --- the machine's clock


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_jump_of_the_wall_clock_changes_nothing_that_is_served(
    homely: HomelyBench, wally: WallyBench, jump: float
) -> None:
    homely.poll(*full_home()["devices"])
    wally.poll(*full_sensors())
    for bench in (homely, wally):
        before = bench.text()
        bench.clock.jump_wall(jump)
        bench.pass_time(60)
        assert bench.text() == before
        bench.pass_time(bench.store.locations[bench.key].policy.stale_after - 60)
        assert bench.location()["home_up"] == 0.0


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_machine_with_a_wrong_clock_goes_by_the_clouds_time(
    homely: HomelyBench, jump: float
) -> None:
    homely.clock.jump_wall(jump)
    for hour in range(24):
        vendor_now = START + hour * HOUR
        payload = home(device({"temperature.temperature": state(21, START)}))
        snapshot = map_home(payload, Reader(vendor_now, homely.findings))
        homely.store.poll(homely.key, snapshot, homely.clock.monotonic(), vendor_now)
        assert homely.served()["home_temperature_celsius"] == 21.0
        homely.pass_time(HOUR)
    assert "home_temperature_celsius" not in homely.served()
