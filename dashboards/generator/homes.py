"""Homes: is everything all right, and where is it not."""

from typing import Any

from grafana_foundation_sdk.models import dashboard as model

from dashboards.generator import looks
from dashboards.generator.frame import Section, page
from dashboards.generator.looks import GREEN, ORANGE, RED, steps
from dashboards.generator.parts import (
    SIXTH,
    WHOLE,
    About,
    Query,
    bars,
    count,
    lines,
    number,
)
from dashboards.generator.queries import (
    LOUD,
    any_of,
    each,
    held,
    held_home,
    homes,
    named,
    place,
    says,
)
from dashboards.generator.tables import Column, rows

_COLD = 5
_HELD_WET = f"{held('leak_detected')} or {held('leak_alarmed')}"
_WET = f"{place('home_leak_detected')} > 0 or {place('home_leak_alarmed')} > 0 or {_HELD_WET}"
_HELD_FIRE = held("fire_detected")
_FIRE = f"{place('home_fire_detected')} > 0 or {_HELD_FIRE}"
_BREACHED = f"{place('home_alarm_state', LOUD)} > 0 or {held_home('alarm_breached')}"


def _count(title: str, text: str, wanted: str, base: str) -> Any:
    unknown = "“No data” means that nobody knows: see the Exporter dashboard."
    return count(title, f"{text} {unknown}", wanted, base, RED)


def _glance() -> list[Any]:
    leaks = place("home_leak_detected")
    fires, states, up = place("home_fire_detected"), place("home_alarm_state"), place("home_up")
    coldest = About(
        title="Coldest room",
        text="The lowest air temperature of all rooms. Below 5 °C pipes are at risk.",
        unit="celsius",
        width=SIXTH,
        height=4,
        decimals=1,
        thresholds=steps(RED, (_COLD, ORANGE), (12, GREEN)),
    )
    power = About(
        title="Power now",
        text="Demand at the electricity meters of all chosen homes together.",
        unit="watt",
        width=SIXTH,
        height=4,
    )
    temperature = each(place("home_temperature_celsius"))
    return [
        _count("Wet sensors", "Sensors that are wet or whose cloud says so.", each(_WET), leaks),
        _count("Fires", "Sensors of smoke or heat.", each(_FIRE), fires),
        _count(
            "Alarms going off",
            "Homes whose alarm is BREACHED or TRIGGERED.",
            homes(_BREACHED),
            homes(states),
        ),
        _count("Homes not heard of", "Homes without a fresh poll.", homes(f"{up} == 0"), homes(up)),
        number(
            coldest, Query(f"bottomk(1, {temperature})", "{{location}}, {{room}}"), lasting=True
        ),
        number(power, Query(f"sum({each(place('home_power_watts'))})", "Power")),
    ]


def _attention() -> Any:
    quiet = (
        f"unless on (vendor, device_id) {place('home_device_suspended')} == 1\n"
        f"unless on (vendor, location_id) {place('home_location_suspended')} == 1"
    )
    cold = f"{place('home_temperature_celsius')} < {_COLD}"
    below = place("home_temperature_threshold_celsius", 'bound="min"')
    freezer = f"unless on (vendor, device_id) {below} < 0"
    devices = [
        ("1 now", "Leak", _WET),
        ("1 now", "Fire", _FIRE),
        ("1 now", f"Colder than {_COLD} °C", f"{cold}\n{freezer}"),
        ("1 now", "Tampered with", f"{place('home_tamper_detected')} > 0"),
        ("2 soon", "Lock jammed", f"{place('home_lock_jammed')} > 0"),
        ("2 soon", "Not reached by its cloud", f"{place('home_device_online')} == 0"),
        ("3 some day", "Battery low", f"{place('home_battery_low')} > 0"),
        ("3 some day", "Battery defect", f"{place('home_battery_defect')} > 0"),
    ]
    found = any_of([says(each(expr), urgency, what) for urgency, what, expr in devices])
    up = place("home_up")
    whole = [
        says(homes(_BREACHED), "1 now", "Alarm going off"),
        says(homes(f"{up} == 0"), "2 soon", "Home not heard of"),
        # A row in any case: an empty table would look the same whether all is well or nobody looks.
        says(f"count({homes(up)} == 1)", "4 for your information", "Other homes are heard of"),
    ]
    about = About(
        title="Needs attention",
        text="What to look at first. What is suspended, and freezers, are left out.",
        unit="none",
        width=WHOLE,
        height=9,
    )
    labels = {"urgency": "When", "what": "What", "location": "Home", "room": "Room"}
    return rows(
        about,
        {**labels, "device": "Device"},
        Column(expr=any_of([f"(({found})\n{quiet})", *whole])),
        sort=("When", False),
        link="devices",
    )


def _overview() -> Any:
    state = "max by (vendor, location_id, location, home_alarm_state)"
    columns = [
        Column(expr=homes(place("home_up")), title="Cloud", mappings=looks.UP),
        Column(expr=f"{state} ({place('home_alarm_state')} == 1)"),
        Column(
            expr=homes(f"{place('home_leak_detected')} or ({_HELD_WET}) > bool 0"),
            title="Water",
            mappings=looks.WET,
        ),
        Column(
            expr=homes(f"{place('home_fire_detected')} or {held('fire_detected')} > bool 0"),
            title="Fire",
            mappings=looks.FIRE,
        ),
        Column(
            expr=homes(place("home_temperature_celsius"), "min"),
            title="Coldest",
            unit="celsius",
            decimals=1,
            thresholds=steps(RED, (_COLD, ORANGE), (12, GREEN)),
        ),
        Column(expr=homes(each(place("home_power_watts")), "sum"), title="Power", unit="watt"),
    ]
    about = About(
        title="Every home",
        text="One line for each home; click its name for its climate. Blank: no such sensor.",
        unit="none",
        width=WHOLE,
        height=9,
    )
    labels = {"location": "Home", "home_alarm_state": "Alarm"}
    return rows(about, labels, *columns, sort=("Home", False), link="climate")


def _courses() -> list[Any]:
    coldest = About(
        title="Coldest room of each home",
        text="The lowest air temperature in each home. The line marks 5 °C.",
        unit="celsius",
        decimals=1,
        thresholds=steps(RED, (_COLD, GREEN)),
    )
    power = About(
        title="Power of each home", text="Demand at each home's meter.", unit="watt", low=0
    )
    events = About(
        title="What happened",
        text="Times that a leak, fire, motion, an opening, tampering or (un)locking began.",
        unit="short",
        width=WHOLE,
        height=7,
        decimals=0,
    )
    happened = f"sum by (event) (increase({place('home_events_total')}[$__rate_interval]))"
    cold = named(homes(place("home_temperature_celsius"), "min"))
    watts = named(homes(each(place("home_power_watts")), "sum"))
    return [
        lines(coldest, Query(cold, "{{home}}"), limits=True),
        lines(power, Query(watts, "{{home}}")),
        bars(events, Query(happened, "{{event}}")),
    ]


def dashboard() -> model.Dashboard:
    """Return the dashboard."""
    sections = [
        Section("At a glance", [*_glance(), _attention()]),
        Section("Homes", [_overview(), *_courses()]),
    ]
    text = "All homes at a glance: leaks, fire, alarms, cold, power, and what needs attention."
    return page("homes", "Homes", text, sections)
