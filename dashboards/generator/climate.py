"""Climate: temperature, humidity, and whether mould can grow."""

from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from dashboards.generator import looks
from dashboards.generator.frame import Section, page
from dashboards.generator.looks import BLUE, GREEN, ORANGE, RED, Span, ranges, steps
from dashboards.generator.parts import SENSOR, WHOLE, About, Query, lines, timeline
from dashboards.generator.queries import each, room
from dashboards.generator.tables import Column, rows

_T = each(room("home_temperature_celsius"))
_RH = each(room("home_humidity_ratio"))
_SAME = "on (vendor, device_id) group_left ()"
_MOULD = 0.8
_DRY = 0.3


def _vapour(temperature: str) -> str:
    """Magnus' exponent over water: saturation pressure is 6.112 hPa times e to it."""
    return f"17.62 * ({temperature}) / {_SAME} (243.12 + ({temperature}))"


def dew_point() -> str:
    """Return the dew point in degrees of each sensor of both temperature and humidity."""
    gamma = f"(ln({_RH} > 0) + {_SAME} {_vapour(_T)})"
    return f"243.12 * {gamma}\n/ {_SAME} (17.62 - {gamma})"


def at_the_wall() -> str:
    """Return the relative humidity at a surface that is colder than the room by $wall degrees."""
    # What the same vapour comes to at the colder surface.
    more = f"exp({_vapour(_T)} - {_SAME} {_vapour(f'{_T} - $wall')})"
    return f"clamp_max({_RH} * {_SAME} {more}, 1)"


_MOULD_WORDS = ranges(
    Span(None, 0.7, "No", GREEN), Span(0.7, _MOULD, "Watch", ORANGE), Span(_MOULD, None, "YES", RED)
)


def _now() -> Any:
    wanted = room("home_temperature_threshold_celsius", 'bound="min"')
    warmth = steps(RED, (5, ORANGE), (12, GREEN), (30, ORANGE))
    columns = [
        Column(expr=_T, title="Air", unit="celsius", decimals=1, thresholds=warmth),
        Column(expr=_RH, title="Humidity", unit="percentunit", decimals=0),
        Column(expr=dew_point(), title="Dew point", unit="celsius", decimals=1),
        Column(expr=at_the_wall(), title="Mould", mappings=_MOULD_WORDS),
        Column(expr=each(wanted), title="Alert below", unit="celsius"),
    ]
    about = About(
        title="Rooms now",
        text="What each sensor says now, and below what its owner wants an alert. Mould can"
        " grow where humidity at the coldest wall stays above 80 %.",
        unit="none",
        width=WHOLE,
        height=10,
    )
    labels = {"location": "Home", "room": "Room", "device": "Device"}
    return rows(about, labels, *columns, sort=("Air", False), link="devices")


def _courses() -> list[Any]:
    temperature = About(
        title="Temperature",
        text="Air temperature by sensor; dashed, the owner's own alert thresholds, where the cloud"
        " has them.",
        unit="celsius",
        height=11,
        decimals=1,
        thresholds=steps(RED, (5, GREEN), (30, ORANGE)),
    )
    humidity = About(
        title="Humidity",
        text="Relative humidity by sensor; dashed, the owner's own alert thresholds. 30 to 60 % is"
        " comfortable.",
        unit="percentunit",
        height=11,
        decimals=0,
        thresholds=steps(ORANGE, (_DRY, GREEN), (0.7, ORANGE)),
    )
    bounds = "{{bound}} wanted: {{location}}, {{room}}"
    wanted = each(room("home_temperature_threshold_celsius"), "bound")
    wanted_humidity = each(room("home_humidity_threshold_ratio"), "bound")
    return [
        lines(
            temperature,
            Query(_T, SENSOR),
            Query(wanted, bounds),
            dashed="/ wanted: /",
            limits=True,
        ),
        lines(
            humidity,
            Query(_RH, SENSOR),
            Query(wanted_humidity, bounds),
            dashed="/ wanted: /",
            limits=True,
        ),
    ]


def _moisture() -> list[Any]:
    dew = About(
        title="Dew point",
        text="At surfaces colder than this, water condenses (Magnus formula over water). Only for"
        " sensors of both temperature and humidity.",
        unit="celsius",
        decimals=1,
    )
    wall = About(
        title="Humidity at a cold wall",
        text="Relative humidity at a surface that is colder than the room by “Wall colder by”."
        " Above 80 % for days mould grows.",
        unit="percentunit",
        decimals=0,
        thresholds=steps(GREEN, (0.7, ORANGE), (_MOULD, RED)),
    )
    return [
        lines(dew, Query(dew_point(), SENSOR)),
        lines(wall, Query(at_the_wall(), SENSOR), limits=True),
    ]


def _last_week() -> list[Any]:
    about = About(
        title="Warmer than a week ago",
        text="Difference to the same time last week, by sensor: a heater that failed shows before"
        " the room is cold. Needs a week of history.",
        unit="celsius",
        decimals=1,
        thresholds=steps(BLUE, (-2, GREEN), (2, ORANGE)),
        empty="A week of history is needed",
    )
    damp = About(
        title="More humid than a week ago",
        text="Difference of the relative humidity to the same time last week, by sensor.",
        unit="percentunit",
        decimals=0,
        thresholds=steps(BLUE, (-0.1, GREEN), (0.1, ORANGE)),
        empty="A week of history is needed",
    )

    def difference(metric: str) -> str:
        return f"{each(room(metric))}\n- {_SAME} {each(room(metric) + ' offset 1w')}"

    return [
        lines(about, Query(difference("home_temperature_celsius"), SENSOR)),
        lines(damp, Query(difference("home_humidity_ratio"), SENSOR)),
    ]


def _thermostats() -> list[Any]:
    about = About(
        title="Thermostats",
        text="What each thermostat measures in the air and the floor; dashed, what it is set to.",
        unit="celsius",
        decimals=1,
    )
    heating = About(
        title="Heating",
        text="When each thermostat's relay was on.",
        unit="none",
        mappings=looks.HEATING,
    )
    only = "and on (vendor, device_id) home_thermostat_heating"
    setpoint = each(room("home_thermostat_setpoint_celsius", 'mode="heating"'))
    return [
        lines(
            about,
            Query(f"{_T} {only}", f"Air: {SENSOR}"),
            Query(each(room("home_floor_temperature_celsius")), f"Floor: {SENSOR}"),
            Query(setpoint, f"Set to: {SENSOR}"),
            dashed="/^Set to/",
        ),
        timeline(heating, Query(each(room("home_thermostat_heating")), SENSOR)),
    ]


def dashboard() -> model.Dashboard:
    """Return the dashboard."""
    wall = build.CustomVariable("wall").label("Wall colder by").values("2,4,6,8")
    wall = wall.description("How much colder than the room its coldest wall is, in degrees.")
    wall = wall.current(model.VariableOption(selected=True, text="4", value="4"))
    sections = [
        Section("Now", [_now()]),
        Section("Temperature and humidity", _courses()),
        Section("Dew point and mould", _moisture()),
        Section("Against last week", _last_week()),
        Section("Heating", _thermostats()),
    ]
    text = "Temperature and humidity by room, dew point, mould, and the same time last week."
    return page("climate", "Climate", text, sections, rooms=True, more=[wall])
