"""Whatever a cloud sends: no mapping raises anything but CloudError, and the page stays valid."""

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.catalog import BY_NAME
from exporter.errors import CloudError
from exporter.model import LocationRef
from exporter.sources.homely.mapping import map_event, map_home, map_locations
from exporter.sources.wally.config import ThresholdUnit
from exporter.sources.wally.mapping import map_callback, map_places, map_sensors
from tests.mapping.full import full_home, full_places, full_sensors
from tests.mapping.mutations import JUNK, MODEST, mutated
from tests.mapping.payloads import activity, alarm_event, device_event, entry
from tests.store.bench import Bench, HomelyBench, WallyBench

HOME, SENSORS = full_home(), full_sensors()
EVENTS = [
    device_event(
        entry("alarm.alarm", value=True),
        entry("battery.voltage", 2.9),
        entry("lock.state", value=False),
        entry("thermostat.mf409", 55_546),
        entry("diagnostic.networklinkaddress", "0015BC00AA00BB01"),
        entry("sauna.heat", 3),
        deviceId="dev-motion",
    ),
    alarm_event("ARMED_AWAY"),
]
CALLBACKS: list[Any] = [
    activity(snid="sn-water"),
    [activity("mold_risk", "acknowledged", snid="sn-four"), activity("new", "resolved")],
]
LISTING = [
    {
        "name": "Villa Eksempel",
        "role": "ADMIN",
        "userId": "5d0e0000-0000-4000-8000-000000000001",
        "locationId": "home-1",
        "gatewayserial": "02000001000A0001",
    }
]


def check_text(bench: Bench) -> None:
    """Check that the page is readable, and each value within what its metric can be."""
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    for family in parse_text(bench.text()):
        assert family.documentation
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            assert series not in seen
            seen.add(series)
            assert math.isfinite(sample.value)
            metric = BY_NAME.get(sample.name)
            if metric is not None and metric.boolean:
                assert sample.value in (0.0, 1.0)
            if metric is not None and metric.bounds is not None:
                assert metric.bounds[0] <= sample.value <= metric.bounds[1]
            assert all(len(value) <= 128 for value in sample.labels.values())


def check_both(bench: Bench) -> None:
    """Check the page as text, and that it is the same as OpenMetrics."""
    check_text(bench)
    text = {s for family in parse_text(bench.text()) for s in map(str, family.samples)}
    openmetrics = parse_openmetrics(bench.text(openmetrics=True) + "# EOF\n")  # type: ignore[no-untyped-call]  # unannotated upstream
    assert {s for family in openmetrics for s in map(str, family.samples)} == text


def polled_home(payload: Any) -> HomelyBench:
    bench = HomelyBench()
    try:
        bench.take(map_home(payload, bench.reader()))
    except CloudError:
        bench.poll()
    return bench


def polled_sensors(payload: Any, unit: ThresholdUnit = ThresholdUnit.CELSIUS) -> WallyBench:
    bench = WallyBench(unit=unit)
    try:
        map_sensors(payload, bench.reader(), unit)
    except CloudError:
        return bench
    bench.poll(*payload)
    return bench


@MODEST
@given(mutated(HOME))
def test_a_mutated_home_leaves_a_valid_page(payload: Any) -> None:
    check_both(polled_home(payload))


@MODEST
@given(mutated(HOME), mutated(HOME))
def test_a_second_mutated_poll_leaves_a_valid_page(first: Any, second: Any) -> None:
    bench = polled_home(first)
    bench.pass_time(60)
    try:
        bench.take(map_home(second, bench.reader()))
    except CloudError:
        bench.poll()
    check_both(bench)


@MODEST
@given(st.sampled_from(EVENTS).flatmap(mutated))
def test_a_mutated_event_leaves_a_valid_page(payload: Any) -> None:
    bench = polled_home(HOME)
    event = map_event(payload, bench.reader(), lambda known: {"model": "Motion"} if known else None)
    if event is not None and event.change is not None:
        bench.store.push(bench.key, event.change)
    check_both(bench)


@MODEST
@given(mutated(SENSORS), st.sampled_from(ThresholdUnit))
def test_mutated_sensors_leave_a_valid_page(payload: Any, unit: ThresholdUnit) -> None:
    check_both(polled_sensors(payload, unit))


@MODEST
@given(st.sampled_from(CALLBACKS).flatmap(mutated))
def test_a_mutated_callback_leaves_a_valid_page(payload: Any) -> None:
    bench = polled_sensors(copy.deepcopy(SENSORS))
    changes, malformed = map_callback(payload, bench.reader())
    assert len(changes) + malformed == (len(payload) if isinstance(payload, list) else 1)
    bench.callback(payload)
    check_text(bench)


@MODEST
@given(mutated(LISTING))
def test_a_mutated_listing_of_homes_gives_locations_that_can_be_served(payload: Any) -> None:
    bench = HomelyBench()
    try:
        refs = map_locations(payload, bench.reader())
    except CloudError:
        refs = []
    for ref in refs:
        bench.add(ref.id, bench.store.locations[bench.key].policy, ref.name)
    check_both(bench)


@MODEST
@given(mutated(full_places()))
def test_a_mutated_listing_of_places_gives_locations_that_can_be_served(payload: Any) -> None:
    bench = WallyBench()
    try:
        refs = [one.ref for one in map_places(payload, bench.reader())]
    except CloudError:
        refs = []
    for ref in refs:
        bench.add(ref.id, bench.store.locations[bench.key].policy)
        bench.store.describe(("wally", ref.id), LocationRef(ref.id, ref.name, ref.suspended))
    check_both(bench)


@pytest.mark.parametrize("read", [map_home, map_locations, map_places])
@MODEST
@given(payload=JUNK)
def test_junk_is_read_or_refused(read: Any, payload: Any) -> None:
    bench = HomelyBench()
    try:
        read(payload, bench.reader())
    except CloudError:
        return


@MODEST
@given(payload=JUNK)
def test_junk_that_is_pushed_is_never_refused(payload: Any) -> None:
    bench = HomelyBench()
    event = map_event(payload, bench.reader(), lambda _: None)
    assert event is None or event.type
    changes, malformed = map_callback(payload, bench.reader())
    assert len(changes) + malformed == (len(payload) if isinstance(payload, list) else 1)
