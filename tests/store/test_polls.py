"""What successive polls do to devices: values that go, devices that go, names that change."""

import pytest

from exporter.model import Applied, LocationRef
from tests.mapping.payloads import (
    alarm_event,
    device,
    device_event,
    entry,
    sensor,
    state,
    trait,
)
from tests.store.bench import HOMELY_POLICY, HomelyBench, WallyBench
from tests.support.manual_clock import START


@pytest.mark.parametrize("gone", [state(None, None), state(None), {}, None, "missing"])
def test_a_poll_without_a_value_removes_the_reading(homely: HomelyBench, gone: object) -> None:
    fresh = {"temperature.temperature": state(20)}
    homely.poll(device({**fresh, "battery.defect": state(False, START - 60)}))
    assert homely.served()["home_battery_defect"] == 0.0
    homely.poll(device(fresh if gone == "missing" else {**fresh, "battery.defect": gone}))
    assert "home_battery_defect" not in homely.served()
    assert homely.served()["home_temperature_celsius"] == 20.0
    homely.poll(device({**fresh, "battery.defect": state(True)}))
    assert homely.served()["home_battery_defect"] == 1.0


@pytest.mark.parametrize("gone", [trait(None), {}, None, "missing"])
def test_a_wally_poll_without_a_value_removes_the_reading(wally: WallyBench, gone: object) -> None:
    wally.poll(sensor({"TEMP": trait(20), "LEAK": trait(0, START - 60)}))
    wally.poll(sensor({} if gone == "missing" else {"LEAK": gone}))
    assert "home_leak_detected" not in wally.served()


def test_a_value_that_is_not_believed_removes_the_reading(homely: HomelyBench) -> None:
    homely.poll(device({"battery.voltage": state(2.9)}))
    homely.poll(device({"battery.voltage": state(655.35, START + 1)}))
    assert "home_battery_volts" not in homely.served()


def test_flags_that_are_no_longer_told_go(wally: WallyBench) -> None:
    wally.poll(sensor({}, alarmed=True, offline=True, suspended=True))
    wally.poll(sensor({}, alarmed=None, offline=None, suspended=None))
    for series in ("home_leak_alarmed", "home_device_online", "home_device_suspended"):
        assert series not in wally.served()


def test_a_device_that_one_poll_omits_stays(homely: HomelyBench) -> None:
    lasting, gone = device({"battery.low": state(False)}), device({}, id="dev-2")
    homely.poll(lasting, gone)
    before = homely.served("dev-2")
    homely.poll(lasting)
    assert homely.served("dev-2") == before
    assert homely.location()["home_location_devices"] == 2.0


def test_a_device_that_two_polls_omit_goes_with_its_counters(homely: HomelyBench) -> None:
    states = {"alarm.tamper": state(False), "temperature.temperature": state(20)}
    homely.poll(device(states), device(states, id="dev-2"))
    homely.change("alarm.tamper", True, START + 1, "dev-2")
    assert homely.served("dev-2")['home_events_total{event="tamper"}'] == 1.0
    homely.poll(device(states))
    homely.poll(device(states))
    assert homely.devices() == {"dev-1"}
    assert homely.location()["home_location_devices"] == 1.0
    assert "dev-2" not in homely.text()


def test_omissions_that_do_not_follow_each_other_do_not_add_up(homely: HomelyBench) -> None:
    both = [device({}), device({}, id="dev-2")]
    for _ in range(3):
        homely.poll(*both)
        homely.poll(both[0])
    assert homely.devices() == {"dev-1", "dev-2"}


def test_an_empty_poll_counts_as_an_omission(homely: HomelyBench) -> None:
    homely.poll(device({}))
    homely.poll()
    assert homely.devices() == {"dev-1"}
    homely.poll()
    assert homely.devices() == set()


def test_a_device_that_returns_begins_anew(homely: HomelyBench) -> None:
    on, off = device({"alarm.tamper": state(True)}), device({"alarm.tamper": state(False)})
    homely.poll(off)
    homely.poll(device({"alarm.tamper": state(True, START + 1)}))
    assert homely.served()['home_events_total{event="tamper"}'] == 1.0
    homely.poll()
    homely.poll()
    homely.poll(on)
    assert homely.served()["home_tamper_detected"] == 1.0
    assert homely.served()['home_events_total{event="tamper"}'] == 0.0


def test_what_was_to_expire_of_a_device_that_went_does_no_harm(homely: HomelyBench) -> None:
    homely.poll(device({"temperature.temperature": state(20)}))
    homely.poll()
    homely.poll()
    homely.pass_time(100_000)
    assert homely.devices() == set()
    homely.poll(device({"temperature.temperature": state(20, homely.now)}))
    assert homely.served()["home_temperature_celsius"] == 20.0
    homely.pass_time(100_000)
    assert "home_temperature_celsius" not in homely.served()


@pytest.mark.parametrize(
    "moved",
    [
        {"name": "Another name"},
        {"location": "Floor 2 - Attic"},
        {"name": "", "location": ""},
        {"modelName": "Window Sensor 2", "serialNumber": "00AA00BB00CC0002"},
    ],
)
def test_a_renamed_or_moved_device_leaves_no_old_series(
    homely: HomelyBench, moved: dict[str, str]
) -> None:
    states = {
        "temperature.temperature": state(20),
        "alarm.tamper": state(False),
        "setup.appledenable": state(True),
        "diagnostic.networklinkaddress": state("0015BC00AA00BB01"),
    }
    homely.poll(device(states))
    homely.poll(device(states, **moved))
    fresh = HomelyBench()
    fresh.poll(device(states, **moved))
    assert sorted(homely.text().splitlines()) == sorted(fresh.text().splitlines())


def test_a_renamed_device_keeps_its_counters(homely: HomelyBench) -> None:
    homely.poll(device({"alarm.tamper": state(False)}))
    homely.change("alarm.tamper", True, START + 1)
    homely.poll(device({"alarm.tamper": state(True, START + 1)}, name="Another name"))
    assert homely.served()['home_events_total{event="tamper"}'] == 1.0
    assert 'device="Window kitchen"' not in homely.text()


def test_a_location_renamed_by_its_own_poll_leaves_no_old_series(homely: HomelyBench) -> None:
    homely.poll(device({"battery.low": state(False)}))
    homely.store.set_stream(homely.key, connected=True)
    homely.poll(device({"battery.low": state(False)}), name="Hytta")
    assert 'location="Villa Eksempel"' not in homely.text()
    assert homely.served()["home_battery_low"] == 0.0


def test_a_location_renamed_in_the_listing_leaves_no_old_series(wally: WallyBench) -> None:
    wally.poll(sensor({"TEMP": trait(20)}))
    wally.store.describe(wally.key, LocationRef("place-1", "House", suspended=True))
    assert 'location="Cabin Eksempel"' not in wally.text()
    assert wally.served()["home_temperature_celsius"] == 20.0
    assert wally.location()["home_location_suspended"] == 1.0


def test_a_name_that_is_lost_is_the_last_one_known(homely: HomelyBench) -> None:
    homely.poll(device({}))
    homely.poll(device({}), name=None)
    homely.store.describe(homely.key, LocationRef("home-1", ""))
    assert homely.text().count('location="Villa Eksempel"') == len(homely.samples())


def test_two_devices_of_one_name_are_two_series(homely: HomelyBench) -> None:
    homely.poll(*(device({"battery.low": state(False)}, id=f"dev-{n}") for n in range(3)))
    assert homely.text().count("home_battery_low{") == 3
    assert homely.devices() == {"dev-0", "dev-1", "dev-2"}


def test_two_locations_of_one_name_are_two_series(homely: HomelyBench) -> None:
    homely.add("home-2", HOMELY_POLICY, "Villa Eksempel")
    homely.poll()
    assert homely.location("home-1")["home_up"] == 1.0
    assert homely.location("home-2")["home_up"] == 0.0


def test_one_device_id_at_two_locations_is_two_devices(homely: HomelyBench) -> None:
    homely.add("home-2", HOMELY_POLICY)
    homely.poll(device({"battery.low": state(False)}))
    homely.key = ("homely", "home-2")
    homely.poll(device({"battery.low": state(True)}))
    values = [value for name, _, value in homely.samples() if name == "home_battery_low"]
    assert sorted(values) == [0.0, 1.0]


def test_a_change_of_an_unknown_device_or_location_is_told_and_changes_nothing(
    homely: HomelyBench,
) -> None:
    homely.poll(device({"battery.low": state(False)}))
    before = homely.text()
    event = device_event(entry("battery.low", True), deviceId="dev-new")
    assert homely.event(event) is Applied.UNKNOWN_DEVICE
    homely.key = ("homely", "home-new")
    assert homely.change("battery.low", True, START) is Applied.UNKNOWN_LOCATION
    assert homely.event(alarm_event("ARMED_AWAY")) is Applied.UNKNOWN_LOCATION
    assert homely.text() == before


def test_a_pushed_parent_takes_the_place_of_the_old_one(homely: HomelyBench) -> None:
    homely.poll(device({"diagnostic.networklinkaddress": state("0015BC00AA00BB01")}))
    homely.change("diagnostic.networklinkaddress", "0015BC00AA00BB02", START + 1)
    links = [series for series in homely.served() if series.startswith("home_device_link_info")]
    assert links == ['home_device_link_info{parent="0015BC00AA00BB02"}']


def test_a_device_that_begins_to_be_another_model_has_the_other_metric(
    homely: HomelyBench,
) -> None:
    homely.poll(device({"alarm.alarm": state(True)}, modelName="Window Sensor"))
    homely.poll(device({"alarm.alarm": state(True)}, modelName="Motion Sensor Mini"))
    assert homely.served()["home_motion_detected"] == 1.0
    assert "home_contact_open" not in homely.served()
    assert homely.served()['home_events_total{event="motion"}'] == 0.0


def test_a_sensor_that_becomes_a_contact_has_no_leak_any_more(wally: WallyBench) -> None:
    wally.poll(sensor({"LEAK": trait(15), "COND": trait(15), "SENSOR": trait(0)}))
    wally.poll(sensor({"LEAK": trait(15), "COND": trait(15), "SENSOR": trait(1)}))
    assert "home_leak_detected" not in wally.served()
    assert wally.served()["home_contact_open"] == 1.0


class TestHumidityOfAnyFeature:
    """No document has it; whatever feature it comes with, a device has one."""

    SERIES = "home_humidity_ratio"

    @pytest.mark.parametrize("source", ["air.humidity", "climate.Humidity"])
    def test_an_event_with_another_feature_is_the_newer_value(
        self, homely: HomelyBench, source: str
    ) -> None:
        homely.poll(device({source: state(50)}))
        assert homely.change("sauna.humidity", 40, START + 1) is Applied.APPLIED
        assert homely.served()[self.SERIES] == 0.4
        assert homely.change(source, 60, START + 0.5) is Applied.OUTDATED
        assert homely.served()[self.SERIES] == 0.4
        homely.poll(device({source: state(30, START + 2)}))
        assert homely.served()[self.SERIES] == 0.3

    def test_a_poll_without_any_ends_it(self, homely: HomelyBench) -> None:
        homely.poll(device({"air.humidity": state(50)}))
        homely.change("sauna.humidity", 40, START + 1)
        homely.clock.advance(1)
        homely.poll(device({"battery.low": state(False)}))
        assert self.SERIES not in homely.served()
