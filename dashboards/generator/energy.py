"""Energy: what is used, what it costs, and the peaks that the grid company bills.

The total of the meter moves once an hour and may land a poll late, so what happens within hours
is taken from the power, and from the total only what happens in days.
"""

from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from dashboards.generator.billing import day_peak, peaks, used
from dashboards.generator.frame import Section, page
from dashboards.generator.looks import GREEN, ORANGE, RED, Span, ranges, steps
from dashboards.generator.parts import (
    QUARTER,
    SENSOR,
    THIRD,
    WHOLE,
    About,
    Query,
    bars,
    lines,
    number,
)
from dashboards.generator.queries import each, homes, named, place
from dashboards.generator.tables import Column, rows

_POWER = homes(each(place("home_power_watts")), "sum")
_JOULES = "3.6e6"

_STEPS = ranges(
    *(
        Span(low, high, f"{low} to {high} kW", colour)
        for low, high, colour in (
            (0, 2, GREEN),
            (2, 5, GREEN),
            (5, 10, ORANGE),
            (10, 15, ORANGE),
            (15, 20, RED),
            (20, 25, RED),
        )
    ),
    Span(25, None, "above 25 kW", RED),
)


def _now() -> list[Any]:
    power = About(
        title="Power now",
        text="Demand at each meter. What it says while power is exported is not known.",
        unit="watt",
        width=THIRD,
        height=5,
        thresholds=steps(GREEN, (5_000, ORANGE), (10_000, RED)),
    )
    today = About(
        title="Used today",
        text="Mean power since midnight, times the time since.",
        unit="kwatth",
        width=THIRD,
        height=5,
        decimals=1,
        period="now/d",
    )
    age = About(
        title="Age of the reading",
        text="How long ago each meter was last heard of. It speaks every 10 seconds or so.",
        unit="s",
        width=THIRD,
        height=5,
        thresholds=steps(GREEN, (900, ORANGE), (3600, RED)),
    )
    mean = homes(each(f"avg_over_time({place('home_power_watts')}[$__range])"), "sum")
    stamp = place("home_reading_updated_timestamp_seconds", 'reading="power"')
    return [
        number(power, Query(named(_POWER), "{{home}}"), lasting=True),
        number(today, Query(named(f"{mean} * $__range_s / {_JOULES}"), "{{home}}"), lasting=True),
        number(age, Query(named(f"time() - {homes(stamp)}"), "{{home}}"), lasting=True),
    ]


def _courses() -> list[Any]:
    power = About(title="Power", text="Demand at each meter.", unit="watt", width=WHOLE, height=9)
    hourly = About(
        title="Energy per hour",
        text="Mean power of each hour, which is its energy; the bar stands at the hour's begin.",
        unit="kwatth",
        decimals=2,
    )
    daily = About(
        title="Energy per day",
        text="Growth of the meter's total in each day of the last 30, today so far included. The"
        " cloud moves the total once an hour, so the edges are an hour wide.",
        unit="kwatth",
        decimals=1,
        period="30d",
    )
    hour = homes(each(f"avg_over_time({place('home_power_watts')}[1h] offset -1h)"), "sum")
    day = f"increase({place('home_energy_imported_joules_total')}[1d] offset -1d)"
    return [
        lines(power, Query(named(_POWER), "{{home}}")),
        bars(hourly, Query(named(f"{hour} / 1000"), "{{home}}", "1h")),
        bars(daily, Query(named(f"{homes(each(day), 'sum')} / {_JOULES}"), "{{home}}", "1d")),
    ]


def _tariffs() -> list[Any]:
    columns = []
    for tariff, joined in (("Day", "and"), ("Night", "unless")):
        energy = used(joined)
        columns += [
            Column(expr=energy, title=tariff, unit="kwatth", decimals=1),
            Column(expr=f"{energy} * $price_{tariff.lower()}", title=f"{tariff} costs", decimals=0),
        ]
    about = About(
        title="By tariff",
        text="Energy of the whole hours in the chosen time, and what it costs at the prices above."
        " Day: Monday to Friday 6 to 22 local time; night: all other hours.",
        unit="none",
        width=WHOLE,
        height=6,
        empty="Choose a time of two hours or more",
    )
    return [rows(about, {"location": "Home"}, *columns, sort=("Home", False), link="homes")]


def _peaks() -> list[Any]:
    three = About(
        title="The three highest hours",
        text="The highest hours of this month, each of another day, as Norwegian grid companies"
        " bill them: mean power from hour to hour.",
        unit="kwatt",
        height=9,
        decimals=2,
        period="now/M",
    )
    mean = About(
        title="Billed by",
        text="Mean of the three highest hours of this month: it decides the step of the tariff.",
        unit="kwatt",
        width=QUARTER,
        height=9,
        decimals=2,
        thresholds=steps(GREEN, (5, ORANGE), (15, RED)),
        period="now/M",
    )
    step = About(
        title="Step of the tariff",
        text="The step that most grid companies have for that mean.",
        unit="kwatt",
        width=QUARTER,
        height=9,
        mappings=_STEPS,
        period="now/M",
    )
    days = About(
        title="Highest hour of each day",
        text="Of each day of this month; the three highest of these bars are billed.",
        unit="kwatt",
        width=WHOLE,
        decimals=2,
        period="now/M",
    )
    billed = named(f"avg by (vendor, location_id, location) ({peaks()})")
    # Here Grafana asks at local midnights by itself, so nothing is shifted.
    local = homes(day_peak().replace(" offset ${tz}h", ""))
    ranks = Column(expr=peaks(), title="Hour", unit="kwatt", decimals=2)
    return [
        rows(
            three, {"location": "Home", "ago": "Days ago"}, ranks, sort=("Hour", True), link="homes"
        ),
        number(mean, Query(billed, "{{home}}"), lasting=True),
        number(step, Query(billed, "{{home}}"), lasting=True),
        bars(days, Query(named(local), "{{home}}", "1d"), stacked=False),
    ]


def _more() -> list[Any]:
    sold = About(
        title="Exported per day",
        text="Growth of the total that was sold to the grid, in each of the last 30 days. Empty"
        " where nothing ever was: a total of 0 that never moves is not believed.",
        unit="kwatth",
        width=THIRD,
        decimals=1,
        period="30d",
        empty="Nothing was exported",
    )
    week = About(
        title="More than a week ago",
        text="Mean power of three hours, less the same a week before. Needs a week of history.",
        unit="watt",
        width=THIRD,
        empty="A week of history is needed",
    )
    heating = About(
        title="Heating circuits",
        text="Mean power of each thermostat's circuit over ten minutes.",
        unit="watt",
        width=THIRD,
    )
    exported = f"increase({place('home_energy_exported_joules_total')}[1d] offset -1d)"
    mean = homes(each(f"avg_over_time({place('home_power_watts')}[3h])"), "sum")
    before = homes(each(f"avg_over_time({place('home_power_watts')}[3h] offset 1w)"), "sum")
    circuits = each(place("home_thermostat_power_watts"))
    total = f"{homes(each(exported), 'sum')} / {_JOULES}"
    return [
        bars(sold, Query(named(total), "{{home}}", "1d")),
        lines(
            week,
            Query(named(f"{mean}\n- on (vendor, location_id) group_left () {before}"), "{{home}}"),
        ),
        lines(heating, Query(circuits, SENSOR)),
    ]


def _variables() -> list[Any]:
    zone = build.CustomVariable("tz").label("Local time").values("UTC+1 : 1,UTC+2 : 2,UTC+3 : 3")
    zone = zone.description("Hours that local time is ahead: Norway 1 in winter, 2 in summer.")
    zone = zone.current(model.VariableOption(selected=True, text="UTC+1", value="1"))
    prices = [
        build.TextBoxVariable(f"price_{tariff}")
        .label(f"Price by {tariff}")
        .description("All that is paid for a kWh, grid and taxes included, in any currency.")
        .default_value(price)
        .current(model.VariableOption(selected=True, text=price, value=price))
        for tariff, price in (("day", "1.50"), ("night", "1.35"))
    ]
    return [zone, *prices]


def dashboard() -> model.Dashboard:
    """Return the dashboard."""
    sections = [
        Section("Now", _now()),
        Section("Use", _courses()),
        Section("Cost by tariff", _tariffs()),
        Section("Peaks of the month", _peaks()),
        Section("Export, last week, heating", _more()),
    ]
    text = "Power and energy, their cost by tariff, and the peaks that the grid company bills."
    return page("energy", "Energy", text, sections, more=_variables(), period="now-2d")
