"""The dashboards as they are committed, and every expression in them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser

FOLDER = Path(__file__).parents[2] / "dashboards"
NAMES = ("climate", "devices", "energy", "exporter", "homes", "security")

#: What Grafana puts in; the month and the day are as long as the history that the tests make.
_MACROS = {
    "$__rate_interval": "16m",
    "$vendor": ".*",
    "$location": ".*",
    "$room": ".*",
    "$wall": "4",
    "$tz": "1",
    "$price_day": "1.50",
    "$price_night": "1.35",
}
_SECONDS = {"6h": "21600", "10d": "864000"}
_RANGES = {"now/M": "10d", "now/d": "6h", "30d": "10d"}


class Asked(NamedTuple):
    """One query of a panel, a variable or an annotation."""

    page: str
    owner: str
    ref: str
    expr: str
    instant: bool
    step: str
    period: str
    legend: str = ""

    @property
    def name(self) -> str:
        """How the query is called in lists."""
        return f"{self.page}: {self.owner}: {self.ref}"

    @property
    def promql(self) -> str:
        """The expression as Prometheus gets it."""
        length = _RANGES.get(self.period, "6h")
        macros = {**_MACROS, "$__range": length, "$__range_s": _SECONDS[length]}
        expr = self.expr.replace("${tz}", "$tz").replace("${__range}", "$__range")
        for macro in sorted(macros, key=len, reverse=True):
            expr = expr.replace(macro, macros[macro])
        assert not re.search(r"\$(?!1\b)", expr), f"{self.name}: {expr}"
        return expr


def page(name: str) -> dict[str, Any]:
    """Return a dashboard."""
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return document


def panels(name: str) -> list[dict[str, Any]]:
    """Return the panels of a dashboard without its rows."""
    return [panel for panel in page(name)["panels"] if panel["type"] != "row"]


def of_panels(name: str) -> Iterator[Asked]:
    """Return the queries of the panels."""
    for panel in panels(name):
        for query in panel["targets"]:
            yield Asked(
                name,
                panel["title"],
                query["refId"],
                query["expr"],
                query.get("instant", False),
                query.get("interval", ""),
                panel.get("timeFrom", ""),
                query.get("legendFormat", ""),
            )


def of_annotations(name: str) -> Iterator[Asked]:
    """Return the queries of the annotations."""
    for one in page(name)["annotations"]["list"]:
        yield Asked(name, f"annotation {one['name']}", "-", one["expr"], False, "", "")


def of_variables(name: str) -> Iterator[Asked]:
    """Return what the variables select, as an expression."""
    for one in page(name)["templating"]["list"]:
        if one["type"] == "query":
            query = one["query"]["query"]
            found = re.fullmatch(r"label_values\((.*), (\w+)\)", query)
            expr = f"count by ({found[2]}) ({found[1]})" if found else query
            expr = expr.removeprefix("query_result(").removesuffix(")") if not found else expr
            yield Asked(name, f"variable {one['name']}", "-", expr, True, "", "")


def asked(name: str) -> list[Asked]:
    """Return every query of a dashboard."""
    return [*of_panels(name), *of_annotations(name), *of_variables(name)]


def nodes(tree: Any) -> Iterator[Any]:
    """Return every part of a parsed expression."""
    yield tree
    for attribute in ("lhs", "rhs", "expr", "param", "vector_selector"):
        part = getattr(tree, attribute, None)
        if part is not None and type(part).__module__ == type(tree).__module__:
            yield from nodes(part)
    for argument in getattr(tree, "args", []):
        yield from nodes(argument)


def parsed(query: Asked) -> Any:
    """Return the tree of an expression; ValueError where it is none."""
    return promql_parser.parse(query.promql)


def selectors(tree: Any) -> list[Any]:
    """Return every selector of an expression."""
    return [one for one in nodes(tree) if isinstance(one, promql_parser.VectorSelector)]
