"""How a poll or a push changes one held device."""

from dataclasses import dataclass
from enum import StrEnum

from exporter.catalog import Kind, Metric, readings
from exporter.model import Activity, ActivityState, Device, DeviceChange, Reading
from exporter.store.held import NEVER, HeldDevice
from exporter.store.totals import TotalGuard

_ALARMED = "alarmed"


class Applied(StrEnum):
    """What became of a pushed change: part of the closed lists behind the `outcome` labels."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    OUTDATED = "outdated"
    UNKNOWN_DEVICE = "unknown_device"
    DROPPED = "dropped"
    UNKNOWN_LOCATION = "unknown_location"


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks: ours that never jumps, and the vendor's."""

    monotonic: float
    vendor: float


def poll(held: HeldDevice, device: Device, began: float, now: Moment, *, baseline: bool) -> None:
    """Take what a poll that was sent at `began` (monotonic) says of the device."""
    held.omitted = 0
    held.name, held.room = device.name, device.room
    held.info, held.parent = device.info, device.parent
    _note_update(held, device.updated)
    for source in [known for known in held.readings if known not in device.readings]:
        if held.pushed.get(source, NEVER) <= began:
            del held.readings[source]
    for source, reading in device.readings.items():
        pushed_since = held.pushed.get(source, NEVER) > began
        if not (pushed_since and reading.stamp is None):
            _take(held, source, reading, now)
    for kind in device.activity_kinds:
        held.ledger.counts.setdefault(kind, 0)
    held.ledger.poll(device.activities, began, now.monotonic, baseline=baseline)
    _see(held, readings.LEAK, None, now)


def push(held: HeldDevice, change: DeviceChange, now: Moment) -> Applied:
    """Take pushed states in their order; return the best that became of any of them."""
    outcomes = set()
    for source, reading in change.readings:
        outcomes.add(_take(held, source, reading, now))
        held.pushed[source] = now.monotonic
    if change.parent is not None:
        held.parent = change.parent
        outcomes.add(Applied.APPLIED)
    _note_update(held, change.updated)
    for outcome in (Applied.APPLIED, Applied.DUPLICATE):
        if outcome in outcomes:
            return outcome
    return Applied.OUTDATED


def push_activity(held: HeldDevice, activity: Activity, now: Moment) -> Applied:
    """Take a callback's activity; one that repeats or follows a later state is a duplicate."""
    is_new = held.ledger.push(activity, now.monotonic)
    if activity.is_leak:
        alarmed = held.ledger.has_pushed_leak()
        if alarmed or activity.state is ActivityState.RESOLVED:
            held.readings[_ALARMED] = Reading(readings.LEAK_ALARMED, float(alarmed))
            held.pushed[_ALARMED] = now.monotonic
        if is_new:
            _see_new_leak(held, activity, now)
        _see(held, readings.LEAK, None, now)
    return Applied.APPLIED if is_new else Applied.DUPLICATE


def _take(held: HeldDevice, source: str, new: Reading, now: Moment) -> Applied:
    old = held.readings.get(source)
    if old is not None and old.metric is new.metric:
        if _is_older(new, old):
            if new.metric.rises and new.value is not None and new.stamp is not None:
                held.edges.late(new.metric, on=bool(new.value), stamp=new.stamp)
            return Applied.OUTDATED
        if (new.stamp, new.value, new.labels) == (old.stamp, old.value, old.labels):
            return Applied.DUPLICATE
    if new.metric.kind is Kind.COUNTER:
        new = held.totals.setdefault(source, TotalGuard()).admit(new)
    held.readings[source] = new
    _note_reading(held, new)
    if new.metric.rises:
        held.edges.preset(new.metric)
        _see(held, new.metric, new.stamp, now)
    return Applied.APPLIED


def _is_older(new: Reading, old: Reading) -> bool:
    """Return whether a newer state is held; a future time that was replaced never blocks."""
    if new.stamp is None or old.stamp is None or new.updated is None or old.updated is None:
        return False
    return new.stamp < old.stamp and new.updated < old.updated


def _note_update(held: HeldDevice, updated: float | None) -> None:
    if updated is not None:
        held.updated = max(updated, held.updated or updated)


def _note_reading(held: HeldDevice, reading: Reading) -> None:
    name = reading.metric.reading
    if name and reading.value is not None and reading.updated is not None:
        held.reading_times[name] = max(reading.updated, held.reading_times.get(name, NEVER))


def _see(held: HeldDevice, metric: Metric, stamp: float | None, now: Moment) -> None:
    """Let the edges see the bool that is served; a leak is also one that a callback told of."""
    reading = held.resolved(metric)
    is_on = reading is not None and bool(reading.value)
    if metric is readings.LEAK and held.ledger.has_pushed_leak():
        is_on = True
    elif reading is None:
        return
    if held.edges.see(metric, on=is_on, stamp=stamp) and is_on and metric is readings.LEAK:
        held.leak_counted_at = now.vendor


def _see_new_leak(held: HeldDevice, activity: Activity, now: Moment) -> None:
    """Count the leak that a callback tells of first, unless a poll has told of the same one."""
    created = now.vendor if activity.created_at is None else activity.created_at
    if held.edges.is_on(readings.LEAK) or created <= held.leak_counted_at:
        return
    held.edges.preset(readings.LEAK)
    held.edges.see(readings.LEAK, on=False)
    held.edges.see(readings.LEAK, on=True)
    held.leak_counted_at = now.vendor
    if held.resolved(readings.LEAK) is None and not held.ledger.has_pushed_leak():
        held.edges.see(readings.LEAK, on=False)
