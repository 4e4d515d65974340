"""Tables: one row for each home or device, one column for each query or label."""

from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as model

from dashboards.generator.parts import About, Query, describe, target

_IDS = ("vendor", "location_id", "device_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A query as a column; without a title it only adds its labels."""

    expr: str
    title: str = ""
    unit: str = "none"
    decimals: int | None = None
    mappings: list[model.ValueMapping] = field(default_factory=list)
    thresholds: Any = None


def rows(
    about: About,
    labels: dict[str, str],
    *columns: Column,
    sort: tuple[str, bool],
    link: str = "home",
) -> Any:
    """Make a table; `labels` are shown by their titles, ids stay hidden but in reach of links."""
    panel = describe(table.Panel(), about).cell_height(kinds.TableCellHeight.SM)
    shown = common.TableSortByFieldState().display_name(sort[0]).desc(sort[1])
    panel = panel.sort_by([shown]).with_transformation(
        model.DataTransformerConfig("merge", options={})
    )
    panel = panel.with_transformation(_organize(labels, columns))
    for index, column in enumerate(columns):
        query = target(Query(column.expr), chr(ord("A") + index), instant=True, table=True)
        panel = panel.with_target(query)
        if column.title:
            panel = panel.override_by_name(column.title, _properties(column))
    panel = panel.override_by_regexp(f"/^({'|'.join(_IDS)})$/", _HIDDEN)
    if link:
        panel = panel.override_by_name(labels["location"], [_link(link)])
    return panel


#: The first until Grafana 12, the second since; what a version does not know it passes over.
_HIDDEN = [
    model.DynamicConfigValue("custom.hidden", value=True),
    model.DynamicConfigValue("custom.hideFrom.viz", value=True),
]


def _link(page: str) -> model.DynamicConfigValue:
    """Let a click on the home's name open one page for that home alone."""
    url = (
        f"/d/home-{page}?${{datasource:queryparam}}&var-vendor=${{__data.fields.vendor}}"
        "&var-location=${__data.fields.location_id}&${__url_time_range}"
    )
    return model.DynamicConfigValue("links", [{"title": f"This home: {page}", "url": url}])


def _organize(labels: dict[str, str], columns: tuple[Column, ...]) -> model.DataTransformerConfig:
    names: dict[str, str] = dict(labels)
    hidden = {"Time": True}
    for index, column in enumerate(columns):
        value = "Value" if len(columns) == 1 else f"Value #{chr(ord('A') + index)}"
        if column.title:
            names[value] = column.title
        else:
            hidden[value] = True
    order = {name: index for index, name in enumerate([*names, *_IDS])}
    options = {"excludeByName": hidden, "indexByName": order, "renameByName": names}
    return model.DataTransformerConfig("organize", options=options)


def _properties(column: Column) -> list[model.DynamicConfigValue]:
    found = [model.DynamicConfigValue("unit", column.unit)]
    if column.decimals is not None:
        found.append(model.DynamicConfigValue("decimals", column.decimals))
    if column.mappings:
        found.append(model.DynamicConfigValue("mappings", column.mappings))
    if column.thresholds is not None:
        found.append(model.DynamicConfigValue("thresholds", column.thresholds.build()))
    if column.mappings or column.thresholds is not None:
        found.append(model.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
    return found
