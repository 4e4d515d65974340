"""A held location as a document, and back."""

from exporter.catalog import BY_NAME, Kind
from exporter.model import Activity, Reading
from exporter.state.documents import (
    LocationDocument,
    StoredActivity,
    StoredDevice,
    StoredReading,
)
from exporter.store import Policy
from exporter.store.activities import Entry
from exporter.store.held import NEVER, HeldAlarm, HeldDevice, HeldLocation
from exporter.store.totals import TotalGuard


def dump(location: HeldLocation, account: str, wall: float, monotonic: float) -> LocationDocument:
    """Return the location with its monotonic times as wall times."""
    ahead = wall - monotonic
    return LocationDocument(
        account=account,
        written_at=wall,
        vendor=location.key[0],
        location_id=location.key[1],
        vendor_time=monotonic + location.offset,
        name=location.name,
        gateway_serial=location.gateway_serial,
        suspended=location.suspended,
        expected_devices=location.expected_devices,
        polled_at=_moment(location.polled, ahead),
        pushed_at=location.pushed_at,
        alarm_state=location.alarm.state,
        alarm_states=tuple(location.alarm.states),
        alarm_pushed=_moment(location.alarm.pushed, ahead),
        alarm_said=location.alarm.said,
        devices=tuple(_dump_device(device, ahead) for device in location.devices.values()),
    )


def _dump_device(device: HeldDevice, ahead: float) -> StoredDevice:
    return StoredDevice(
        id=device.id,
        name=device.name,
        room=device.room,
        info=dict(device.info),
        updated=device.updated,
        reading_times=device.reading_times,
        readings={
            source: _dump_reading(reading)
            for source, reading in device.readings.items()
            if reading.metric.kind is not Kind.COUNTER
        },
        totals={
            source: _dump_reading(guard.last)
            for source, guard in device.totals.items()
            if guard.last is not None
        },
        events=tuple(device.edges.counts),
        edges={metric.name: last for metric, last in device.edges.last().items()},
        activity_kinds=tuple(device.ledger.counts),
        activities=tuple(_dump_activity(one, ahead) for one in device.ledger.entries.values()),
        contact=_moment(device.contact, ahead),
        alive=_moment(device.alive, ahead),
        leak_told=device.leak_told,
        leak_told_until=_moment(device.leak_told_until, 0.0),
        leak_seen_until=_moment(device.leak_seen_until, 0.0),
    )


def _dump_reading(reading: Reading) -> StoredReading:
    return (
        reading.metric.name,
        reading.value,
        reading.updated,
        reading.stamp,
        reading.labels,
        reading.rank,
    )


def _dump_activity(entry: Entry, ahead: float) -> StoredActivity:
    activity = entry.activity
    return StoredActivity(
        kind=activity.kind,
        created=activity.created,
        state=activity.state,
        created_at=activity.created_at,
        is_leak=activity.is_leak,
        is_silence=activity.is_silence,
        touched=entry.touched + ahead,
        pushed=None if entry.pushed is None else entry.pushed + ahead,
        omitted=entry.omitted,
    )


def _moment(monotonic: float, ahead: float) -> float | None:
    return None if monotonic == NEVER else monotonic + ahead


def restore(
    document: LocationDocument, account: str, policy: Policy, wall: float, monotonic: float
) -> HeldLocation:
    """Return the location as of now.

    Of a document from the future nobody knows the age: it is for telling what is new, and nothing
    of it is served.
    """
    passed = wall - document.written_at
    ahead = wall - monotonic
    # Of the two the later one: what is held must not look younger than it is.
    vendor_now = max(wall, document.vendor_time + passed)
    location = HeldLocation(
        (document.vendor, document.location_id),
        account,
        policy,
        name=document.name,
        gateway_serial=document.gateway_serial,
        suspended=document.suspended,
        expected_devices=document.expected_devices,
        alarm=HeldAlarm(document.alarm_state, pushed=_monotonic(document.alarm_pushed, ahead)),
        polled=_monotonic(document.polled_at, ahead),
        polled_at=document.polled_at,
        pushed_at=document.pushed_at,
        offset=vendor_now - monotonic,
        is_remembered=True,
    )
    location.alarm.know(document.alarm_states)
    location.alarm.said = document.alarm_said
    for stored in document.devices:
        location.devices[stored.id] = _restore_device(stored, ahead)
    if passed < 0:
        location.distrust()
    return location


def _restore_device(stored: StoredDevice, ahead: float) -> HeldDevice:
    device = HeldDevice(
        stored.id,
        name=stored.name,
        room=stored.room,
        info=stored.info,
        updated=stored.updated,
        reading_times=dict(stored.reading_times),
        readings=_readings(stored.readings),
        contact=_monotonic(stored.contact, ahead),
        alive=_monotonic(stored.alive, ahead),
        leak_told=stored.leak_told,
        leak_told_until=_monotonic(stored.leak_told_until, 0.0),
        leak_seen_until=_monotonic(stored.leak_seen_until, 0.0),
    )
    for source, total in _readings(stored.totals).items():
        device.totals[source] = TotalGuard(total)
    device.edges.counts.update(dict.fromkeys(stored.events, 0))
    for name, (stamp, on) in stored.edges.items():
        if name in BY_NAME:
            device.edges.see(BY_NAME[name], on=on, stamp=stamp)
    device.ledger.counts.update(dict.fromkeys(stored.activity_kinds, 0))
    for activity in stored.activities:
        device.ledger.remember(_entry(activity, ahead))
    return device


def _readings(stored: dict[str, StoredReading]) -> dict[str, Reading]:
    """Return the readings of metrics that exist; another version may have known others."""
    return {
        source: Reading(BY_NAME[name], value, updated, stamp, labels, rank)
        for source, (name, value, updated, stamp, labels, rank) in stored.items()
        if name in BY_NAME and len(labels) == len(BY_NAME[name].labels)
    }


def _entry(stored: StoredActivity, ahead: float) -> Entry:
    activity = Activity(
        stored.kind,
        stored.created,
        stored.state,
        stored.created_at,
        is_leak=stored.is_leak,
        is_silence=stored.is_silence,
    )
    pushed = None if stored.pushed is None else stored.pushed - ahead
    return Entry(activity, stored.touched - ahead, pushed, stored.omitted)


def _monotonic(moment: float | None, ahead: float) -> float:
    return NEVER if moment is None else moment - ahead
