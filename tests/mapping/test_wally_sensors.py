"""Every field of a WallyHome sensor: its metric, or the lack of one."""

from typing import Any

import pytest

from exporter.errors import CloudError, Outcome
from exporter.model import Device
from exporter.simulator.stamps import iso
from exporter.sources.findings import Findings
from exporter.sources.values import Reader
from exporter.sources.wally.config import ThresholdUnit
from exporter.sources.wally.mapping import map_sensors
from tests.mapping.full import full_sensors
from tests.mapping.looks import readings, wally
from tests.mapping.payloads import PERSONAL, SENSOR, Json, activity, sensor, trait
from tests.store.bench import WallyBench
from tests.support.manual_clock import START

UNUSABLE: list[Any] = [None, True, 0, 1.5, "", "<html>", {}, {"error": "no"}, {"sensors": []}]


def polled(*sensors: Any) -> WallyBench:
    bench = WallyBench()
    bench.poll(*sensors)
    return bench


def info_of(bench: WallyBench) -> dict[str, str]:
    (labels,) = (labels for name, labels, _ in bench.samples() if name == "home_device_info")
    return labels


# --- traits


@pytest.mark.parametrize(
    ("key", "value", "series", "expected"),
    [
        ("TEMP", 21, "home_temperature_celsius", 21.0),
        ("TEMP", -12.25, "home_temperature_celsius", -12.25),
        ("RH", 56, "home_humidity_ratio", 0.56),
        ("RH", 33.5, "home_humidity_ratio", 0.335),
        ("RH", 0, "home_humidity_ratio", 0.0),
        ("LEAK", 0, "home_leak_detected", 0.0),
        ("LEAK", 14, "home_leak_detected", 0.0),
        ("LEAK", 14.5, "home_leak_detected", 0.0),
        ("LEAK", 15, "home_leak_detected", 1.0),
        ("LEAK", 15.0, "home_leak_detected", 1.0),
        ("CONTACT", 1, 'home_device_state{feature="state",state="CONTACT"}', 1.0),
        ("CONTACT", True, 'home_device_state{feature="state",state="CONTACT"}', 1.0),
    ],
)
def test_a_trait_becomes_exactly_its_metric(
    key: str, value: object, series: str, expected: float
) -> None:
    bench = wally({key: trait(value)})
    assert readings(bench.served()) == {series: pytest.approx(expected)}
    assert not bench.rejected
    assert list(bench.findings.unmapped) == []


@pytest.mark.parametrize("key", ["LEAK", "COND"])
@pytest.mark.parametrize("value", [-1, 16, -0.5, 15.5, 1000])
def test_a_level_outside_0_to_15_is_rejected_and_never_dry_or_closed(
    key: str, value: float
) -> None:
    bench = wally({key: trait(value), "SENSOR": trait(int(key == "COND"))})
    assert readings(bench.served()) == {}
    assert bench.rejected == {"range": 1}


@pytest.mark.parametrize("kind", [trait(0), trait(None), trait("1"), trait([1]), {}, None])
def test_leak_is_served_where_the_sensor_is_not_a_contact(kind: object) -> None:
    bench = wally({"LEAK": trait(15), "COND": trait(15), "SENSOR": kind})
    assert readings(bench.served()) == {"home_leak_detected": 1.0}


def test_leak_is_served_where_the_kind_of_sensor_is_not_told() -> None:
    bench = wally({"LEAK": trait(15), "COND": trait(15)})
    assert readings(bench.served()) == {"home_leak_detected": 1.0}


@pytest.mark.parametrize(("level", "expected"), [(0, 0.0), (14, 0.0), (15, 1.0)])
def test_a_contact_sensor_has_a_contact_and_no_leak(level: int, expected: float) -> None:
    bench = wally({"LEAK": trait(15), "COND": trait(level), "SENSOR": trait(1)})
    assert readings(bench.served()) == {"home_contact_open": expected}
    assert 'home_events_total{event="open"}' in bench.served()
    assert 'home_events_total{event="leak"}' not in bench.served()


@pytest.mark.parametrize(("kind", "word"), [(0, "water"), (1, "contact"), (2, ""), (None, "")])
def test_the_kind_of_sensor_is_a_label(kind: object, word: str) -> None:
    assert info_of(wally({"SENSOR": trait(kind)}))["sensor_kind"] == word


@pytest.mark.parametrize("junk", [True, "1", [1], {"a": 1}, float("nan")])
def test_junk_for_the_kind_of_sensor_is_no_kind(junk: object) -> None:
    assert info_of(wally({"SENSOR": trait(junk)}))["sensor_kind"] == ""


@pytest.mark.parametrize("raw", [trait(None), trait(None, None), {}, None, {"at": iso(START)}])
@pytest.mark.parametrize("key", ["TEMP", "RH", "LEAK", "CONTACT"])
def test_a_trait_without_a_value_is_absent_and_not_rejected(key: str, raw: object) -> None:
    bench = wally({key: raw})
    assert readings(bench.served()) == {}
    assert not bench.rejected


@pytest.mark.parametrize("junk", [True, "21", "", [], [21], {"value": 21}])
@pytest.mark.parametrize("key", ["TEMP", "RH", "LEAK"])
def test_what_is_no_number_is_rejected_where_a_number_is_due(key: str, junk: object) -> None:
    bench = wally({key: trait(junk)})
    assert readings(bench.served()) == {}
    assert bench.rejected == {"type": 1}


@pytest.mark.parametrize("raw", [21, "21", [21], True])
@pytest.mark.parametrize("key", ["TEMP", "RH", "LEAK"])
def test_a_trait_that_is_no_object_is_rejected(key: str, raw: object) -> None:
    bench = wally({key: raw})
    assert readings(bench.served()) == {}
    assert bench.rejected == {"type": 1}


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("TEMP", float("nan"), "not_finite"),
        ("TEMP", float("inf"), "not_finite"),
        ("LEAK", float("nan"), "not_finite"),
        ("LEAK", float("-inf"), "not_finite"),
        ("CONTACT", float("inf"), "not_finite"),
        ("TEMP", -327.68, "range"),
        ("TEMP", 655.35, "range"),
        ("TEMP", 100.5, "range"),
        ("RH", 101, "range"),
        ("RH", -1, "range"),
        ("RH", 255, "range"),
    ],
)
def test_a_number_that_cannot_be_is_rejected(key: str, value: float, reason: str) -> None:
    bench = wally({key: trait(value)})
    assert readings(bench.served()) == {}
    assert bench.rejected == {reason: 1}


def test_one_bad_trait_costs_only_itself() -> None:
    bench = wally({"TEMP": trait("hot"), "RH": trait(50), "LEAK": trait(99)})
    assert readings(bench.served()) == {"home_humidity_ratio": 0.5}
    assert bench.rejected == {"type": 1, "range": 1}


@pytest.mark.parametrize(("value", "expected"), [(4, 4.0), (2.5, 2.5), (True, 1.0), (False, 0.0)])
def test_an_unknown_number_or_bool_is_served_as_a_device_state(
    value: object, expected: float
) -> None:
    bench = wally({"CO2": trait(value)}, hardware={"NEW": value})
    assert readings(bench.served()) == {
        'home_device_state{feature="state",state="CO2"}': expected,
        'home_device_state{feature="hardware",state="NEW"}': expected,
    }
    assert list(bench.findings.unmapped) == ["state.CO2", "hardware.NEW"]


@pytest.mark.parametrize("value", ["high", None, [1], {"x": 1}])
def test_an_unknown_key_that_is_no_number_is_only_counted(value: object) -> None:
    bench = wally({"CO2": trait(value)}, hardware={"NEW": value})
    assert readings(bench.served()) == {}
    assert list(bench.findings.unmapped) == ["state.CO2", "hardware.NEW"]


def test_the_51st_unknown_key_and_those_after_it_are_other() -> None:
    bench = wally({f"X{number:02}": trait(number) for number in range(53)})
    served = readings(bench.served())
    own = {f'home_device_state{{feature="state",state="X{n:02}"}}': float(n) for n in range(50)}
    assert served.pop('home_device_state{feature="other",state="other"}') in (50.0, 51.0, 52.0)
    assert served == own


# --- hardware and signal


def test_hardware_has_a_battery_a_firmware_and_device_states() -> None:
    hardware = {
        "HW_REV": 3,
        "HW_TYPE": 2,
        "MAN_WEEK": 14,
        "MAN_YEAR": 2016,
        "MAN_ID": 1,
        "TX_CNT": 10_021,
        "BATT_LVL": 83,
        "FW_REV": 27,
    }
    bench = wally({}, hardware=hardware)
    assert readings(bench.served()) == {
        "home_battery_level": 83.0,
        'home_device_state{feature="hardware",state="HW_REV"}': 3.0,
        'home_device_state{feature="hardware",state="HW_TYPE"}': 2.0,
        'home_device_state{feature="hardware",state="TX_CNT"}': 10_021.0,
    }
    assert info_of(bench)["firmware"] == "27"
    assert list(bench.findings.unmapped) == []


@pytest.mark.parametrize(("level", "reason"), [(True, "type"), ("83", "type"), ([], "type")])
def test_a_battery_level_that_is_no_number_is_rejected(level: object, reason: str) -> None:
    bench = wally({}, hardware={"BATT_LVL": level})
    assert readings(bench.served()) == {}
    assert bench.rejected == {reason: 1}


@pytest.mark.parametrize("hardware", [None, {}, {"BATT_LVL": None}])
def test_a_sensor_without_hardware_is_still_a_sensor(hardware: object) -> None:
    bench = wally({"TEMP": trait(21)}, hardware=hardware)
    assert readings(bench.served()) == {"home_temperature_celsius": 21.0}
    assert not bench.rejected


@pytest.mark.parametrize("key", ["hardware", "thresholds", "location", "activities"])
@pytest.mark.parametrize("junk", ["x", 3, True])
def test_junk_in_the_place_of_a_part_is_counted_and_harms_no_other(key: str, junk: object) -> None:
    bench = polled(sensor({"TEMP": trait(21)}, **{key: junk}))
    assert readings(bench.served()) == {"home_temperature_celsius": 21.0}
    assert bench.rejected == {"type": 1}


@pytest.mark.parametrize(
    ("firmware", "label"),
    [(27, "27"), (2.5, "2.5"), ("1.2.3", "1.2.3"), (None, ""), (True, ""), ([], "")],
)
def test_the_firmware_is_a_label(firmware: object, label: str) -> None:
    assert info_of(wally({}, hardware={"FW_REV": firmware}))["firmware"] == label


def test_the_recent_signal_is_served_for_every_sensor() -> None:
    bench = wally({}, recentSignalStrength=55.737, signalStrength=0)
    assert readings(bench.served()) == {'home_signal_strength{source="recent"}': 55.737}


def test_the_current_signal_is_served_for_a_water_sensor_alone() -> None:
    fields: Json = {"recentSignalStrength": 55.7, "signalStrength": 62}
    water = wally({}, hardwareType="WaterSensor", **fields)
    assert readings(water.served()) == {
        'home_signal_strength{source="recent"}': 55.7,
        'home_signal_strength{source="current"}': 62.0,
    }
    other = wally({}, hardwareType="NewSensor", **fields)
    assert readings(other.served()) == {'home_signal_strength{source="recent"}': 55.7}


@pytest.mark.parametrize("junk", [True, "55", []])
def test_a_signal_that_is_no_number_is_rejected(junk: object) -> None:
    bench = wally({}, recentSignalStrength=junk)
    assert readings(bench.served()) == {}
    assert bench.rejected == {"type": 1}


def test_a_missing_signal_is_absent() -> None:
    bench = wally({}, recentSignalStrength=None, signalStrength=None, hardwareType="WaterSensor")
    assert readings(bench.served()) == {}
    assert not bench.rejected


# --- flags


@pytest.mark.parametrize(
    ("field", "value", "series", "expected"),
    [
        ("offline", False, "home_device_online", 1.0),
        ("offline", True, "home_device_online", 0.0),
        ("suspended", False, "home_device_suspended", 0.0),
        ("suspended", True, "home_device_suspended", 1.0),
        ("alarmed", False, "home_leak_alarmed", 0.0),
        ("alarmed", True, "home_leak_alarmed", 1.0),
    ],
)
def test_a_flag_becomes_its_metric(
    field: str, *, value: bool, series: str, expected: float
) -> None:
    fields: Json = {field: value}
    assert wally({}, **fields).served()[series] == expected


@pytest.mark.parametrize(
    ("field", "series"),
    [
        ("offline", "home_device_online"),
        ("suspended", "home_device_suspended"),
        ("alarmed", "home_leak_alarmed"),
    ],
)
def test_a_flag_that_is_missing_or_junk_has_no_series(field: str, series: str) -> None:
    fields: Json = {field: None}
    missing = wally({}, **fields)
    assert series not in missing.served()
    assert not missing.rejected
    junk: list[Any] = [0, 1, "false", [], {}]
    for fields[field] in junk:
        bench = wally({}, **fields)
        assert series not in bench.served()
        assert bench.rejected == {"type": 1}


def test_the_leak_and_the_vendors_verdict_on_it_are_told_apart() -> None:
    served = wally({"LEAK": trait(15)}, alarmed=False).served()
    assert (served["home_leak_detected"], served["home_leak_alarmed"]) == (1.0, 0.0)


# --- names


def test_a_sensor_is_described_by_where_it_is() -> None:
    labels = info_of(wally({"SENSOR": trait(0)}, hardware={"FW_REV": 27}))
    assert labels == {
        "vendor": "wally",
        "location_id": "place-1",
        "location": "Cabin Eksempel",
        "room": "Kitchen",
        "device": "Sink",
        "device_id": SENSOR,
        "model": "",
        "serial": "",
        "floor": "Main Floor",
        "hardware_type": "FourInOneSensor",
        "sensor_kind": "water",
        "appliance": "Sink",
        "functional_type": "LEAK",
        "firmware": "27",
    }


@pytest.mark.parametrize("where", [None, [], "x", 4, {}, {"room": None, "appliance": 5}])
def test_a_sensor_without_a_place_has_no_names(where: object) -> None:
    labels = info_of(wally({}, location=where, hardwareType=None))
    named = ("room", "device", "floor", "appliance", "functional_type", "hardware_type")
    assert [labels[name] for name in named] == [""] * 6


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Sink ", "Sink"),
        ("a\x00b", "a\N{REPLACEMENT CHARACTER}b"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
        ("x" * 200, "x" * 128),
        ('"\\\n', '"\\'),
    ],
)
def test_a_name_is_stripped_printable_and_cut(raw: str, clean: str) -> None:
    labels = info_of(wally({}, location={"room": raw, "appliance": raw}))
    assert (labels["room"], labels["device"], labels["appliance"]) == (clean, clean, clean)


@pytest.mark.parametrize("snid", ["90-7a-f1-ff-ff-ff", "90-7a-f1-ff-ff-ff-00-01", "opaque"])
def test_a_serial_number_is_opaque(snid: str) -> None:
    assert polled(sensor({}, snid=snid)).devices() == {snid}


@pytest.mark.parametrize("snid", [None, "", "  ", 7, True, [], {}, "x" * 129, "a\x00b", ".."])
def test_a_sensor_without_a_usable_serial_number_is_rejected_alone(snid: object) -> None:
    bench = polled(sensor({}, snid=snid), sensor({}, snid="sn-2"))
    assert bench.devices() == {"sn-2"}
    assert bench.rejected == {"identity": 1}


@pytest.mark.parametrize("item", [None, 4, "sn-1", [], True])
def test_an_item_that_is_no_object_is_rejected_alone(item: object) -> None:
    bench = polled(item, sensor({}))
    assert bench.devices() == {SENSOR}
    assert bench.rejected == {"identity": 1}


def test_of_two_sensors_with_one_serial_number_the_first_is_held() -> None:
    bench = polled(sensor({"TEMP": trait(21)}), sensor({"TEMP": trait(5)}, snid=f" {SENSOR}"))
    assert bench.served()["home_temperature_celsius"] == 21.0
    assert bench.rejected == {"duplicate": 1}


@pytest.mark.parametrize("payload", UNUSABLE)
def test_an_answer_that_is_no_list_is_unusable(payload: object) -> None:
    with pytest.raises(CloudError) as error:
        map_sensors(payload, Reader(START, Findings()), ThresholdUnit.CELSIUS)
    assert error.value.outcome is Outcome.UNUSABLE


def test_an_empty_answer_is_usable() -> None:
    assert map_sensors([], Reader(START, Findings()), ThresholdUnit.CELSIUS) == ()


def test_fields_that_have_no_metric_leave_nothing_behind() -> None:
    plain = wally({"TEMP": trait(21)}).text()
    extended = wally(
        {"TEMP": trait(21)},
        paired="2016-07-06T17:11:58.001Z",
        gatewayId="00-00-00-00-00-00-00-01",
        contactThresholds={"DISCONN": {"enabled": False}, "CONN": {"enabled": True}},
        hardware={"MAN_WEEK": 14, "MAN_YEAR": 2016, "MAN_ID": 1},
        newField={"a": 1},
    )
    assert extended.text() == plain
    assert list(extended.findings.unmapped) == []


def test_the_full_sensors_have_no_value_that_is_not_believed() -> None:
    bench = polled(*full_sensors())
    assert bench.devices() == {"sn-water", "sn-four", "sn-door"}
    assert not bench.rejected
    assert list(bench.findings.unmapped) == []
    assert PERSONAL not in bench.text()


# --- times


def test_a_sensor_was_updated_when_it_says_so() -> None:
    bench = wally({"TEMP": trait(21, START - 5)}, updated=iso(START - 60))
    assert bench.served()["home_device_updated_timestamp_seconds"] == START - 60


@pytest.mark.parametrize("updated", [None, "junk", 5, ""])
def test_else_a_sensor_was_updated_at_its_newest_trait(updated: object) -> None:
    traits = {"TEMP": trait(21, START - 50), "COND": trait(0, START - 9_000), "RH": trait(3, None)}
    bench = wally(traits, updated=updated)
    assert bench.served()["home_device_updated_timestamp_seconds"] == START - 50


def test_a_sensor_without_any_time_has_no_update() -> None:
    served = wally({"TEMP": trait(21, None)}, updated=None).served()
    assert served["home_temperature_celsius"] == 21.0
    assert "home_device_updated_timestamp_seconds" not in served


@pytest.mark.parametrize(("key", "reading"), [("TEMP", "temperature"), ("RH", "humidity")])
def test_a_reading_tells_when_it_was_taken(key: str, reading: str) -> None:
    series = f'home_reading_updated_timestamp_seconds{{reading="{reading}"}}'
    served = wally({key: trait(20, START - 45.5)}, updated=iso(START - 10)).served()
    assert served[series] == START - 45.5


def test_a_trait_without_a_time_is_as_old_as_its_sensor() -> None:
    served = wally({"TEMP": trait(20, None)}, updated=iso(START - 10)).served()
    series = 'home_reading_updated_timestamp_seconds{reading="temperature"}'
    assert served[series] == START - 10


def test_the_sensors_time_in_the_future_is_replaced_and_counted_once() -> None:
    bench = wally({}, updated=iso(START + 301))
    assert bench.served()["home_device_updated_timestamp_seconds"] == START
    assert bench.rejected == {"future_time": 1}


def test_a_traits_time_in_the_future_is_replaced_by_the_arrival() -> None:
    bench = wally({"TEMP": trait(20, START + 301)}, updated=None)
    served = bench.served()
    assert served["home_device_updated_timestamp_seconds"] == START
    assert served['home_reading_updated_timestamp_seconds{reading="temperature"}'] == START
    assert bench.rejected == {"future_time": 1}


@pytest.mark.parametrize("key", ["TEMP", "LEAK", "COND", "CONTACT", "NEW"])
def test_a_time_that_cannot_be_read_is_counted_once(key: str) -> None:
    assert wally({key: {"value": 1, "at": "soon"}}).rejected == {"time": 1}


# --- activities


def activities_of(raw: Any) -> tuple[list[tuple[str, str]], list[str]]:
    rejected: list[str] = []
    findings = Findings(lambda reason: rejected.append(reason.value))
    found: tuple[Device, ...] = map_sensors(
        [sensor({}, activities=raw)], Reader(START, findings), ThresholdUnit.CELSIUS
    )
    return [(one.kind, one.state.value) for one in found[0].activities], rejected


def test_a_sensor_lists_its_activities() -> None:
    listed = [activity(), activity("mold_risk", "acknowledged"), activity("new_kind", "resolved")]
    assert activities_of(listed) == (
        [("alarm", "open"), ("mold_risk", "acknowledged"), ("new_kind", "resolved")],
        [],
    )


@pytest.mark.parametrize("raw", [None, []])
def test_a_sensor_without_a_list_of_activities_has_none(raw: object) -> None:
    assert activities_of(raw) == ([], [])


@pytest.mark.parametrize(
    "junk",
    [
        None,
        4,
        "alarm",
        [],
        {},
        activity(kind=None),
        activity(kind=7),
        activity(kind=" "),
        activity(progress=None),
        activity(progress="gone"),
        activity(progress=["open"]),
        activity(created=None),
        activity(created=1_760_000_000),
        activity(created=""),
    ],
)
def test_a_malformed_activity_is_rejected_alone(junk: object) -> None:
    assert activities_of([junk, activity("mold_risk")]) == ([("mold_risk", "open")], ["type"])


def test_the_51st_new_kind_of_activity_is_other() -> None:
    found, _ = activities_of([activity(f"new_{number}") for number in range(52)])
    assert [kind for kind, _ in found] == [*(f"new_{n}" for n in range(50)), "other", "other"]


@pytest.mark.parametrize("said", [{"value": None}, None, {}, {"value": "contact"}])
def test_a_contact_that_leaves_its_kind_out_once_is_no_wet_floor(said: object) -> None:
    full = {"LEAK": trait(15), "COND": trait(15)}
    bench = wally({**full, "SENSOR": trait(1)})
    bench.poll(sensor({**full, "SENSOR": said}))
    assert readings(bench.served()) == {"home_contact_open": 1.0}


def test_a_sensor_that_was_made_another_kind_is_that_kind() -> None:
    full = {"LEAK": trait(15), "COND": trait(15)}
    bench = wally({**full, "SENSOR": trait(1)})
    bench.poll(sensor({**full, "SENSOR": trait(0)}))
    assert readings(bench.served()) == {"home_leak_detected": 1.0}


def test_activities_beyond_the_bound_are_counted() -> None:
    listed = [activity(created=f"2025-10-01T00:{n // 60:02}:{n % 60:02}Z") for n in range(103)]
    bench = polled(sensor({}, activities=listed))
    assert bench.rejected == {"bound": 3}
