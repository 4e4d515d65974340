"""What all dashboards share: variables, links between them, and annotations."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from dashboards.generator.parts import SENSOR, SOURCE
from dashboards.generator.queries import HOME, LOUD, any_of, each, homes, named, place

TAG = "home-exporter"
_ALL = model.VariableOption(selected=True, text=["All"], value=["$__all"])
_LABEL_VALUES, _QUERY_RESULT = 1, 3


class Section(NamedTuple):
    """A row's title and the panels below it."""

    title: str
    panels: Sequence[Any]


def page(  # noqa: PLR0913 - a page is what these say
    uid: str,
    title: str,
    text: str,
    sections: Sequence[Section],
    *,
    rooms: bool = False,
    more: Sequence[Any] = (),
    period: str = "now-24h",
) -> model.Dashboard:
    """Put a dashboard together."""
    made = build.Dashboard(f"Home: {title}").uid(f"home-{uid}").description(text).tags([TAG])
    made = made.readonly().timezone("browser").time(period, "now").refresh("1m")
    made = made.tooltip(model.DashboardCursorSync.CROSSHAIR)
    for variable in [*_variables(rooms=rooms), *more]:
        made = made.with_variable(variable)
    for annotation in _annotations():
        made = made.annotation(annotation)
    made = made.link(_link())
    for section in sections:
        made = made.with_row(build.Row(section.title))
        for panel in section.panels:
            made = made.with_panel(panel)
    return _numbered(made.build())


def _numbered(made: model.Dashboard) -> model.Dashboard:
    """Give each panel an id: links to one panel and screenshots of it need them to stay."""
    for number, panel in enumerate(made.panels or [], start=1):
        panel.id_val = number
    # The default hides the links in a menu.
    for link in made.links or []:
        link.placement = None  # type: ignore[assignment]  # so that it is left out
    return made


def _query(name: str, label: str, kind: int, query: str) -> build.QueryVariable:
    text: dict[str, object] = {"qryType": kind, "query": query, "refId": f"{name}-variable"}
    made = build.QueryVariable(name).label(label).datasource(SOURCE).query(text).definition(query)
    made = made.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
    made = made.sort(model.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
    # `.*` and not a list of all: a room may have no name, and a list of 2,000 ids is too long.
    return made.multi(multi=True).include_all(include_all=True).all_value(".*").current(_ALL)


def _variables(*, rooms: bool) -> list[Any]:
    up = 'home_up{vendor=~"$vendor"}'
    location = named(f"max by ({HOME}) ({up})")
    places = _query(
        "location",
        "Home",
        _QUERY_RESULT,
        f"query_result(max by (home, location_id) ({location}))",
    )
    found = [
        build.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _query("vendor", "Cloud", _LABEL_VALUES, "label_values(home_up, vendor)"),
        places.regex('/home="(?<text>.*)",location_id="(?<value>[^"]*)"/'),
    ]
    if rooms:
        query = f"label_values({place('home_device_info')}, room)"
        found.append(_query("room", "Room", _LABEL_VALUES, query))
    return found


def _link() -> build.DashboardLink:
    link = build.DashboardLink("Home dashboards").type(model.DashboardLinkType.DASHBOARDS)
    link = link.tags([TAG]).as_dropdown(as_dropdown=True).icon("external link")
    return link.keep_time(keep_time=True).include_vars(include_vars=True)


def _annotation(name: str, colour: str, expr: str, title: str, tags: str) -> build.AnnotationQuery:
    made = build.AnnotationQuery().name(name).datasource(SOURCE).enable(enable=True)
    made = made.icon_color(colour).expr(expr).step("60s").title_format(title)
    return made.tag_keys(tags).use_value_for_time(use_value_for_time=False)


def _annotations() -> list[build.AnnotationQuery]:
    loud = 'state=~"BREACHED|TRIGGERED"'
    changes = place("home_alarm_state_changes_total", loud)
    before = "on (vendor, location_id, state) group_left () max by (vendor, location_id, state)"
    alarms = any_of(
        [
            homes(place("home_alarm_state", LOUD)) + " > 0",
            # Macros are not replaced in annotations; what came and went within a step counts too.
            f"max by ({HOME}, state) ({changes})\n- {before} ({changes} offset 1m) > 0",
        ]
    )
    events = place("home_events_total", 'event="leak"')
    again = "on (vendor, device_id) group_left () max by (vendor, device_id)"
    leaks = any_of(
        [
            f"{each(place('home_leak_detected'))} > 0",
            f"{each(events)}\n- {again} ({events} offset 1m) > 0",
        ]
    )
    return [
        _annotation("Alarm", "red", alarms, "Alarm: {{location}}", "location"),
        _annotation("Leak", "blue", leaks, f"Leak: {SENSOR}", "location"),
    ]
