"""What the dashboards calculate is right: worked out by hand, and by a real promtool."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dashboards.read import Asked, of_annotations, of_panels

_HOUR, _DAY = 60, 24 * 60
_PLACE = {"vendor": "homely", "location_id": "h0001", "location": "Hytta"}
_DEVICE = {**_PLACE, "room": "Hall", "device": "HAN", "device_id": "d1"}

Answers = list[tuple[dict[str, str], float]]


def _asked(name: str, title: str, ref: str = "A") -> str:
    query: Asked = next(one for one in of_panels(name) if one.owner == title and one.ref == ref)
    return query.promql


def _series(metric: str, labels: dict[str, str], values: str) -> dict[str, str]:
    pairs = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return {"series": f"{metric}{{{pairs}}}", "values": values}


async def _check(
    folder: Path, series: list[dict[str, str]], minutes: int, expr: str, answers: Answers
) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("prometheus is not installed")
    expected = [
        {"labels": "{" + ",".join(f'{k}="{v}"' for k, v in labels.items()) + "}", "value": value}
        for labels, value in answers
    ]
    case = {"expr": expr, "eval_time": f"{minutes}m", "exp_samples": expected}
    test: dict[str, Any] = {
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": [case]}]
    }
    path = folder / "test.yml"
    path.write_text(yaml.safe_dump(test, width=10_000))
    process = await asyncio.create_subprocess_exec(
        promtool, "test", "rules", str(path), stdout=asyncio.subprocess.PIPE, stderr=-2
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()


def _power(peaks: dict[int, int], days: int) -> str:
    """Return a value for each minute: 1 kW, and more in the hours that begin at these minutes."""
    hours = [peaks.get(begin, 1000) for begin in range(0, days * _DAY, _HOUR)]
    return " ".join(f"{watts}x{_HOUR - 1}" for watts in hours)


#: In UTC; local time is an hour ahead. The second peak is by UTC of the first day, by local time
#: of the next. The third is a second one of the first day, which does not count.
_PEAKS = {
    11 * _HOUR: 9_000,
    23 * _HOUR: 8_000,
    15 * _HOUR: 8_500,
    2 * _DAY + 5 * _HOUR: 7_000,
    3 * _DAY + 5 * _HOUR: 6_000,
}


async def test_the_three_highest_hours_are_of_three_local_days(tmp_path: Path) -> None:
    series = [_series("home_power_watts", _DEVICE, _power(_PEAKS, 5))]
    expr = _asked("energy", "The three highest hours")
    # A sample on the hour counts for both hours before Prometheus 3.0: a minute of 60.
    answers: Answers = [
        ({**_PLACE, "ago": "4"}, 9),
        ({**_PLACE, "ago": "3"}, 8),
        ({**_PLACE, "ago": "2"}, 7),
    ]
    await _check(tmp_path, series, 4 * _DAY + 90, f"round({expr}, 0.5)", answers)


async def test_what_is_billed_is_their_mean(tmp_path: Path) -> None:
    series = [_series("home_power_watts", _DEVICE, _power(_PEAKS, 5))]
    expr = _asked("energy", "Billed by")
    answers: Answers = [({**_PLACE, "home": "Hytta (0001)", "short": "(0001)"}, 8)]
    await _check(tmp_path, series, 4 * _DAY + 90, f"round({expr}, 0.5)", answers)


async def test_on_the_second_day_two_hours_are_billed(tmp_path: Path) -> None:
    series = [_series("home_power_watts", _DEVICE, _power(_PEAKS, 2))]
    expr = _asked("energy", "The three highest hours")
    answers: Answers = [({**_PLACE, "ago": "1"}, 9), ({**_PLACE, "ago": "0"}, 8)]
    await _check(tmp_path, series, 2 * _DAY - 90, f"round({expr}, 0.5)", answers)


async def test_the_tariffs_split_the_hours(tmp_path: Path) -> None:
    # The first day is Thursday 1 January 1970. From 20 to 24 UTC at 2 kW: 21 to 22 local time is
    # by day, the other three hours are by night.
    watts = {20 * _HOUR + hour * _HOUR: 2_000 for hour in range(4)}
    series = [_series("home_power_watts", _DEVICE, _power(watts, 1).replace("1000x", "0x"))]
    for ref, kwh in (("A", 2), ("C", 6)):
        expr = f"round({_asked('energy', 'By tariff', ref)}, 0.5)"
        await _check(tmp_path, series, _DAY, expr, [(_PLACE, kwh)])


async def test_dew_point_and_humidity_at_the_wall(tmp_path: Path) -> None:
    series = [
        _series("home_temperature_celsius", _DEVICE, "20x10"),
        _series("home_humidity_ratio", _DEVICE, "0.6x10"),
    ]
    # From tables: air of 20 °C and 60 % condenses at 12.0 °C, and has 77 % at 16 °C.
    dew = f"round({_asked('climate', 'Dew point')}, 0.1)"
    wall = f"round({_asked('climate', 'Humidity at a cold wall')}, 0.01)"
    await _check(tmp_path, series, 5, dew, [(_DEVICE, 12.0)])
    await _check(tmp_path, series, 5, wall, [(_DEVICE, 0.77)])


async def test_nothing_wet_is_only_said_where_somebody_looks(tmp_path: Path) -> None:
    expr = _asked("homes", "Wet sensors")
    dry = [_series("home_leak_detected", _DEVICE, "0x10")]
    await _check(tmp_path, dry, 5, expr, [({}, 0)])
    wet = [_series("home_leak_detected", _DEVICE, "1x10")]
    await _check(tmp_path, wet, 5, expr, [({}, 1)])
    gone = [_series("home_leak_detected", _DEVICE, "0 0 stale")]
    await _check(tmp_path, gone, 8, expr, [])


async def test_two_homes_of_one_name_are_two(tmp_path: Path) -> None:
    other = {**_DEVICE, "location_id": "h0002", "device_id": "d2"}
    series = [
        _series("home_power_watts", _DEVICE, "100x10"),
        _series("home_power_watts", other, "200x10"),
    ]
    expr = _asked("homes", "Every home", "F")
    answers: Answers = [(_PLACE, 100), ({**_PLACE, "location_id": "h0002"}, 200)]
    await _check(tmp_path, series, 5, expr, answers)


_HELD = {"vendor": "homely", "location_id": "h0001", "device_id": "d1"}
_DRY = {**_PLACE, "location_id": "h0002", "device_id": "d2"}


@pytest.mark.parametrize(
    ("title", "held", "live"),
    [
        ("Wet sensors", "leak_detected", "home_leak_detected"),
        ("Wet sensors", "leak_alarmed", "home_leak_detected"),
        ("Fires", "fire_detected", "home_fire_detected"),
        ("Alarms going off", "alarm_breached", "home_alarm_state"),
    ],
)
async def test_what_is_held_counts_where_its_data_are_gone(
    tmp_path: Path, title: str, held: str, live: str
) -> None:
    alarm = held == "alarm_breached"
    ids = {name: value for name, value in _HELD.items() if not alarm or name != "device_id"}
    known = _series("home:location:where", _PLACE, "9x5")
    series = [
        known if alarm else _series("home:device:where", _DEVICE, "9x5"),
        _series(f"home:{held}:held", ids, "1x5"),
        _series(live, {**_DRY, "home_alarm_state": "DISARMED"} if alarm else _DRY, "0x5"),
    ]
    await _check(tmp_path, series, 5, _asked("homes", title), [({}, 1)])


@pytest.mark.parametrize("title", ["Alarm", "Leak"])
async def test_an_annotation_is_one_where_two_targets_serve_a_home(
    tmp_path: Path, title: str
) -> None:
    expr = next(one.promql for one in of_annotations("homes") if title in one.owner)
    series = [
        _series(metric, {**labels, "instance": instance}, "3x4 4x4")
        for instance in ("a", "b")
        for metric, labels in (
            ("home_events_total", {**_DEVICE, "event": "leak"}),
            ("home_alarm_state_changes_total", {**_PLACE, "state": "BREACHED"}),
        )
    ]
    one = {"Alarm": {**_PLACE, "state": "BREACHED"}, "Leak": _DEVICE}[title]
    await _check(tmp_path, series, 5, expr, [(one, 1)])
