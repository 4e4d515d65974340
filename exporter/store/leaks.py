"""One leak is one event, though the sensor and the vendor's own alarm both tell of it."""

from exporter.catalog import readings
from exporter.model import Activity, ActivityState, Reading
from exporter.store.held import HeldDevice
from exporter.store.moment import Moment

_ALARMED = "alarmed"


def push(
    held: HeldDevice, activity: Activity, now: Moment, *, is_new: bool, is_repeat: bool
) -> None:
    """Take the alarm of a callback; what a poll made of it since is not undone by a repeat."""
    alarmed = held.ledger.has_pushed_leak()
    if not is_repeat and (alarmed or activity.state is ActivityState.RESOLVED):
        held.readings[_ALARMED] = Reading(readings.LEAK_ALARMED, float(alarmed))
        held.pushed[_ALARMED] = now.monotonic
    if is_new:
        held.edges.preset(readings.LEAK)
        created = now.vendor if activity.created_at is None else activity.created_at
        is_known = created <= max(held.leak_seen_until, held.leak_told_until)
        if not is_known and not held.edges.is_on(readings.LEAK):
            held.leak_told = True
            held.edges.assume(readings.LEAK, on=False)
            held.edges.see(readings.LEAK, on=True)
    look(held, now)


def look(held: HeldDevice, now: Moment, stamp: float | None = None) -> None:
    """Let the edges see what the sensor shows, and a leak that so far only a callback told of.

    Once the sensor itself was wet it alone says when the leak ends, and when it comes back.
    """
    reading = held.resolved(readings.LEAK)
    shows = reading is not None and bool(reading.value)
    was_told, was_on = held.leak_told, held.edges.is_on(readings.LEAK)
    held.leak_told = was_told and not shows and held.ledger.has_pushed_leak()
    if was_told and not shows:
        held.leak_told_until = now.vendor
    if reading is None and not was_told:
        return
    # The sensor may show late what a callback told of, and was counted.
    seen = None if reading is None else reading.updated
    is_counted = seen is not None and seen <= held.leak_told_until
    is_on = shows or held.leak_told
    held.edges.see(readings.LEAK, on=is_on, stamp=stamp, counts=not is_counted)
    if shows:
        held.leak_seen_until = now.vendor
    elif was_on and not was_told:
        held.leak_seen_until = now.vendor if seen is None else max(seen, held.leak_seen_until)
