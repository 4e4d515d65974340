"""How a poll or a push changes one held device."""

from dataclasses import replace

from exporter.catalog import Kind, readings
from exporter.model import Activity, ActivityState, Applied, Device, DeviceChange, Reading
from exporter.store import leaks
from exporter.store.held import NEVER, HeldDevice
from exporter.store.moment import Moment
from exporter.store.totals import TotalGuard


def poll(held: HeldDevice, device: Device, began: float, now: Moment, baseline: float) -> None:
    """Take what a poll that was sent at `began` (monotonic) says of the device.

    Activities up to `baseline` (the vendor's time) are its history.
    """
    held.omitted = 0
    held.name, held.room = device.name, device.room
    held.info = device.info
    _note_update(held, device.updated)
    for source in [known for known in held.readings if known not in device.readings]:
        if held.pushed.get(source, NEVER) <= began:
            _note_former(held, source)
            del held.readings[source]
    for source, reading in device.readings.items():
        known = held.readings.get(source)
        # Without two vendor times, only the order of asking and arriving can decide.
        is_undated = reading.stamp is None or known is None or known.stamp is None
        if not ((is_undated or reading.value is None) and held.pushed.get(source, NEVER) > began):
            _take(held, source, reading, now)
    for kind in device.activity_kinds:
        held.ledger.counts.setdefault(kind, 0)
    held.ledger.poll(device.activities, began, now.monotonic, baseline)
    # Of no use any more: the next poll begins later still.
    held.pushed = {source: at for source, at in held.pushed.items() if at > began}
    leaks.look(held, now)


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


def push_activity(held: HeldDevice, activity: Activity, now: Moment, alive_after: float) -> Applied:
    """Take a callback's activity; one that repeats or follows a later state is a duplicate.

    One that was created before `alive_after` (the vendor's clock) is no sign of life.
    """
    before = held.ledger.state(activity)
    is_repeat = held.ledger.was_told(activity)
    is_new = held.ledger.push(activity, now.monotonic)
    if not activity.is_silence:
        held.contact = now.monotonic
    if activity.is_leak:
        is_young = activity.created_at is None or activity.created_at > alive_after
        if is_new and is_young and activity.state is not ActivityState.RESOLVED:
            held.alive = now.monotonic
        leaks.push(held, activity, now, is_new=is_new, is_repeat=is_repeat)
    has_moved = held.ledger.state(activity) is not before
    return Applied.APPLIED if has_moved else Applied.DUPLICATE


def _take(
    held: HeldDevice, source: str, new: Reading, now: Moment, *, is_push: bool = False
) -> Applied:
    _note_former(held, source)
    old = held.readings.get(source)
    if old is None or old.value is None:
        # What was known before it was taken away: nothing older brings it back.
        former = held.former.get(source)
        if former is not None and former.metric is new.metric and _is_older(new, former):
            _see_late(held, new)
            return Applied.OUTDATED
    if old is not None and old.metric is new.metric:
        if _is_older(new, old) and (is_push or new.value is not None):
            _see_late(held, new)
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
            # Pushes tell of changes, so a first value that is pushed was another one before.
            held.edges.assume(new.metric, on=not new.value)
        _see(held, new, now)
    return Applied.APPLIED


def _note_former(held: HeldDevice, source: str) -> None:
    """Remember the last reading that had a time, for when it is taken away."""
    known = held.readings.get(source)
    if known is not None and known.stamp is not None and known.value is not None:
        held.former[source] = known


def _see_late(held: HeldDevice, new: Reading) -> None:
    if new.metric.rises and new.value is not None and new.updated is not None:
        held.edges.see(new.metric, on=bool(new.value), stamp=new.updated)


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


def _see(held: HeldDevice, new: Reading, now: Moment) -> None:
    """Let the edges see the bool that is served, which may be another reading's."""
    if new.metric is readings.LEAK:
        leaks.look(held, now, new.updated)
        return
    if new.value is not None and new.updated is not None:
        # Of two sources that tell of one thing, each at its own time: an edge is learnt from both.
        held.edges.see(new.metric, on=bool(new.value), stamp=new.updated)
        return
    served = held.resolved(new.metric)
    if served is not None:
        # Its value, and so its time: another source's time would put the value at a wrong one.
        # The time that is believed: one in the future would hold up all edges until then.
        held.edges.see(new.metric, on=bool(served.value), stamp=served.updated)
