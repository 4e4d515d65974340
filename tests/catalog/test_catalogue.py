"""The catalogue is the public interface below and no more, and keeps rules promtool misses."""

import re
from collections import Counter

import pytest

from exporter.catalog import OWN, READINGS, Kind, Metric, Scope

DEVICE = "vendor, location_id, location, room, device, device_id"
LOCATION = "vendor, location_id, location"
ACCOUNT = "vendor, account"
INFO = "model, serial, floor, hardware_type, sensor_kind, appliance, functional_type, firmware"

#: Name, type, every label.
EXPECTED: list[tuple[str, str, str]] = [
    ("home_temperature_celsius", "gauge", DEVICE),
    ("home_floor_temperature_celsius", "gauge", DEVICE),
    ("home_humidity_ratio", "gauge", DEVICE),
    ("home_power_watts", "gauge", DEVICE),
    ("home_energy_imported_joules_total", "counter", DEVICE),
    ("home_energy_exported_joules_total", "counter", DEVICE),
    ("home_battery_volts", "gauge", DEVICE),
    ("home_battery_level", "gauge", DEVICE),
    ("home_battery_low", "gauge", DEVICE),
    ("home_battery_defect", "gauge", DEVICE),
    ("home_link_strength_ratio", "gauge", DEVICE),
    ("home_signal_strength", "gauge", f"{DEVICE}, source"),
    ("home_leak_detected", "gauge", DEVICE),
    ("home_leak_alarmed", "gauge", DEVICE),
    ("home_contact_open", "gauge", DEVICE),
    ("home_motion_detected", "gauge", DEVICE),
    ("home_alarm_triggered", "gauge", DEVICE),
    ("home_fire_detected", "gauge", DEVICE),
    ("home_tamper_detected", "gauge", DEVICE),
    ("home_lock_locked", "gauge", DEVICE),
    ("home_lock_jammed", "gauge", DEVICE),
    ("home_thermostat_setpoint_celsius", "gauge", f"{DEVICE}, mode"),
    ("home_thermostat_limit_celsius", "gauge", f"{DEVICE}, bound"),
    ("home_thermostat_heating", "gauge", DEVICE),
    ("home_thermostat_power_watts", "gauge", DEVICE),
    ("home_temperature_threshold_celsius", "gauge", f"{DEVICE}, bound"),
    ("home_humidity_threshold_ratio", "gauge", f"{DEVICE}, bound"),
    ("home_activities", "gauge", f"{DEVICE}, activity, state"),
    ("home_activities_total", "counter", f"{DEVICE}, activity"),
    ("home_alarm_state", "stateset", f"{LOCATION}, home_alarm_state"),
    ("home_alarm_state_changes_total", "counter", f"{LOCATION}, state"),
    ("home_events_total", "counter", f"{DEVICE}, event"),
    ("home_device_online", "gauge", DEVICE),
    ("home_device_suspended", "gauge", DEVICE),
    ("home_location_suspended", "gauge", LOCATION),
    ("home_device_updated_timestamp_seconds", "gauge", DEVICE),
    ("home_reading_updated_timestamp_seconds", "gauge", f"{DEVICE}, reading"),
    ("home_device_info", "info", f"{DEVICE}, {INFO}"),
    ("home_device_link_info", "info", f"{DEVICE}, parent"),
    ("home_location_info", "info", f"{LOCATION}, gateway_serial"),
    ("home_device_state", "gauge", f"{DEVICE}, feature, state"),
    ("home_location_devices", "gauge", LOCATION),
    ("home_location_devices_expected", "gauge", LOCATION),
    ("home_up", "gauge", LOCATION),
    ("home_location_updated_timestamp_seconds", "gauge", f"{LOCATION}, source"),
    ("home_exporter_account_up", "gauge", ACCOUNT),
    ("home_exporter_account_last_success_timestamp_seconds", "gauge", ACCOUNT),
    ("home_exporter_requests_total", "counter", f"{ACCOUNT}, endpoint, outcome"),
    ("home_exporter_request_duration_seconds", "histogram", "vendor, endpoint"),
    ("home_exporter_rate_limited_until_timestamp_seconds", "gauge", ACCOUNT),
    ("home_exporter_budget_tokens", "gauge", ACCOUNT),
    ("home_exporter_auth_failures_total", "counter", ACCOUNT),
    ("home_exporter_next_poll_timestamp_seconds", "gauge", LOCATION),
    ("home_exporter_stream_connected", "gauge", LOCATION),
    ("home_exporter_stream_connects_total", "counter", ""),
    ("home_exporter_stream_disconnects_total", "counter", "reason"),
    ("home_exporter_stream_events_total", "counter", "event, outcome"),
    ("home_exporter_event_lag_seconds", "histogram", ""),
    ("home_exporter_callbacks_total", "counter", "outcome"),
    ("home_exporter_unmapped_states", "gauge", "vendor"),
    ("home_exporter_rejected_values_total", "counter", "vendor, reason"),
    ("home_exporter_series", "gauge", ""),
    ("home_exporter_series_dropped_total", "counter", ""),
    ("home_exporter_render_duration_seconds", "histogram", ""),
    ("home_exporter_shard_ordinal", "gauge", ""),
    ("home_exporter_shards", "gauge", ""),
    ("home_exporter_locations_owned", "gauge", ""),
    ("home_exporter_config_last_reload_successful", "gauge", ""),
    ("home_exporter_config_last_reload_success_timestamp_seconds", "gauge", ""),
    ("home_exporter_state_file_errors_total", "counter", ""),
    ("home_exporter_build_info", "info", "version, python"),
]

PERIODIC = {
    "home_temperature_celsius",
    "home_humidity_ratio",
    "home_power_watts",
    "home_link_strength_ratio",
}
#: Readings that come from one vendor only.
HOMELY_ONLY = {
    "home_floor_temperature_celsius",
    "home_power_watts",
    "home_energy_imported_joules_total",
    "home_energy_exported_joules_total",
    "home_battery_volts",
    "home_battery_low",
    "home_battery_defect",
    "home_link_strength_ratio",
    "home_motion_detected",
    "home_alarm_triggered",
    "home_fire_detected",
    "home_tamper_detected",
    "home_lock_locked",
    "home_lock_jammed",
    "home_thermostat_setpoint_celsius",
    "home_thermostat_limit_celsius",
    "home_thermostat_heating",
    "home_thermostat_power_watts",
    "home_alarm_state",
    "home_alarm_state_changes_total",
    "home_device_link_info",
}
WALLY_ONLY = {
    "home_battery_level",
    "home_signal_strength",
    "home_leak_alarmed",
    "home_temperature_threshold_celsius",
    "home_humidity_threshold_ratio",
    "home_activities",
    "home_activities_total",
    "home_device_suspended",
    "home_location_suspended",
    "home_location_devices_expected",
}

BASE_UNITS = ("celsius", "ratio", "watts", "joules", "volts", "seconds")
#: Words that a base unit or a ratio takes the place of.
WRONG_UNITS = {
    "percent",
    "percentage",
    "pct",
    "kilo",
    "kilowatts",
    "kw",
    "kwh",
    "wh",
    "watthours",
    "watt",
    "joule",
    "volt",
    "millivolts",
    "mv",
    "dbm",
    "rssi",
    "milliseconds",
    "ms",
    "minutes",
    "hours",
    "days",
    "second",
    "fahrenheit",
    "kelvin",
    "degrees",
    "temp",
    "age",
    "created",
    "count",
    "sum",
    "bucket",
    "number",
}
ALL = (*READINGS, *OWN)
every = pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)


def test_every_metric_exists_with_its_type_and_labels_and_no_other() -> None:
    found = [(metric.name, metric.kind.value, ", ".join(metric.label_names)) for metric in ALL]
    assert sorted(found) == sorted(EXPECTED)


def test_the_periodic_readings_are_those_a_device_repeats_by_itself() -> None:
    assert {metric.name for metric in ALL if metric.periodic} == PERIODIC


def test_each_metric_names_the_vendors_that_it_comes_from() -> None:
    sources = {metric.name: (bool(metric.homely), bool(metric.wally)) for metric in READINGS}
    assert {name for name, found in sources.items() if found == (True, False)} == HOMELY_ONLY
    assert {name for name, found in sources.items() if found == (False, True)} == WALLY_ONLY
    assert (False, False) not in sources.values()


def test_names_are_unique() -> None:
    assert max(Counter(metric.name for metric in ALL).values()) == 1


@every
def test_a_name_is_lower_snake_case_with_its_prefix(metric: Metric) -> None:
    assert re.fullmatch(r"home(_[a-z]+)+", metric.name)
    is_own = metric in OWN
    assert metric.name.startswith("home_exporter_") is is_own


@every
def test_a_name_has_no_unit_but_a_base_unit(metric: Metric) -> None:
    assert not WRONG_UNITS & set(metric.name.split("_"))


@every
def test_a_suffix_says_the_type(metric: Metric) -> None:
    assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER)
    assert metric.name.endswith("_info") is (metric.kind is Kind.INFO)
    assert not metric.family.endswith(("_total", "_info"))


@every
def test_the_unit_is_the_suffix_of_the_family(metric: Metric) -> None:
    suffix = metric.family.rpartition("_")[2]
    assert metric.unit == (suffix if suffix in BASE_UNITS else "")
    if metric.kind in (Kind.INFO, Kind.STATESET):
        assert not metric.unit


@every
def test_a_timestamp_is_called_one(metric: Metric) -> None:
    if "timestamp" in metric.name:
        assert metric.name.endswith("_timestamp_seconds")
        assert metric.kind is Kind.GAUGE


@every
def test_the_help_is_one_plain_sentence_after_another(metric: Metric) -> None:
    text = metric.documentation
    assert text.endswith(".")
    assert not text.endswith("..")
    assert text == " ".join(text.split())
    assert text[0].isupper() or text[0].isdigit()
    assert text.isascii()
    assert len(text) < 250
    assert not set(text) & set('"\\')


@pytest.mark.parametrize("metric", READINGS, ids=lambda metric: metric.name)
def test_the_help_of_a_reading_names_its_source(metric: Metric) -> None:
    _, found, sources = metric.documentation.partition(" From ")
    assert found
    assert ("Homely " in sources) is bool(metric.homely)
    assert ("Wally " in sources) is bool(metric.wally)
    assert metric.homely in sources
    assert metric.wally in sources


@every
def test_labels_are_lower_snake_case_and_unique(metric: Metric) -> None:
    names = metric.label_names
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
        assert name not in ("le", "quantile", "job", "instance", "name", "type", "unit")


@every
def test_a_stateset_alone_has_its_own_name_as_a_label(metric: Metric) -> None:
    assert (metric.name in metric.labels) is (metric.kind is Kind.STATESET)


@every
def test_a_histogram_alone_has_buckets_and_they_rise(metric: Metric) -> None:
    assert bool(metric.buckets) is (metric.kind is Kind.HISTOGRAM)
    assert list(metric.buckets) == sorted(set(metric.buckets))


@every
def test_a_metric_of_its_kind_has_what_its_kind_has(metric: Metric) -> None:
    if metric.boolean or metric.rises:
        assert metric.kind is Kind.GAUGE
        assert not metric.unit
        assert metric.bounds is None
    if metric.rises:
        assert metric.boolean
    if metric.unit == "ratio":
        assert metric.bounds == (0.0, 1.0)
    if metric.periodic:
        assert metric.reading
        assert not metric.survives


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("home_temperature_celsius", (-60.0, 100.0)),
        ("home_floor_temperature_celsius", (-40.0, 100.0)),
        ("home_humidity_ratio", (0.0, 1.0)),
        ("home_link_strength_ratio", (0.0, 1.0)),
        ("home_battery_volts", (0.0, 20.0)),
        ("home_power_watts", (-100_000.0, 100_000.0)),
    ],
)
def test_a_reading_has_the_range_that_is_possible(name: str, bounds: tuple[float, float]) -> None:
    (metric,) = (metric for metric in READINGS if metric.name == name)
    assert metric.bounds == bounds


def test_the_events_are_beginnings_that_matter_though_they_are_over_at_the_next_scrape() -> None:
    events = {event for metric in READINGS for event in (metric.rises, metric.falls) if event}
    assert events == {"leak", "fire", "motion", "open", "tamper", "lock", "unlock"}


def test_the_readings_with_a_time_of_their_own_are_those_that_move_all_the_time() -> None:
    names = {metric.reading for metric in READINGS if metric.reading}
    assert names == {"temperature", "humidity", "power", "energy", "link"}


def test_what_survives_a_stale_cloud_says_why_the_rest_is_gone_or_counts() -> None:
    allowed = re.compile(
        r"home_up|home_exporter_.*|.*_info|.*_timestamp_seconds|.*_online|.*_suspended"
        r"|home_(events|activities|alarm_state_changes)_total"
    )
    homes = [metric for metric in ALL if metric.scope in (Scope.DEVICE, Scope.LOCATION)]
    surviving = {metric.name for metric in homes if metric.survives}
    assert surviving == {metric.name for metric in homes if allowed.fullmatch(metric.name)}


def test_no_two_openmetrics_families_have_one_name() -> None:
    metrics = (*READINGS, *OWN)
    families = [metric.name if metric.is_homonym else metric.family for metric in metrics]
    assert len(set(families)) == len(families)
