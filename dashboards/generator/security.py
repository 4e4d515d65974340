"""Security: the alarm, doors, motion and locks, now and over time."""

from typing import Any

from grafana_foundation_sdk.models import dashboard as model

from dashboards.generator import looks
from dashboards.generator.frame import Section, page
from dashboards.generator.looks import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    YELLOW,
    Said,
    words,
)
from dashboards.generator.parts import (
    SENSOR,
    WHOLE,
    About,
    Query,
    bars,
    count,
    number,
    timeline,
)
from dashboards.generator.queries import LOUD, any_of, each, homes, named, place, room
from dashboards.generator.tables import Column, rows

#: What the cloud's states are shown as, in one number for each: matcher, words, colour.
_ALARM = (
    ("DISARMED", "Disarmed", GREY),
    ("ARMED_AWAY", "Armed, away", GREEN),
    ("ARMED_NIGHT", "Armed, night", BLUE),
    ("ARMED_STAY|ARMED_PARTLY", "Armed, partly", BLUE),
    (".*PENDING", "About to change", YELLOW),
    ("BREACHED", "BREACHED", RED),
    ("TRIGGERED", "TRIGGERED", RED),
)
_ALARM_WORDS = words(
    *(Said(code, text, colour) for code, (_, text, colour) in enumerate(_ALARM)),
    Said(len(_ALARM), "Another state", ORANGE),
)
_ARMED = 'home_alarm_state=~"ARMED.*"'


def alarm() -> str:
    """Return one number for the state of each alarm, as a timeline needs."""

    def now(matchers: str = "") -> str:
        return homes(f"{place('home_alarm_state', matchers)} == 1")

    found = [
        f"{code} * " + now(f'home_alarm_state=~"{state}"')
        for code, (state, _, _) in enumerate(_ALARM)
    ]
    return any_of([*found, f"{len(_ALARM)} * {now()}"])


def _now() -> list[Any]:
    door, motion = room("home_contact_open"), room("home_motion_detected")
    lock, tamper = room("home_lock_locked"), room("home_tamper_detected")
    states, loud = homes(place("home_alarm_state")), place("home_alarm_state", LOUD)
    armed = f"{place('home_alarm_state', _ARMED)} == 1"
    while_armed = f"{door} == 1 and on (vendor, location_id) ({armed})"
    return [
        count("Alarms going off", "BREACHED or TRIGGERED.", homes(f"{loud} > 0"), states, RED),
        count("Armed homes", "However they are armed.", homes(armed), states, BLUE),
        count("Open", "Doors and windows.", each(f"{door} == 1"), door, ORANGE),
        count("Open while armed", "Doors and windows.", each(while_armed), door, RED),
        count("Unlocked", "Locks.", each(f"{lock} == 0"), lock, ORANGE),
        count("Tampered with", "Devices.", each(f"{tamper} == 1"), tamper, RED),
        _moving(motion),
    ]


def _moving(motion: str) -> Any:
    about = About(
        title="Motion by room",
        text="How often motion began in each room in the chosen time.",
        unit="short",
        width=WHOLE,
        height=5,
        decimals=0,
    )
    began = room("home_events_total", 'event="motion"')
    by = "sum by (vendor, location_id, location, room)"
    seen = f"{by} (increase({began}[$__range])) and on (vendor, location_id) {motion}"
    return number(about, Query(seen, "{{location}}, {{room}}"), lasting=True)


def _timelines() -> list[Any]:
    state = About(
        title="Alarm",
        text="State of each home's alarm. A change that came and went between two scrapes is in"
        " “Changes of the alarm”.",
        unit="none",
        width=WHOLE,
        height=6,
        mappings=_ALARM_WORDS,
    )
    doors = About(
        title="Doors and windows",
        text="When each was open.",
        unit="none",
        height=10,
        mappings=looks.DOOR,
    )
    locks = About(
        title="Locks", text="When each was locked, and jammed.", unit="none", mappings=looks.LOCKED
    )
    motion = About(
        title="Motion",
        text="When each sensor saw someone.",
        unit="none",
        height=10,
        mappings=looks.MOTION,
    )
    fire = About(
        title="Smoke and heat",
        text="When each detector saw a fire.",
        unit="none",
        mappings=looks.FIRE,
    )
    jammed = f"2 * ({each(room('home_lock_jammed'))} == 1)"
    locked = any_of([jammed, each(room("home_lock_locked"))])
    return [
        timeline(state, Query(named(f"({alarm()})"), "{{home}}")),
        timeline(doors, Query(each(room("home_contact_open")), SENSOR)),
        timeline(motion, Query(each(room("home_motion_detected")), SENSOR)),
        timeline(locks, Query(locked, SENSOR)),
        timeline(fire, Query(each(room("home_fire_detected")), SENSOR)),
    ]


def _events() -> list[Any]:
    events = About(
        title="Events",
        text="Times that something began. Counted by the exporter, so that none is lost between"
        " two scrapes.",
        unit="short",
        decimals=0,
    )
    changes = About(
        title="Changes of the alarm",
        text="How often the alarms went to each state.",
        unit="short",
        decimals=0,
    )
    happened = f"sum by (event) (increase({room('home_events_total')}[$__rate_interval]))"
    # A home that is never armed has no change to show; the zero keeps its panel in place.
    changed = any_of([f"{_changes()} > 0", _changes('state="DISARMED"')])
    return [
        bars(events, Query(happened, "{{event}}")),
        bars(changes, Query(changed, "{{state}}")),
        _busiest(),
    ]


def _changes(matchers: str = "") -> str:
    changes = place("home_alarm_state_changes_total", matchers)
    return f"sum by (state) (increase({changes}[$__rate_interval]))"


def _busiest() -> Any:
    def seen(event: str) -> str:
        events = room("home_events_total", f'event="{event}"')
        return each(f"increase({events}[$__range])")

    about = About(
        title="Events by device",
        text="How often each device saw something begin in the chosen time.",
        unit="short",
        width=WHOLE,
        height=9,
    )
    columns = [
        Column(expr=seen(event), title=title, unit="short", decimals=0)
        for event, title in (
            ("open", "Opened"),
            ("motion", "Motion"),
            ("unlock", "Unlocked"),
            ("tamper", "Tampered"),
        )
    ]
    labels = {"location": "Home", "room": "Room", "device": "Device"}
    return rows(about, labels, *columns, sort=("Opened", True), link="devices")


def dashboard() -> model.Dashboard:
    """Return the dashboard."""
    sections = [
        Section("Now", _now()),
        Section("Over time", _timelines()),
        Section("Events", _events()),
    ]
    text = "The alarm, doors, windows, motion, locks and detectors, now and over time."
    return page("security", "Security", text, sections, rooms=True)
