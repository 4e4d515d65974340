"""What the page shows of one payload: the shortest way from a fragment to its metrics."""

from collections.abc import Mapping
from typing import Any

from exporter.sources.wally.config import ThresholdUnit
from tests.mapping.payloads import device, sensor, state
from tests.store.bench import HomelyBench, Served, WallyBench

#: What every device has beside its readings; these have tests of their own.
_BESIDES = (
    "home_device_info",
    "home_device_online",
    "home_device_suspended",
    "home_device_updated_timestamp_seconds",
    "home_reading_updated_timestamp_seconds",
    "home_events_total",
    "home_activities_total",
    "home_leak_alarmed",
)


def readings(served: Served) -> Served:
    """Return the readings among what is served of a device."""
    return {series: value for series, value in served.items() if not series.startswith(_BESIDES)}


def homely(states: Mapping[str, Any], **fields: Any) -> HomelyBench:
    """Return a bench that has polled one device; `states` are raw, by `feature.state`."""
    bench = HomelyBench()
    bench.poll(device(states, **fields))
    return bench


def homely_value(source: str, value: Any, **fields: Any) -> HomelyBench:
    """Return a bench that has polled one device with one state of this value."""
    return homely({source: state(value)}, **fields)


def wally(
    traits: Mapping[str, Any], unit: ThresholdUnit = ThresholdUnit.CELSIUS, **fields: Any
) -> WallyBench:
    """Return a bench that has polled one sensor; `traits` are raw, by key of `state`."""
    bench = WallyBench(unit=unit)
    bench.poll(sensor(traits, **fields))
    return bench
