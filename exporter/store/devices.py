"""How a poll or a push changes one held device."""

from dataclasses import dataclass, replace

from exporter.catalog import Kind, Metric, readings
from exporter.model import Activity, ActivityState, Applied, Device, DeviceChange, Reading
from exporter.store.held import NEVER, HeldDevice
from exporter.store.totals import TotalGuard

_ALARMED = "alarmed"


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks: ours that never jumps, and the vendor's."""

    monotonic: float
    vendor: float


def poll(held: HeldDevice, device: Device, began: float, now: Moment, *, baseline: bool) -> None:
    """Take what a poll that was sent at `began` (monotonic) says of the device."""
    held.omitted = 0
    held.name, held.room = device.name, device.room
    held.info = device.info
    _note_update(held, device.updated)
    for source in [known for known in held.readings if known not in device.readings]:
        if held.pushed.get(source, NEVER) <= began:
            del held.readings[source]
    for source, reading in device.readings.items():
        known = held.readings.get(source)
        # Without two vendor times, only the order of asking and arriving can decide.
        is_undated = reading.stamp is None or known is None or known.stamp is None
        if not ((is_undated or reading.value is None) and held.pushed.get(source, NEVER) > began):
            _take(held, source, reading, now)
    for kind in device.activity_kinds:
        held.ledger.counts.setdefault(kind, 0)
    held.ledger.poll(device.activities, began, now.monotonic, baseline=baseline)
    _see(held, readings.LEAK, None, now)


def push(held: HeldDevice, change: DeviceChange, now: Moment, alive_after: float) -> Applied:
    """Take pushed states in their order; return the best that became of any of them.

    States whose own time is before `alive_after` (the vendor's clock) are no sign of life.
    """
    outcomes = {
        _take(held, source, reading, now, is_push=True) for source, reading in change.readings
    }
    held.pushed.update((source, now.monotonic) for source, _ in change.readings)
    _note_update(held, change.updated)
    outcome = next(
        (one for one in (Applied.APPLIED, Applied.DUPLICATE, Applied.OUTDATED) if one in outcomes),
        Applied.IGNORED,
    )
    is_young = change.updated is None or change.updated > alive_after
    if is_young and outcome in (Applied.APPLIED, Applied.DUPLICATE):
        held.contact = held.alive = now.monotonic
    return outcome


def push_activity(held: HeldDevice, activity: Activity, now: Moment) -> Applied:
    """Take a callback's activity; one that repeats or follows a later state is a duplicate."""
    before = held.ledger.state(activity)
    is_new = held.ledger.push(activity, now.monotonic)
    if not activity.is_silence:
        held.contact = now.monotonic
    if activity.is_leak:
        _push_leak(held, activity, now, is_new=is_new)
    has_moved = held.ledger.state(activity) is not before
    return Applied.APPLIED if has_moved else Applied.DUPLICATE


def _push_leak(held: HeldDevice, activity: Activity, now: Moment, *, is_new: bool) -> None:
    alarmed = held.ledger.has_pushed_leak()
    if alarmed or activity.state is ActivityState.RESOLVED:
        held.readings[_ALARMED] = Reading(readings.LEAK_ALARMED, float(alarmed))
        held.pushed[_ALARMED] = now.monotonic
    if is_new:
        held.edges.preset(readings.LEAK)
        if activity.state is not ActivityState.RESOLVED:
            held.alive = now.monotonic
        created = now.vendor if activity.created_at is None else activity.created_at
        # A poll may have told of this leak before its callback came.
        if created > held.leak_counted_at and not held.edges.is_on(readings.LEAK):
            held.leak_told = True
            _assume_off(held, readings.LEAK)
            held.edges.see(readings.LEAK, on=True)
            held.leak_counted_at = held.leak_told_at = now.vendor
    _see(held, readings.LEAK, None, now)


def _take(
    held: HeldDevice, source: str, new: Reading, now: Moment, *, is_push: bool = False
) -> Applied:
    old = held.readings.get(source)
    if old is not None and old.metric is new.metric:
        if _is_older(new, old) and (is_push or new.value is not None):
            if new.metric.rises and new.value is not None and new.stamp is not None:
                held.edges.see(new.metric, on=bool(new.value), stamp=new.stamp)
            return Applied.OUTDATED
        if (new.stamp, new.value, new.labels) == (old.stamp, old.value, old.labels):
            return Applied.DUPLICATE
    if new.metric.kind is Kind.COUNTER:
        new = held.totals.setdefault(source, TotalGuard()).admit(new)
    if new.metric.periodic and new.value is not None and new.updated is None:
        # Without a time of its own it is as old as its last change.
        new = replace(new, updated=now.vendor)
    held.readings[source] = new
    _note_reading(held, new)
    if new.metric.rises:
        held.edges.preset(new.metric)
        if is_push and new.value is not None:
            _assume_other(held, new)
        served = held.resolved(new.metric)
        # What is served may be another source's: it is its value, so it is its time as well.
        _see(held, new.metric, served.stamp if served else None, now)
    return Applied.APPLIED


def _assume_other(held: HeldDevice, new: Reading) -> None:
    """Take that a first value which is pushed is a change: pushes tell of nothing else."""
    if not held.edges.knows(new.metric):
        held.edges.see(new.metric, on=not new.value)


def _assume_off(held: HeldDevice, metric: Metric) -> None:
    if not held.edges.knows(metric):
        held.edges.see(metric, on=False)


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
    """Let the edges see the bool that is served, and a leak that so far only a callback told of."""
    reading = held.resolved(metric)
    is_on = reading is not None and bool(reading.value)
    if metric is readings.LEAK:
        # Once the sensor itself was wet it also says when the leak ends, and when it comes back.
        was_told = held.leak_told
        held.leak_told = was_told and not is_on and held.ledger.has_pushed_leak()
        is_on = is_on or held.leak_told
        # Without a reading only the callback's own leak can begin and end.
        if reading is None and not was_told:
            return
    elif reading is None:
        return
    is_counted = metric is readings.LEAK and _is_counted(held, reading)
    began = held.edges.see(metric, on=is_on, stamp=stamp, counts=not is_counted)
    if began and metric is readings.LEAK:
        held.leak_counted_at = now.vendor


def _is_counted(held: HeldDevice, reading: Reading | None) -> bool:
    """Return whether the sensor shows a leak that a callback has told of, and been counted for."""
    stamp = None if reading is None else reading.stamp
    return stamp is not None and stamp <= held.leak_told_at
