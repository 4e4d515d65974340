"""Every state that Homely documents or a home was seen to send: its metric, or the lack of one."""

import pytest

from tests.mapping.looks import homely, homely_value, readings
from tests.mapping.payloads import PERSONAL, device, state

MAPPED: list[tuple[str, object, str, float]] = [
    ("temperature.temperature", 20.3, "home_temperature_celsius", 20.3),
    ("temperature.temperature", 17, "home_temperature_celsius", 17.0),
    ("temperature.temperature", -24.5, "home_temperature_celsius", -24.5),
    ("thermostat.LocalTemperature", 2380, "home_temperature_celsius", 23.8),
    ("thermostat.LocalTemperature", -150, "home_temperature_celsius", -1.5),
    ("thermostat.mf409", 2450, "home_floor_temperature_celsius", 24.5),
    ("thermostat.mf409", 0, "home_floor_temperature_celsius", 0.0),
    ("thermostat.mf409", 65_036, "home_floor_temperature_celsius", -5.0),
    ("thermostat.mf409", -500, "home_floor_temperature_celsius", -5.0),
    ("air.humidity", 41.5, "home_humidity_ratio", 0.415),
    ("humidity.humidity", 100, "home_humidity_ratio", 1.0),
    ("metering.demand", 105, "home_power_watts", 105.0),
    ("metering.demand", -2300, "home_power_watts", -2300.0),
    ("metering.demand", 0, "home_power_watts", 0.0),
    (
        "metering.summationdelivered",
        769_670,
        "home_energy_imported_joules_total",
        2_770_812_000.0,
    ),
    ("metering.summationreceived", 3, "home_energy_exported_joules_total", 10_800.0),
    ("battery.voltage", 2.9, "home_battery_volts", 2.9),
    ("battery.voltage", 3, "home_battery_volts", 3.0),
    ("battery.low", True, "home_battery_low", 1.0),
    ("battery.low", False, "home_battery_low", 0.0),
    ("battery.defect", True, "home_battery_defect", 1.0),
    ("report.lowbat", True, "home_battery_low", 1.0),
    ("diagnostic.networklinkstrength", 87, "home_link_strength_ratio", 0.87),
    ("diagnostic.networklinkstrength", 0, "home_link_strength_ratio", 0.0),
    ("alarm.flood", True, "home_leak_detected", 1.0),
    ("alarm.flood", False, "home_leak_detected", 0.0),
    ("alarm.fire", True, "home_fire_detected", 1.0),
    ("alarm.tamper", True, "home_tamper_detected", 1.0),
    ("lock.state", True, "home_lock_locked", 1.0),
    ("lock.state", False, "home_lock_locked", 0.0),
    ("report.locked", True, "home_lock_locked", 1.0),
    ("report.Broken", True, "home_lock_jammed", 1.0),
    ("report.doorclosed", True, "home_contact_open", 0.0),
    ("report.doorclosed", False, "home_contact_open", 1.0),
    (
        "thermostat.OccupiedHeatingSetpoint",
        2250,
        'home_thermostat_setpoint_celsius{mode="heating"}',
        22.5,
    ),
    (
        "thermostat.OccupiedCoolingSetpoint",
        2600,
        'home_thermostat_setpoint_celsius{mode="cooling"}',
        26.0,
    ),
    (
        "thermostat.AbsMinHeatSetpointLimit",
        5,
        'home_thermostat_limit_celsius{bound="min"}',
        5.0,
    ),
    (
        "thermostat.AbsMaxHeatSetpointLimit",
        50,
        'home_thermostat_limit_celsius{bound="max"}',
        50.0,
    ),
    ("thermostat.mf414", 28, 'home_thermostat_limit_celsius{bound="floor_max"}', 28.0),
    ("thermostat.mf415", True, "home_thermostat_heating", 1.0),
    ("thermostat.mf408", 640, "home_thermostat_power_watts", 640.0),
]

CONFIGURATION: list[tuple[str, object, float]] = [
    ("alarm.sensitivitylevel", 2, 2.0),
    ("metering.check", False, 0.0),
    ("setup.appledenable", True, 1.0),
    ("setup.errledenable", False, 0.0),
    ("lock.autorelocktime", 30, 30.0),
    ("lock.soundvolume", 2, 2.0),
    ("thermostat.ControlSequenceOfOperation", 2, 2.0),
    ("thermostat.SystemMode", 1, 1.0),
    ("thermostat.mf401", 2000, 2000.0),
    ("thermostat.mf404", 15, 15.0),
    ("thermostat.mf405", False, 0.0),
    ("thermostat.mf406", True, 1.0),
    ("thermostat.mf411", False, 0.0),
    ("thermostat.mf412", True, 1.0),
    ("thermostat.mf413", True, 1.0),
    ("thermostat.mf417", 0, 0.0),
    ("thermostat.mf418", 10, 10.0),
    ("thermostat.mf419", 0, 0.0),
]

LEFT_OUT: list[tuple[str, object]] = [
    ("report.event", "locked_by_keypad"),
    ("report.errorcode", "none"),
    ("report.lockmodel", "V2N"),
    ("report.added", f"PIN of {PERSONAL}"),
    ("lock.language", "no"),
    ("thermostat.mf402", None),
    ("thermostat.mf402", 12),
    ("thermostat.mf403", "00"),
    ("thermostat.mf407", None),
    ("thermostat.mf407", 7),
    ("thermostat.mf416", "01010601000A52"),
]

BOOLEANS = sorted({source for source, value, _, _ in MAPPED if isinstance(value, bool)})
NUMBERS = sorted({source for source, value, _, _ in MAPPED if not isinstance(value, bool)})


@pytest.mark.parametrize(("source", "value", "series", "expected"), MAPPED)
def test_a_state_becomes_exactly_its_metric(
    source: str, value: object, series: str, expected: float
) -> None:
    bench = homely_value(source, value, modelName="Some Device")
    assert readings(bench.served()) == {series: pytest.approx(expected)}
    assert not bench.rejected
    assert list(bench.findings.unmapped) == []


@pytest.mark.parametrize(("source", "value", "expected"), CONFIGURATION)
def test_a_configuration_state_is_served_as_it_is_and_is_not_unmapped(
    source: str, value: object, expected: float
) -> None:
    feature, name = source.split(".")
    bench = homely_value(source, value)
    series = f'home_device_state{{feature="{feature}",state="{name}"}}'
    assert readings(bench.served()) == {series: expected}
    assert not bench.rejected
    assert list(bench.findings.unmapped) == []


@pytest.mark.parametrize(("source", "value"), LEFT_OUT)
def test_a_state_that_is_left_out_leaves_nothing_behind(source: str, value: object) -> None:
    bench = homely_value(source, value)
    assert readings(bench.served()) == {}
    assert not bench.rejected
    assert list(bench.findings.unmapped) == []


def test_the_radio_parent_is_a_label() -> None:
    bench = homely_value("diagnostic.networklinkaddress", "0015BC00AA00BB01")
    assert readings(bench.served()) == {'home_device_link_info{parent="0015BC00AA00BB01"}': 1.0}


@pytest.mark.parametrize("parent", [None, "", "  ", 12, {}, True])
def test_a_parent_that_is_no_text_gives_no_link_info(parent: object) -> None:
    bench = homely_value("diagnostic.networklinkaddress", parent)
    assert readings(bench.served()) == {}


def test_a_state_without_a_parent_gives_no_link_info() -> None:
    assert readings(homely({"diagnostic.networklinkaddress": {}}).served()) == {}


@pytest.mark.parametrize(
    ("model", "series"),
    [
        ("Alarm Motion Sensor 2", "home_motion_detected"),
        ("Motion Sensor Mini", "home_motion_detected"),
        ("Motion Sensor 2 Alarm", "home_motion_detected"),
        ("Alarm Entry Sensor 2", "home_contact_open"),
        ("Window Sensor", "home_contact_open"),
        ("Window Alarm Sensor", "home_contact_open"),
        ("Door Sensor", "home_contact_open"),
        ("alarm entry sensor 9", "home_contact_open"),
        ("MOTION", "home_motion_detected"),
        ("Smoke Alarm", "home_alarm_triggered"),
        ("Intelligent Smoke Alarm", "home_alarm_triggered"),
        ("Intelligent Heat Alarm", "home_alarm_triggered"),
        ("Heat Alarm", "home_alarm_triggered"),
        ("Flood Alarm", "home_alarm_triggered"),
        ("EMI Norwegian HAN", "home_alarm_triggered"),
        ("ELKO Super TR", "home_alarm_triggered"),
        ("Yale Doorman V2N", "home_alarm_triggered"),
        ("Siren", "home_alarm_triggered"),
        ("", "home_alarm_triggered"),
        (None, "home_alarm_triggered"),
        (17, "home_alarm_triggered"),
    ],
)
@pytest.mark.parametrize("value", [True, False])
def test_what_an_alarm_means_depends_on_the_model(
    model: object, series: str, *, value: bool
) -> None:
    bench = homely_value("alarm.alarm", value, modelName=model)
    assert readings(bench.served()) == {series: float(value)}
    assert list(bench.findings.unmapped) == []


@pytest.mark.parametrize(
    ("first", "second", "series", "expected"),
    [
        (("lock.state", True), ("report.locked", False), "home_lock_locked", 1.0),
        (("lock.state", False), ("report.locked", True), "home_lock_locked", 0.0),
        (("battery.low", False), ("report.lowbat", True), "home_battery_low", 0.0),
        (("battery.low", True), ("report.lowbat", False), "home_battery_low", 1.0),
        (
            ("temperature.temperature", 20.5),
            ("thermostat.LocalTemperature", 2380),
            "home_temperature_celsius",
            20.5,
        ),
    ],
)
class TestOfTwoStatesOfOneMetric:
    def test_the_first_wins_whichever_is_sent_first(
        self, first: tuple[str, object], second: tuple[str, object], series: str, expected: float
    ) -> None:
        for order in ([first, second], [second, first]):
            bench = homely({source: state(value) for source, value in order})
            assert readings(bench.served()) == {series: expected}

    @pytest.mark.parametrize(
        "gone", [state(None, None), {}, state("junk"), None], ids=["null", "empty", "junk", "none"]
    )
    def test_the_second_stands_in_while_the_first_has_no_value(
        self,
        first: tuple[str, object],
        second: tuple[str, object],
        series: str,
        expected: float,
        gone: object,
    ) -> None:
        alone = readings(homely_value(*second).served())
        assert alone[series] != expected
        bench = homely({first[0]: gone, second[0]: state(second[1])})
        assert readings(bench.served()) == alone


def test_a_lock_with_an_alarm_state_is_not_taken_for_a_door() -> None:
    states = {"alarm.alarm": state(value=True), "report.doorclosed": state(value=True)}
    served = readings(homely(states, modelName="Yale Doorman V2N").served())
    assert served == {"home_alarm_triggered": 1.0, "home_contact_open": 0.0}


@pytest.mark.parametrize("raw", [state(None, None), state(None), {}, {"lastUpdated": None}, None])
@pytest.mark.parametrize("source", [*NUMBERS, *BOOLEANS, "setup.appledenable", "sauna.heat"])
def test_a_state_without_a_value_is_absent_and_not_rejected(source: str, raw: object) -> None:
    bench = homely({source: raw})
    assert readings(bench.served()) == {}
    assert not bench.rejected


@pytest.mark.parametrize("raw", [True, 5, "21.5", [21.5], 2.5])
def test_a_state_that_is_no_object_is_rejected(raw: object) -> None:
    bench = homely({"temperature.temperature": raw})
    assert readings(bench.served()) == {}
    assert bench.rejected == {"type": 1}


@pytest.mark.parametrize("junk", [True, False, "21.5", "", [], [21.5], {"value": 21.5}])
@pytest.mark.parametrize("source", NUMBERS)
def test_what_is_no_number_is_rejected_where_a_number_is_due(source: str, junk: object) -> None:
    bench = homely_value(source, junk)
    assert readings(bench.served()) == {}
    assert bench.rejected == {"type": 1}


@pytest.mark.parametrize("junk", [0, 1, 1.0, "true", "", [], {"value": True}])
@pytest.mark.parametrize("source", [*BOOLEANS, "alarm.alarm"])
def test_what_is_no_bool_is_rejected_where_a_bool_is_due(source: str, junk: object) -> None:
    bench = homely_value(source, junk)
    assert readings(bench.served()) == {}
    assert bench.rejected == {"type": 1}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("source", [*NUMBERS, "sauna.heat", "thermostat.mf418"])
def test_a_number_that_is_not_finite_is_rejected(source: str, value: float) -> None:
    bench = homely_value(source, value)
    assert readings(bench.served()) == {}
    assert bench.rejected == {"not_finite": 1}


def test_energy_that_overflows_is_rejected() -> None:
    bench = homely_value("metering.summationdelivered", 1.7e308)
    assert readings(bench.served()) == {}
    assert bench.rejected == {"not_finite": 1}


OUT_OF_RANGE: list[tuple[str, object]] = [
    ("temperature.temperature", -327.68),
    ("temperature.temperature", 655.35),
    ("temperature.temperature", -60.1),
    ("temperature.temperature", 100.1),
    ("thermostat.LocalTemperature", -32_768),
    ("thermostat.LocalTemperature", 65_535),
    ("thermostat.LocalTemperature", 55_546),
    ("thermostat.mf409", 0x8000),
    ("thermostat.mf409", -32_768),
    ("thermostat.mf409", 0x7FFF),
    ("thermostat.mf409", 10_001),
    ("thermostat.mf409", -4001),
    ("thermostat.mf409", 65_536),
    ("thermostat.OccupiedHeatingSetpoint", 32_767),
    ("thermostat.AbsMaxHeatSetpointLimit", 3000),
    ("thermostat.mf414", 255),
    ("air.humidity", 100.1),
    ("air.humidity", -0.1),
    ("diagnostic.networklinkstrength", 101),
    ("diagnostic.networklinkstrength", -1),
    ("battery.voltage", -0.1),
    ("battery.voltage", 25.5),
    ("metering.demand", -8_388_608),
    ("metering.demand", 100_001),
    ("metering.demand", -100_001),
    ("thermostat.mf408", 8_388_607),
    ("metering.summationdelivered", -1),
    ("metering.summationreceived", -769_670),
]


@pytest.mark.parametrize(("source", "value"), OUT_OF_RANGE)
def test_a_value_outside_the_physical_range_is_rejected(source: str, value: object) -> None:
    bench = homely_value(source, value)
    assert readings(bench.served()) == {}
    assert bench.rejected == {"range": 1}


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("temperature.temperature", -60, -60.0),
        ("temperature.temperature", 100, 100.0),
        ("thermostat.mf409", -4000, -40.0),
        ("thermostat.mf409", 61_536, -40.0),
        ("thermostat.mf409", 10_000, 100.0),
        ("thermostat.mf409", 65_535, -0.01),
        ("battery.voltage", 0, 0.0),
        ("battery.voltage", 20, 20.0),
        ("metering.demand", 100_000, 100_000.0),
        ("metering.demand", -100_000, -100_000.0),
        ("diagnostic.networklinkstrength", 100, 1.0),
    ],
)
def test_the_ends_of_the_physical_range_belong_to_it(
    source: str, value: object, expected: float
) -> None:
    bench = homely_value(source, value)
    assert list(readings(bench.served()).values()) == [pytest.approx(expected)]
    assert not bench.rejected


@pytest.mark.parametrize("value", [55_546, -9990])
def test_a_thermostat_without_a_floor_sensor_has_no_floor_temperature(value: int) -> None:
    bench = homely_value("thermostat.mf409", value)
    assert readings(bench.served()) == {}
    assert not bench.rejected


def test_one_bad_value_costs_only_itself() -> None:
    bench = homely(
        {
            "temperature.temperature": state(655.35),
            "battery.low": state("yes"),
            "battery.voltage": state(2.9),
            "alarm.tamper": state(value=False),
        }
    )
    assert readings(bench.served()) == {"home_battery_volts": 2.9, "home_tamper_detected": 0.0}
    assert bench.rejected == {"range": 1, "type": 1}


@pytest.mark.parametrize(
    ("value", "expected"), [(3, 3.0), (2.5, 2.5), (-7, -7.0), (True, 1.0), (False, 0.0)]
)
def test_an_unknown_number_or_bool_is_served_as_a_device_state(
    value: object, expected: float
) -> None:
    bench = homely_value("sauna.heat", value)
    series = 'home_device_state{feature="sauna",state="heat"}'
    assert readings(bench.served()) == {series: expected}
    assert list(bench.findings.unmapped) == ["sauna.heat"]
    assert not bench.rejected


@pytest.mark.parametrize("value", ["evening", None, [], {"a": 1}])
def test_an_unknown_state_that_is_no_number_is_only_counted(value: object) -> None:
    bench = homely_value("sauna.programme", value)
    assert readings(bench.served()) == {}
    assert list(bench.findings.unmapped) == ["sauna.programme"]


def test_unknown_states_are_known_by_feature_and_state() -> None:
    bench = homely(
        {"sauna.heat": state(1), "oven.heat": state(2), "sauna.steam": state(value=True)}
    )
    bench.poll(device({"sauna.heat": state(4)}))
    assert sorted(bench.findings.unmapped) == ["oven.heat", "sauna.heat", "sauna.steam"]


def test_the_51st_unknown_state_and_those_after_it_are_other() -> None:
    bench = homely({f"sauna.s{number:02}": state(number) for number in range(53)})
    served = readings(bench.served())
    own = {f'home_device_state{{feature="sauna",state="s{n:02}"}}': float(n) for n in range(50)}
    other = 'home_device_state{feature="other",state="other"}'
    assert served.pop(other) in (50.0, 51.0, 52.0)
    assert served == own
    assert len(bench.findings.unmapped) == 50


def test_a_known_state_is_served_after_the_vocabulary_is_full() -> None:
    bench = homely({f"sauna.s{number:02}": state(number) for number in range(60)})
    bench.poll(device({"setup.appledenable": state(value=True), "sauna.s03": state(3)}))
    assert readings(bench.served()) == {
        'home_device_state{feature="setup",state="appledenable"}': 1.0,
        'home_device_state{feature="sauna",state="s03"}': 3.0,
    }


def test_a_device_can_have_the_events_of_its_states() -> None:
    bench = homely(
        {
            "alarm.alarm": state(value=True),
            "alarm.tamper": state(None, None),
            "alarm.fire": state(value=True),
            "alarm.flood": {},
            "lock.state": state(value=True),
        }
    )
    events = {s: v for s, v in bench.served().items() if s.startswith("home_events_total")}
    assert events == {
        f'home_events_total{{event="{event}"}}': 0.0
        for event in ("open", "tamper", "fire", "leak", "lock", "unlock")
    }


def test_a_motion_sensor_counts_motion() -> None:
    served = homely_value("alarm.alarm", value=True, modelName="Motion Sensor Mini").served()
    assert served['home_events_total{event="motion"}'] == 0.0
    assert 'home_events_total{event="open"}' not in served
