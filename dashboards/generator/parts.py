"""Panels as this project wants them: each with title, description, unit, and a legend by name."""

from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    prometheus,
    stat,
    statetimeline,
    timeseries,
)
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import prometheus as query_model

from dashboards.generator.looks import BLUE, GREEN, Said, steps, words
from dashboards.generator.queries import counted

#: The one place that says where data comes from: a variable, so that nothing is edited on import.
SOURCE = kinds.DataSourceRef(type_val="prometheus", uid="${datasource}")
#: Width of the grid.
WHOLE, HALF, THIRD, QUARTER, SIXTH = 24, 12, 8, 6, 4
#: What the series of a device is called.
SENSOR = "{{location}}, {{room}}, {{device}}"

#: Hours of a quarter: Grafana asks for more points only in longer steps.
_POINTS = 3000


@dataclass(frozen=True, slots=True)
class Query:
    """An expression and how its series are called; `step` is the least distance of points."""

    expr: str
    legend: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What every panel says about itself."""

    title: str
    text: str
    unit: str
    width: int = HALF
    height: int = 8
    decimals: int | None = None
    mappings: list[model.ValueMapping] = field(default_factory=list)
    thresholds: Any = None
    low: float | None = None
    high: float | None = None
    empty: str = ""
    period: str = ""


def target(query: Query, ref: str, *, instant: bool, table: bool = False) -> prometheus.Dataquery:
    """Make one query of a panel."""
    made = prometheus.Dataquery().datasource(SOURCE).expr(query.expr).ref_id(ref)
    made = made.editor_mode(query_model.QueryEditorMode.CODE)
    made = made.instant() if instant else made.range()
    if query.legend:
        made = made.legend_format(query.legend)
    if query.step:
        made = made.interval(query.step)
    if table:
        made = made.format(query_model.PromQueryFormat.TABLE)
    return made


def describe(panel: Any, about: About) -> Any:
    """Give a panel of any kind what all of them have; their builders share no base for it."""
    panel = panel.title(about.title).description(about.text).unit(about.unit).datasource(SOURCE)
    panel = panel.span(about.width).height(about.height)
    panel = panel.mappings(about.mappings).thresholds(about.thresholds or steps(BLUE))
    for value, setter in (
        (about.decimals, "decimals"),
        (about.low, "min"),
        (about.high, "max"),
        (about.empty or None, "no_value"),
        (about.period or None, "time_from"),
    ):
        if value is not None:
            panel = getattr(panel, setter)(value)
    return panel


def _with(panel: Any, queries: tuple[Query, ...], *, instant: bool) -> Any:
    for index, query in enumerate(queries):
        panel = panel.with_target(target(query, chr(ord("A") + index), instant=instant))
    return panel


def _legend(*calcs: str) -> common.VizLegendOptions:
    """List the series below the graph, where a phone has room for them."""
    legend = (
        common.VizLegendOptions()
        .show_legend(show_legend=True)
        .placement(kinds.LegendPlacement.BOTTOM)
    )
    shown = kinds.LegendDisplayMode.TABLE if calcs else kinds.LegendDisplayMode.LIST
    return legend.display_mode(shown).calcs(list(calcs))


def _tooltip() -> common.VizTooltipOptions:
    tooltip = common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI)
    return tooltip.sort(kinds.SortOrder.DESCENDING)


def lines(about: About, *queries: Query, dashed: str = "", limits: bool = False) -> Any:
    """Show values over time; series whose name matches `dashed` are bounds."""
    panel = describe(timeseries.Panel(), about).legend(_legend("lastNotNull", "min", "max"))
    panel = panel.tooltip(_tooltip()).line_width(1).fill_opacity(0)
    # A reading every few minutes is a line; a silence of hours is a gap.
    panel = panel.span_nulls(3_600_000).show_points(kinds.VisibilityMode.AUTO)
    if limits:
        style = common.GraphThresholdsStyleConfig().mode(kinds.GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds_style(style)
    if dashed:
        properties = [
            model.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [6, 6]}),
            model.DynamicConfigValue("custom.lineWidth", 1),
        ]
        panel = panel.override_by_regexp(dashed, properties)
    return _with(panel, queries, instant=False)


def bars(about: About, *queries: Query, stacked: bool = True) -> Any:
    """Show amounts over time as bars."""
    # Windows of `$__rate_interval` overlap, so only bars with a step of their own add up; they need
    # as many points as there are bars, also on the width of a phone.
    adds_up = any(query.step for query in queries)
    panel = describe(timeseries.Panel(), about)
    panel = panel.legend(_legend("sum", "max") if adds_up else _legend("max"))
    if adds_up:
        panel = panel.max_data_points(_POINTS)
    panel = panel.tooltip(_tooltip()).draw_style(kinds.GraphDrawStyle.BARS).fill_opacity(80)
    panel = panel.bar_alignment(kinds.BarAlignment.AFTER).line_width(1)
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL))
    return _with(panel, queries, instant=False)


def number(about: About, *queries: Query, lasting: bool = False) -> Any:
    """Show the value of now in large, with its name."""
    panel = describe(stat.Panel(), about).graph_mode(kinds.BigValueGraphMode.NONE)
    panel = panel.color_mode(kinds.BigValueColorMode.VALUE)
    panel = panel.text_mode(kinds.BigValueTextMode.VALUE_AND_NAME if lasting else _AUTO)
    reduce = common.ReduceDataOptions().calcs(["lastNotNull"]).values(values=False)
    return _with(panel.reduce_options(reduce), queries, instant=True)


def count(title: str, text: str, wanted: str, base: str, colour: str) -> Any:
    """Show how many there are now: in words where none, and nothing where nobody knows."""
    about = About(
        title=title,
        text=text,
        unit="short",
        width=SIXTH,
        height=4,
        mappings=words(Said(0, "None", GREEN)),
        thresholds=steps(GREEN, (1, colour)),
    )
    return number(about, Query(counted(wanted, base), title))


def ranking(about: About, *queries: Query) -> Any:
    """Show values of now as bars beside their names."""
    panel = describe(bargauge.Panel(), about).orientation(kinds.VizOrientation.HORIZONTAL)
    panel = panel.display_mode(kinds.BarGaugeDisplayMode.BASIC)
    panel = panel.name_placement(kinds.BarGaugeNamePlacement.TOP)
    panel = panel.value_mode(kinds.BarGaugeValueMode.TEXT)
    reduce = common.ReduceDataOptions().calcs(["lastNotNull"]).values(values=False)
    return _with(panel.reduce_options(reduce), queries, instant=True)


def timeline(about: About, *queries: Query) -> Any:
    """Show states over time, each with its words written into it."""
    panel = describe(statetimeline.Panel(), about).legend(_legend())
    panel = (
        panel.show_value(kinds.VisibilityMode.AUTO).merge_values(merge_values=True).row_height(0.8)
    )
    panel = panel.span_nulls(3_600_000).fill_opacity(70).line_width(0).per_page(15)
    return _with(panel.tooltip(_tooltip()), queries, instant=False)


_AUTO = kinds.BigValueTextMode.AUTO
