"""Devices: batteries, radio links, silence, firmware, and what to replace next."""

from typing import Any

from grafana_foundation_sdk.models import dashboard as model

from dashboards.generator import looks
from dashboards.generator.frame import Section, page
from dashboards.generator.looks import BLUE, GREEN, ORANGE, RED, steps
from dashboards.generator.parts import (
    SENSOR,
    SIXTH,
    WHOLE,
    About,
    Query,
    count,
    lines,
    number,
    timeline,
)
from dashboards.generator.queries import about_device, any_of, each, room
from dashboards.generator.tables import Column, rows

_LABELS = {"location": "Home", "room": "Room", "device": "Device"}
_DAY = 86_400
_WEAK = 0.4
#: A pair of lithium or alkaline cells is new at the first and empty at the second.
_FULL_VOLTS, _EMPTY_VOLTS = 3.1, 2.4
_LOW = f"{room('home_battery_low')} == 1 or {room('home_battery_defect')} == 1"
_HEARD = room("home_device_updated_timestamp_seconds")


def left() -> str:
    """Return how much of each battery is left: 0 where its device says low, else a guess."""
    span = _FULL_VOLTS - _EMPTY_VOLTS
    return any_of(
        [
            f"0 * {each(_LOW)}",
            f"clamp(({each(room('home_battery_volts'))} - {_EMPTY_VOLTS}) / {span:.1f}, 0, 1)",
            f"clamp({each(room('home_battery_level'))} / 100, 0, 1)",
        ]
    )


def _now() -> list[Any]:
    online, link = room("home_device_online"), room("home_link_strength_ratio")
    low, quiet = room("home_battery_low"), room("home_device_suspended")
    about = About(title="Devices", text="All there are.", unit="short", width=SIXTH, height=4)
    silent = each(f"time() - {_HEARD} > {_DAY}")
    return [
        number(about, Query(f"count({each(online)})", "Devices")),
        count("Not reached", "By their cloud.", each(f"{online} == 0"), online, ORANGE),
        count("Batteries low", "Or defect.", each(_LOW), low, ORANGE),
        count("Weak links", "Under 40 %.", each(f"{link} < {_WEAK}"), link, ORANGE),
        count("Silent for a day", "A lock may be, a sensor not.", silent, _HEARD, ORANGE),
        count("Suspended", "By their owner.", each(f"{quiet} == 1"), quiet, BLUE),
    ]


def _batteries() -> list[Any]:
    state = f"max by (vendor, location_id, location, room, device, device_id) ({_LOW})"
    flag = any_of(
        [
            f"2 * {each(room('home_battery_defect') + ' == 1')}",
            f"0 * {state} + 1",
            each(room("home_battery_low")),
        ]
    )
    about = About(
        title="What to replace next",
        text="Batteries, the emptiest first. Left: 0 % where the device itself says low, else"
        " guessed from 3.1 V for new and 2.4 V for empty, or the cloud's own level, whose scale is"
        " not documented.",
        unit="none",
        width=WHOLE,
        height=10,
    )
    kinds = each(room("home_device_info"), "model", "hardware_type")
    batteries = ("home_battery_low", "home_battery_volts", "home_battery_level")
    with_battery = " or ".join(room(metric) for metric in batteries)
    columns = [
        Column(
            expr=left(),
            title="Left",
            unit="percentunit",
            decimals=0,
            thresholds=steps(RED, (0.15, ORANGE), (0.35, GREEN)),
        ),
        Column(expr=flag, title="Battery", mappings=looks.LOW),
        Column(expr=each(room("home_battery_volts")), title="Volts", unit="volt", decimals=1),
        Column(expr=f"{kinds}\nand on (vendor, device_id) ({with_battery})"),
    ]
    volts = About(
        title="Battery voltage",
        text="It falls slowly for a year and fast at the end.",
        unit="volt",
        decimals=1,
        height=9,
        thresholds=steps(RED, (2.5, GREEN)),
    )
    level = About(
        title="Battery level",
        text="On the cloud's own scale, which is not documented.",
        unit="none",
        height=9,
    )
    labels = {**_LABELS, "model": "Model", "hardware_type": "Type"}
    return [
        rows(about, labels, *columns, sort=("Left", False), link="security"),
        lines(volts, Query(each(room("home_battery_volts")), SENSOR), limits=True),
        lines(level, Query(each(room("home_battery_level")), SENSOR)),
    ]


def _links() -> list[Any]:
    link = each(room("home_link_strength_ratio"))
    to_parent = about_device(link, "home_device_link_info", "parent")
    # A router is a device whose serial number is the parent's address; any other is a gateway.
    routers = room("home_device_info", 'serial!=""')
    address = f'label_replace({routers}, "parent", "$1", "serial", "(.+)")'
    called = f'label_replace({address}, "router", "$1", "device", "(.+)")'
    router = f"max by (vendor, location_id, parent, router) ({called})"
    on = "on (vendor, location_id, parent)"
    via = any_of(
        [
            f"({to_parent})\n* {on} group_left (router) {router}",
            f'label_replace({to_parent}, "router", "gateway or unknown", "", "")',
        ]
    )
    about = About(
        title="Radio links and their parents",
        text="Strength of each link to its parent in the mesh, the weakest first. Many weak ones"
        " under one parent: move the parent.",
        unit="none",
        width=WHOLE,
        height=10,
    )
    limits = steps(RED, (_WEAK, ORANGE), (0.6, GREEN))
    column = Column(expr=via, title="Link", unit="percentunit", decimals=0, thresholds=limits)
    strength = About(
        title="Link strength",
        text="Strength of the radio link to the parent. Below 40 % messages get lost.",
        unit="percentunit",
        decimals=0,
        height=9,
        thresholds=limits,
    )
    signal = About(
        title="Signal strength",
        text="In a unit that the cloud does not document; only its course tells something.",
        unit="none",
        height=9,
    )
    parents = {"parent": "Parent's address", "router": "Parent"}
    values = each(room("home_signal_strength"), "source")
    return [
        rows(about, {**_LABELS, **parents}, column, sort=("Link", False), link="security"),
        lines(strength, Query(link, SENSOR), limits=True),
        lines(signal, Query(values, f"{SENSOR} ({{{{source}}}})")),
    ]


def _silence() -> list[Any]:
    stamps = room("home_reading_updated_timestamp_seconds")
    about = About(
        title="Silence",
        text="How long ago each device was last heard of, and took each of its readings, by the"
        " cloud's clock. The longest first.",
        unit="none",
        width=WHOLE,
        height=10,
    )
    aged = steps(GREEN, (_DAY / 4, ORANGE), (_DAY, RED))
    columns = [
        Column(expr=f"time() - {each(_HEARD)}", title="Heard of", unit="s", thresholds=aged),
        Column(expr=each(room("home_device_online")), title="Cloud", mappings=looks.ONLINE),
        Column(
            expr=f"time() - min by (vendor, location_id, location, room, device, device_id)"
            f" ({stamps})",
            title="Oldest reading",
            unit="s",
            thresholds=aged,
        ),
    ]
    online = About(
        title="Reached by their cloud",
        text="When each device was.",
        unit="none",
        width=WHOLE,
        height=12,
        mappings=looks.ONLINE,
    )
    return [
        rows(about, _LABELS, *columns, sort=("Heard of", True), link="security"),
        timeline(online, Query(each(room("home_device_online")), SENSOR)),
    ]


def _versions() -> Any:
    about = About(
        title="Models and firmware",
        text="How many devices there are of each kind and firmware. Blank: the cloud does not say.",
        unit="none",
        width=WHOLE,
        height=9,
    )
    kinds = ("model", "hardware_type", "firmware")
    labels = {"location": "Home", "model": "Model", "hardware_type": "Type", "firmware": "Firmware"}
    by = f"count by (vendor, location_id, location, {', '.join(kinds)})"
    column = Column(expr=f"{by} ({each(room('home_device_info'), *kinds)})", title="Devices")
    return rows(about, labels, column, sort=("Devices", True), link="security")


def dashboard() -> model.Dashboard:
    """Return the dashboard."""
    sections = [
        Section("Now", _now()),
        Section("Batteries", _batteries()),
        Section("Radio", _links()),
        Section("Silence", _silence()),
        Section("What they are", [_versions()]),
    ]
    text = "Batteries, radio links, silence and firmware of every device: what to replace next."
    return page("devices", "Devices", text, sections, rooms=True)
