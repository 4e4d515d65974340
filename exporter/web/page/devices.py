"""A device as the pages show it: all that it says now, and why something is missing."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from exporter.catalog import readings
from exporter.store.freshness import DeviceView
from exporter.store.held import HeldDevice, HeldLocation
from exporter.web.page.links import anchor
from exporter.web.page.looks import Place, Shown, shown, too_old, without_value
from exporter.web.page.moments import Now, When, span
from exporter.web.page.troubles import Severity, Trouble


class DeviceCard(NamedTuple):
    """One device; `marks` are its state in a word each.

    `missing` are sentences about what is hidden, `empty` the labels of what has no value.
    """

    id: str
    name: str
    room: str
    model: str
    device_id: str
    main: list[Shown]
    battery: list[Shown]
    link: list[Shown]
    more: list[Shown]
    heard: When | None
    marks: list[Shown]
    missing: list[str]
    empty: list[str]
    severity: str


def device_cards(
    location: HeldLocation, now: Now, troubles: Iterable[Trouble], wanted: str = ""
) -> Iterator[DeviceCard]:
    """Yield a location's devices, or those that have a text in their names, one by one."""
    worst: dict[str, Severity] = {}
    for one in troubles:
        if one.device is not None:
            known = worst.get(one.device.id, Severity.NONE)
            worst[one.device.id] = min(known, one.severity)
    for device in list(location.devices.values()):
        if wanted in "\n".join(device.names).casefold():
            severity = worst.get(device.id, Severity.NONE)
            yield _card(location, device, now, severity)


def _card(location: HeldLocation, device: HeldDevice, now: Now, severity: Severity) -> DeviceCard:
    view = DeviceView(location, device, now.monotonic)
    found = shown(device, view)
    updated = device.updated
    return DeviceCard(
        id=anchor("device", *location.key, device.id),
        name=device.title,
        room=device.room if device.title != device.room else "",
        model=device.info.get("model", "") or device.info.get("hardware_type", ""),
        device_id=device.id,
        main=found[Place.MAIN],
        battery=found[Place.BATTERY],
        link=found[Place.LINK],
        more=found[Place.MORE],
        heard=None if updated is None else now.since(updated - location.offset),
        marks=list(_marks(device, view)),
        missing=list(_missing(device, view, now)),
        empty=list(without_value(device)),
        severity=severity.word,
    )


def _marks(device: HeldDevice, view: DeviceView) -> Iterator[Shown]:
    best = device.best()
    online = best.get((readings.DEVICE_ONLINE, ()))
    suspended = best.get((readings.DEVICE_SUSPENDED, ()))
    if online is not None and not online.value:
        yield Shown("State", "offline", "warning")
    if suspended is not None and suspended.value:
        yield Shown("State", "suspended")
    if view.is_fresh and not view.is_alive:
        yield Shown("State", "silent", "warning")


def _missing(device: HeldDevice, view: DeviceView, now: Now) -> Iterator[str]:
    """Yield why readings of a device are not shown."""
    location = view.location
    if not device.readings:
        yield "The vendor tells no reading of it."
    elif not view.is_fresh:
        yield "Its readings are hidden, as those of the whole location."
    elif not view.is_alive:
        limit = span(location.policy.device_stale_after)
        yield f"Its readings are hidden: it took the last one more than {limit} ago."
    for label, reading in too_old(device, view):
        if reading.updated is not None:
            age = now.since(reading.updated - location.offset).words
            yield f"{label} is hidden: taken {age}."
    if device.omitted:
        yield "The last answer left it out; it goes when the next one does so too."
