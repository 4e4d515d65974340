"""Homely's listing and homes beyond their states: ids, names, rooms, times and the alarm."""

from typing import Any

import pytest

from exporter.errors import CloudError, Outcome
from exporter.model import LocationRef
from exporter.simulator.stamps import iso
from exporter.sources.findings import Findings
from exporter.sources.homely.mapping import map_home, map_locations
from exporter.sources.values import Reader
from tests.mapping.full import full_home
from tests.mapping.looks import homely, homely_value, readings
from tests.mapping.payloads import DEVICE, PERSONAL, Json, device, home, state
from tests.store.bench import HomelyBench
from tests.support.manual_clock import START

DOCUMENTED_ALARM_STATES = {
    "DISARMED",
    "ARMED_AWAY",
    "ARMED_NIGHT",
    "ARMED_STAY",
    "ARMED_PARTLY",
    "BREACHED",
    "TRIGGERED",
    "ALARM_PENDING",
    "ALARM_STAY_PENDING",
    "ARM_PENDING",
    "ARM_AWAY_PENDING",
    "ARM_NIGHT_PENDING",
    "ARM_STAY_PENDING",
    "ARMED_AWAY_PENDING",
    "ARMED_NIGHT_PENDING",
}
#: Bodies that are not what was asked for, as they were seen with status 200.
UNUSABLE: list[Any] = [None, True, 0, 1.5, "", "<html>", {"statusCode": 401}]


def listing(payload: Any) -> tuple[list[LocationRef], list[str]]:
    rejected: list[str] = []
    findings = Findings(lambda reason: rejected.append(reason.value))
    return map_locations(payload, Reader(START, findings)), rejected


def located(location_id: Any, name: Any = "Villa Eksempel") -> Json:
    return {
        "name": name,
        "role": "ADMIN",
        "userId": "5d0e0000-0000-4000-8000-000000000001",
        "locationId": location_id,
        "gatewayserial": "02000001000A0001",
    }


# --- the listing


def test_a_location_of_the_listing_is_its_id_and_name() -> None:
    found, rejected = listing([located("home-1", "Villa "), located("home-2", "Hytta")])
    assert found == [LocationRef("home-1", "Villa"), LocationRef("home-2", "Hytta")]
    assert rejected == []


@pytest.mark.parametrize(
    "location_id", [None, "", " ", 7, True, {}, [], "x" * 129, "a\x00b", "..", " . "]
)
def test_a_location_without_a_usable_id_is_rejected_alone(location_id: object) -> None:
    found, rejected = listing([located(location_id), located("home-2")])
    assert [ref.id for ref in found] == ["home-2"]
    assert rejected == ["identity"]


@pytest.mark.parametrize("item", [None, 3, "home-1", [], True])
def test_an_item_of_the_listing_that_is_no_object_is_rejected_alone(item: object) -> None:
    found, rejected = listing([item, located("home-2")])
    assert [ref.id for ref in found] == ["home-2"]
    assert rejected == ["identity"]


def test_a_location_that_is_listed_twice_is_one_location() -> None:
    found, rejected = listing([located("home-1", "First"), located("home-1", "Second")])
    assert found == [LocationRef("home-1", "First")]
    assert rejected == ["duplicate"]


@pytest.mark.parametrize("name", [None, 5, "", "  ", [], {}])
def test_a_location_without_a_usable_name_has_none(name: object) -> None:
    assert listing([located("home-1", name)])[0] == [LocationRef("home-1", "")]


@pytest.mark.parametrize("payload", UNUSABLE)
def test_a_listing_that_is_no_list_is_unusable(payload: object) -> None:
    with pytest.raises(CloudError) as error:
        listing(payload)
    assert error.value.outcome is Outcome.UNUSABLE


def test_an_empty_listing_is_usable() -> None:
    assert listing([]) == ([], [])


# --- the home


@pytest.mark.parametrize(
    "payload", [*UNUSABLE, [], home(devices=None), home(devices={}), home(devices="x"), {}]
)
def test_a_home_without_a_list_of_devices_is_unusable(payload: object) -> None:
    with pytest.raises(CloudError) as error:
        map_home(payload, Reader(START, Findings()))
    assert error.value.outcome is Outcome.UNUSABLE


def test_a_home_is_described_by_its_name_and_gateway() -> None:
    bench = homely({})
    assert bench.location()['home_location_info{gateway_serial="02000001000A0001"}'] == 1.0
    assert 'location="Villa Eksempel"' in bench.text()


@pytest.mark.parametrize("junk", [None, 5, [], {}, True])
def test_a_home_with_junk_for_its_names_is_still_a_home(junk: object) -> None:
    bench = HomelyBench()
    bench.poll(device({}), name=junk, gatewayserial=junk, locationId=junk, userRoleAtLocation=junk)
    assert bench.location()['home_location_info{gateway_serial=""}'] == 1.0
    assert bench.devices() == {DEVICE}


def test_nothing_about_people_leaves_the_mapping() -> None:
    bench = HomelyBench()
    bench.take(map_home(full_home(), bench.reader()))
    page = bench.text()
    assert "Front door" in page
    assert PERSONAL not in page
    assert "OWNER" not in page
    assert PERSONAL not in repr(list(bench.findings.unmapped))


def test_the_full_home_has_no_value_that_is_not_believed() -> None:
    bench = HomelyBench()
    bench.take(map_home(full_home(), bench.reader()))
    assert not bench.rejected
    assert list(bench.findings.unmapped) == ["sauna.heat", "sauna.steaming", "sauna.programme"]


# --- devices


def test_a_device_is_described_by_its_model_serial_and_floor() -> None:
    (info,) = (s for s in homely({}).served() if s.startswith("home_device_info"))
    assert 'model="Window Sensor",serial="00AA00BB00CC0001",floor="Floor 1"' in info


@pytest.mark.parametrize(
    ("location", "floor", "room"),
    [
        ("Floor 1 - Entrance", "Floor 1", "Entrance"),
        ("Floor -1 - Living room", "Floor -1", "Living room"),
        ("Floor 12 - Attic - west", "Floor 12", "Attic - west"),
        ("Floor 1  -  Wide  ", "Floor 1", "Wide"),
        ("  Floor 2 - Bath", "Floor 2", "Bath"),
        ("Floor 1 - Two\nlines", "Floor 1", "Two\nlines"),
        ("Hallway", "", "Hallway"),
        ("Hallway - Floor 1 - x", "", "Hallway - Floor 1 - x"),
        ("Floor 1", "", "Floor 1"),
        ("Floor 1 - ", "", "Floor 1 -"),
        ("Floor one - Hall", "", "Floor one - Hall"),
        ("", "", ""),
        ("   ", "", ""),
        (None, "", ""),
        (4, "", ""),
        ({"room": "Hall"}, "", ""),
    ],
)
def test_floor_and_room_come_out_of_one_text(location: object, floor: str, room: str) -> None:
    bench = homely({}, location=location)
    (labels,) = (labels for name, labels, _ in bench.samples() if name == "home_device_info")
    assert (labels["floor"], labels["room"]) == (floor, room)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Under the sink \t", "Under the sink"),
        ("a\x00b\x1bc", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"),
        ("x\ud83dy", "x\N{REPLACEMENT CHARACTER}y"),
        ("\udc00", "\N{REPLACEMENT CHARACTER}"),
        ("line\r\nfeed", "line\N{REPLACEMENT CHARACTER}\nfeed"),
        ("\x7f\x85", "\N{REPLACEMENT CHARACTER}" * 2),
        ("tab\tinside", "tab\tinside"),
        ('quote " and \\ slash', 'quote " and \\ slash'),
        ("\N{FIRE} Kjøkken", "\N{FIRE} Kjøkken"),
        ("x" * 128, "x" * 128),
        ("x" * 129, "x" * 128),
        ("x" * 127 + " y", "x" * 127),
        ("ø" * 500, "ø" * 128),
        (None, ""),
        (12, ""),
        (["x"], ""),
    ],
)
def test_a_name_is_stripped_printable_and_cut(raw: object, clean: str) -> None:
    bench = homely({}, name=raw)
    (labels,) = (labels for name, labels, _ in bench.samples() if name == "home_device_info")
    assert labels["device"] == clean


@pytest.mark.parametrize(
    "device_id", [None, "", "  ", 7, True, [], {}, "x" * 129, "a\x00b", "a\ud800b", "."]
)
def test_a_device_without_a_usable_id_is_rejected_alone(device_id: object) -> None:
    bench = HomelyBench()
    bench.poll(device({}, id=device_id), device({}, id="dev-2"))
    assert bench.devices() == {"dev-2"}
    assert bench.rejected == {"identity": 1}


@pytest.mark.parametrize("item", [None, 4, "dev-1", [], True])
def test_an_item_of_the_devices_that_is_no_object_is_rejected_alone(item: object) -> None:
    bench = HomelyBench()
    bench.poll(item, device({}))
    assert bench.devices() == {DEVICE}
    assert bench.rejected == {"identity": 1}


def test_of_two_devices_with_one_id_the_first_is_held() -> None:
    bench = HomelyBench()
    bench.poll(
        device({"battery.voltage": state(3.0)}),
        device({"battery.voltage": state(2.0)}, id=f" {DEVICE} "),
    )
    assert bench.served()["home_battery_volts"] == 3.0
    assert bench.rejected == {"duplicate": 1}


def test_the_longest_id_is_served_whole() -> None:
    bench = HomelyBench()
    bench.poll(device({}, id="x" * 128))
    assert bench.devices() == {"x" * 128}


@pytest.mark.parametrize(("online", "expected"), [(True, 1.0), (False, 0.0)])
def test_online_is_served_beside_fresh_readings(*, online: bool, expected: float) -> None:
    served = homely({"battery.voltage": state(3)}, online=online).served()
    assert served["home_device_online"] == expected
    assert served["home_battery_volts"] == 3.0


def test_a_device_that_does_not_say_whether_it_is_online_has_no_such_series() -> None:
    bench = homely({}, online=None)
    assert "home_device_online" not in bench.served()
    assert not bench.rejected


@pytest.mark.parametrize("junk", [1, "true", [], {}])
def test_online_that_is_no_bool_is_rejected(junk: object) -> None:
    bench = homely({}, online=junk)
    assert "home_device_online" not in bench.served()
    assert bench.rejected == {"type": 1}


@pytest.mark.parametrize(
    ("junk", "rejects"),
    [
        (None, 0),
        ({}, 0),
        ({"alarm": None}, 0),
        ({"alarm": {"states": None}}, 0),
        (3, 1),
        ("x", 1),
        ([], 1),
        ({"alarm": 5}, 1),
        ({"alarm": {"states": []}}, 1),
    ],
)
def test_a_device_with_junk_for_its_features_is_still_a_device(junk: object, rejects: int) -> None:
    bench = homely({}, features=junk)
    assert bench.devices() == {DEVICE}
    assert readings(bench.served()) == {}
    assert bench.rejected["type"] == rejects


def test_fields_that_have_no_metric_leave_nothing_behind() -> None:
    plain = homely({}).text()
    extended = homely({}, modelId="another", newField=12, paired=True, gatewayId="g").text()
    assert extended == plain


# --- times


def test_a_device_was_updated_at_its_newest_state() -> None:
    served = homely(
        {
            "battery.low": state(value=False, at=START - 9_000_000),
            "temperature.temperature": state(20, START - 60.25),
            "report.event": state("locked", START - 600),
        }
    ).served()
    assert served["home_device_updated_timestamp_seconds"] == START - 60.25


def test_a_device_without_any_time_has_no_update() -> None:
    served = homely({"temperature.temperature": state(20, None)}).served()
    assert served["home_temperature_celsius"] == 20.0
    assert "home_device_updated_timestamp_seconds" not in served


def test_a_reading_without_a_time_is_as_old_as_its_arrival() -> None:
    served = homely({"temperature.temperature": state(20, None)}).served()
    assert served['home_reading_updated_timestamp_seconds{reading="temperature"}'] == START


@pytest.mark.parametrize(
    ("source", "reading"),
    [
        ("temperature.temperature", "temperature"),
        ("thermostat.LocalTemperature", "temperature"),
        ("air.humidity", "humidity"),
        ("metering.demand", "power"),
        ("metering.summationdelivered", "energy"),
        ("metering.summationreceived", "energy"),
        ("diagnostic.networklinkstrength", "link"),
    ],
)
def test_a_reading_tells_when_it_was_taken(source: str, reading: str) -> None:
    served = homely({source: state(20, START - 61.5)}).served()
    series = f'home_reading_updated_timestamp_seconds{{reading="{reading}"}}'
    assert served[series] == START - 61.5


def test_readings_whose_age_says_nothing_have_no_time_of_their_own() -> None:
    served = homely({"battery.voltage": state(3), "alarm.flood": state(value=False)}).served()
    assert not any(series.startswith("home_reading_updated") for series in served)


def test_a_rejected_value_has_no_time() -> None:
    served = homely_value("temperature.temperature", 655.35).served()
    assert not any(series.startswith("home_reading_updated") for series in served)


@pytest.mark.parametrize("ahead", [0.0, 299.0, 300.0])
def test_a_time_a_little_ahead_is_believed(ahead: float) -> None:
    bench = homely({"temperature.temperature": state(20, START + ahead)})
    assert bench.served()["home_device_updated_timestamp_seconds"] == START + ahead
    assert not bench.rejected


@pytest.mark.parametrize("ahead", [300.001, 86_400.0, 3e9])
def test_a_time_in_the_future_is_replaced_by_the_arrival_and_counted(ahead: float) -> None:
    bench = homely({"temperature.temperature": state(20, START + ahead)})
    served = bench.served()
    assert served["home_temperature_celsius"] == 20.0
    assert served["home_device_updated_timestamp_seconds"] == START
    assert served['home_reading_updated_timestamp_seconds{reading="temperature"}'] == START
    assert bench.rejected == {"future_time": 1}


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        (iso(START - 60), START - 60),
        ("2025-10-09T08:53:20Z", START),
        ("2025-10-09T08:53:20", START),
        ("2025-10-09 08:53:20.5+00:00", START + 0.5),
        ("2025-10-09T10:53:20+02:00", START),
        (" 2025-10-09T08:53:20Z ", START),
    ],
)
def test_a_time_is_read_in_any_iso_form_and_as_utc_without_a_zone(raw: str, moment: float) -> None:
    bench = homely({"temperature.temperature": {"value": 20, "lastUpdated": raw}})
    assert bench.served()["home_device_updated_timestamp_seconds"] == moment


@pytest.mark.parametrize(
    "raw", ["", "yesterday", "2025-13-40T00:00:00Z", 1_760_000_000, True, [], {}, "9" * 40]
)
def test_a_time_that_cannot_be_read_is_counted_and_leaves_the_value_undated(raw: object) -> None:
    bench = homely({"temperature.temperature": {"value": 20, "lastUpdated": raw}})
    assert bench.served()["home_temperature_celsius"] == 20.0
    assert "home_device_updated_timestamp_seconds" not in bench.served()
    assert bench.rejected == {"time": 1}


# --- the alarm


@pytest.mark.parametrize("name", sorted(DOCUMENTED_ALARM_STATES))
def test_each_alarm_state_is_the_only_one_that_is_1(name: str) -> None:
    bench = HomelyBench()
    bench.poll(alarmState=name)
    states = {s: v for s, v in bench.location().items() if s.startswith("home_alarm_state{")}
    assert states == {
        f'home_alarm_state{{home_alarm_state="{known}"}}': float(known == name)
        for known in DOCUMENTED_ALARM_STATES
    }
    assert len(bench.findings.alarm_states) == 0


def test_changes_to_each_documented_alarm_state_are_preset_to_0() -> None:
    served = homely({}).location()
    for known in DOCUMENTED_ALARM_STATES:
        assert served[f'home_alarm_state_changes_total{{state="{known}"}}'] == 0.0


def test_a_new_alarm_state_is_accepted() -> None:
    bench = HomelyBench()
    bench.poll(alarmState=" ARMED_PETS ")
    served = bench.location()
    assert served['home_alarm_state{home_alarm_state="ARMED_PETS"}'] == 1.0
    assert served['home_alarm_state{home_alarm_state="DISARMED"}'] == 0.0
    assert served['home_alarm_state_changes_total{state="ARMED_PETS"}'] == 0.0


def test_the_51st_new_alarm_state_is_other() -> None:
    bench = HomelyBench()
    for number in range(52):
        bench.poll(alarmState=f"NEW_{number}")
    served = bench.location()
    states = [series for series in served if series.startswith("home_alarm_state{")]
    assert len(states) == len(DOCUMENTED_ALARM_STATES) + 51
    assert served['home_alarm_state{home_alarm_state="other"}'] == 1.0
    bench.poll(alarmState="DISARMED")
    assert bench.location()['home_alarm_state{home_alarm_state="DISARMED"}'] == 1.0


@pytest.mark.parametrize("junk", [4, True, [], {}, "", "  "])
def test_an_alarm_state_that_is_no_text_is_rejected_and_the_last_one_stays(junk: object) -> None:
    bench = HomelyBench()
    bench.poll(alarmState="ARMED_AWAY")
    bench.poll(alarmState=junk)
    assert bench.rejected == {"type": 1}
    assert bench.location()['home_alarm_state{home_alarm_state="ARMED_AWAY"}'] == 1.0


def test_a_home_that_never_told_its_alarm_state_has_none() -> None:
    bench = HomelyBench()
    bench.poll(alarmState=None)
    assert not any(s.startswith("home_alarm_state{") for s in bench.location())
    assert not bench.rejected
