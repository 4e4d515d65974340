"""What is served of the held state at a moment: samples, before any text."""

from collections.abc import Container, Iterator

from exporter.catalog import Metric, own, readings
from exporter.series import Sample
from exporter.store.freshness import DeviceView, alarm_is_fresh, is_up
from exporter.store.held import HeldDevice, HeldLocation


def location_base(location: HeldLocation) -> tuple[str, ...]:
    """Return the label values that every series of the location begins with."""
    return (*location.key, location.name)


def device_base(location: HeldLocation, device: HeldDevice) -> tuple[str, ...]:
    """Return the label values that every series of the device begins with."""
    return (*location_base(location), device.room, device.name, device.id)


def location_samples(location: HeldLocation, now: float) -> list[Sample]:
    """Return the samples of the location itself."""
    return [
        Sample(readings.UP, (), float(is_up(location, now))),
        Sample(readings.LOCATION_INFO, (location.gateway_serial,), 1.0),
        *location_times(location),
        *_location_facts(location, now),
        *_alarm(location, now),
    ]


def location_times(location: HeldLocation) -> Iterator[Sample]:
    """Yield when a poll and a push last told of the location."""
    for source, moment in (("poll", location.polled_at), ("push", location.pushed_at)):
        if moment is not None:
            yield Sample(readings.LOCATION_UPDATED, (source,), moment)


def _location_facts(location: HeldLocation, now: float) -> Iterator[Sample]:
    up = is_up(location, now)
    optional: tuple[tuple[Metric, float | None], ...] = (
        (readings.LOCATION_SUSPENDED, location.suspended),
        (readings.LOCATION_DEVICES, len(location.devices)),
        (readings.LOCATION_DEVICES_EXPECTED, location.expected_devices),
        (own.STREAM_CONNECTED, location.stream_connected),
        (own.NEXT_POLL, location.next_poll_at),
    )
    for metric, value in optional:
        if value is not None and (metric.survives or up):
            yield Sample(metric, (), float(value))


def _alarm(location: HeldLocation, now: float) -> Iterator[Sample]:
    alarm = location.alarm
    if alarm.state is not None and alarm_is_fresh(location, now):
        for state in alarm.states:
            yield Sample(readings.ALARM_STATE, (state,), float(state == alarm.state))
    for state, count in alarm.changes.items():
        yield Sample(readings.ALARM_STATE_CHANGES, (state,), float(count))


def reading_samples(
    device: HeldDevice, view: DeviceView, metrics: Container[Metric] | None = None
) -> Iterator[Sample]:
    """Yield what is served of the readings, or of those of some metrics."""
    for (metric, labels), reading in device.best(metrics).items():
        if reading.value is not None and view.shows(reading):
            yield Sample(metric, labels, reading.value)


def push_samples(
    device: HeldDevice, view: DeviceView, metrics: Container[Metric]
) -> Iterator[Sample]:
    """Yield what a push can change: the readings of these metrics, their times and their events."""
    yield from reading_samples(device, view, metrics)
    yield from _events(device)
    yield from _times(device)


#: What a push of states can change beside the metrics that it names.
PUSHED = frozenset({readings.EVENTS, readings.DEVICE_UPDATED, readings.READING_UPDATED})


def device_samples(device: HeldDevice, view: DeviceView) -> list[Sample]:
    """Return the samples of one device."""
    samples = list(reading_samples(device, view))
    if view.is_served:
        samples += [
            Sample(readings.ACTIVITIES, (kind, state), float(count))
            for kind, state, count in device.ledger.ongoing()
        ]
    samples += _events(device)
    for kind, count in device.ledger.counts.items():
        samples.append(Sample(readings.ACTIVITIES_TOTAL, (kind,), float(count)))
    info = tuple(device.info.get(label, "") for label in readings.DEVICE_INFO.labels)
    samples.append(Sample(readings.DEVICE_INFO, info, 1.0))
    samples += _times(device)
    return samples


def _events(device: HeldDevice) -> Iterator[Sample]:
    for event, count in device.edges.counts.items():
        yield Sample(readings.EVENTS, (event,), float(count))


def _times(device: HeldDevice) -> Iterator[Sample]:
    if device.updated is not None:
        yield Sample(readings.DEVICE_UPDATED, (), device.updated)
    for reading, moment in device.reading_times.items():
        yield Sample(readings.READING_UPDATED, (reading,), moment)
