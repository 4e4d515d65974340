"""The owner's thresholds: optional, in a unit that two documents disagree about."""

from typing import Any

import pytest

from exporter.sources.findings import Findings
from exporter.sources.values import Reader
from exporter.sources.wally.config import ThresholdUnit
from exporter.sources.wally.mapping import map_sensors
from tests.mapping.looks import readings, wally
from tests.mapping.payloads import sensor
from tests.store.bench import Served, WallyBench
from tests.support.manual_clock import START

C, F = ThresholdUnit.CELSIUS, ThresholdUnit.FAHRENHEIT


def bounds(thresholds: Any, unit: ThresholdUnit = C) -> tuple[Served, WallyBench]:
    bench = wally({}, unit, thresholds=thresholds)
    return readings(bench.served()), bench


def temperature(bound: str) -> str:
    return f'home_temperature_threshold_celsius{{bound="{bound}"}}'


def humidity(bound: str) -> str:
    return f'home_humidity_threshold_ratio{{bound="{bound}"}}'


def test_bounds_in_celsius_are_served_as_they_are() -> None:
    served, bench = bounds({"TEMP": {"name": "TEMP", "min": 10, "max": 38}})
    assert served == {temperature("min"): 10.0, temperature("max"): 38.0}
    assert not bench.rejected


def test_bounds_in_fahrenheit_are_converted() -> None:
    served, bench = bounds({"TEMP": {"min": 50, "max": 100.4}}, F)
    assert served == {temperature("min"): 10.0, temperature("max"): pytest.approx(38.0)}
    assert not bench.rejected


def test_humidity_bounds_are_ratios_whatever_the_unit_of_temperature() -> None:
    for unit in ThresholdUnit:
        served, _ = bounds({"RH": {"name": "RH", "min": 30, "max": 70.5}}, unit)
        assert served == {humidity("min"): 0.3, humidity("max"): 0.705}


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"min": 7.5}, {"min": 7.5}),
        ({"max": 30}, {"max": 30.0}),
        ({"min": None, "max": 30}, {"max": 30.0}),
        ({"name": "TEMP"}, {}),
        ({}, {}),
        ({"min": 20, "max": 20}, {"min": 20.0, "max": 20.0}),
        ({"min": -40, "max": 60}, {"min": -40.0, "max": 60.0}),
        ({"min": 35, "max": 35.5}, {"min": 35.0, "max": 35.5}),
    ],
)
def test_each_bound_is_optional(limits: dict[str, Any], expected: dict[str, float]) -> None:
    served, bench = bounds({"TEMP": limits})
    assert served == {temperature(bound): value for bound, value in expected.items()}
    assert not bench.rejected


@pytest.mark.parametrize(
    ("unit", "limits"),
    [
        (C, {"min": 50, "max": 100}),
        (C, {"min": 36}),
        (C, {"min": 35.01, "max": 50}),
        (C, {"max": 60.5}),
        (C, {"min": 10, "max": 61}),
        (C, {"min": -40.5}),
        (C, {"min": -41, "max": 20}),
        (C, {"max": -41}),
        (C, {"min": 25, "max": 20}),
        (F, {"min": 96, "max": 100}),
        (F, {"min": 10, "max": 5}),
        (F, {"max": 141}),
        (F, {"min": -41}),
    ],
)
def test_bounds_that_cannot_be_right_are_both_withheld_and_counted_once(
    unit: ThresholdUnit, limits: dict[str, Any]
) -> None:
    served, bench = bounds({"TEMP": limits, "RH": {"min": 30}}, unit)
    assert served == {humidity("min"): 0.3}
    assert bench.rejected == {"threshold_unit": 1}


def test_bounds_that_cannot_be_right_are_told_once_by_the_name_of_the_setting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = WallyBench()
    limits = {"TEMP": {"min": 50, "max": 100}}
    for _ in range(3):
        bench.poll(sensor({}, thresholds=limits), sensor({}, snid="sn-2", thresholds=limits))
    said = [record for record in caplog.records if "threshold_unit" in record.getMessage()]
    assert [record.levelname for record in said] == ["WARNING"]


def test_each_account_is_told_of_its_own_setting_by_its_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    findings = Findings()
    sensors = [sensor({}, thresholds={"TEMP": {"min": 50, "max": 100}})]
    for account in ("flat", "cabin", "flat"):
        map_sensors(sensors, Reader(START, findings, account), C)
    assert [vars(record)["fields"] for record in caplog.records] == [
        {"account": "flat"},
        {"account": "cabin"},
    ]


def test_bounds_that_can_be_right_are_not_talked_about(caplog: pytest.LogCaptureFixture) -> None:
    bounds({"TEMP": {"min": 10, "max": 38}, "RH": {"min": 400}})
    assert caplog.records == []


@pytest.mark.parametrize(
    ("junk", "reason"),
    [("10", "type"), (True, "type"), ([], "type"), (float("nan"), "not_finite")],
)
def test_a_bound_that_is_no_number_is_rejected_alone(junk: object, reason: str) -> None:
    served, bench = bounds({"TEMP": {"min": junk, "max": 30}, "RH": {"min": 30, "max": junk}})
    assert served == {temperature("max"): 30.0, humidity("min"): 0.3}
    assert bench.rejected == {reason: 2}


@pytest.mark.parametrize("value", [-1, 101, 1e9])
def test_a_humidity_bound_outside_its_range_is_rejected(value: float) -> None:
    served, bench = bounds({"RH": {"min": value, "max": 70}})
    assert served == {humidity("max"): 0.7}
    assert bench.rejected == {"range": 1}


@pytest.mark.parametrize("junk", [None, 5, "x", [], {"TEMP": None}, {"TEMP": [10, 38]}, {"RH": 3}])
def test_junk_for_thresholds_gives_none(junk: object) -> None:
    assert bounds(junk)[0] == {}
