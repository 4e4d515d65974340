"""Dashboards ask only for what the catalogue has, and join by ids."""

import re
from typing import Any

import promql_parser
import pytest

from exporter.catalog import OWN, READINGS, Kind, Metric
from tests.dashboards.read import NAMES, asked, nodes, parsed, selectors

_SCRAPE = {"job", "instance"}
_HISTOGRAM = ("_bucket", "_sum", "_count")
#: What Prometheus itself and the process's own collector say.
_OTHERS = {
    name: frozenset(_SCRAPE)
    for name in (
        "scrape_duration_seconds",
        "scrape_samples_scraped",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
    )
}
_NAMES = {"location", "room", "device"}
_KEYS = ({"vendor", "location_id"}, {"vendor", "device_id"}, {"instance"})
pages = pytest.mark.parametrize("name", NAMES)


def _series(metric: Metric) -> dict[str, frozenset[str]]:
    labels = frozenset(metric.label_names) | _SCRAPE
    if metric.kind is Kind.HISTOGRAM:
        return {metric.name + end: labels | {"le"} for end in _HISTOGRAM}
    return {metric.name: labels}


KNOWN = {name: labels for one in (*READINGS, *OWN) for name, labels in _series(one).items()}
KNOWN |= _OTHERS
#: What is held when data vanish, by the rules; the live series stand in where those are not loaded.
KNOWN |= {
    f"home:{name}:held": frozenset({"vendor", "location_id", "device_id"})
    for name in ("leak_detected", "leak_alarmed", "fire_detected", "alarm_breached")
}
KNOWN |= {"home:device:where": KNOWN["home_device_info"], "home:location:where": KNOWN["home_up"]}


def _made(tree: Any) -> set[str]:
    """Return the labels that the expression itself makes."""
    return {
        node.args[1].val
        for node in nodes(tree)
        if isinstance(node, promql_parser.Call) and node.func.name.startswith("label_")
    }


@pages
def test_every_name_is_one_of_the_catalogue(name: str) -> None:
    for query in asked(name):
        tree = parsed(query)
        known: set[str] = _made(tree)
        for selector in selectors(tree):
            assert selector.name in KNOWN, query.name
            asked_for = {matcher.name for matcher in selector.matchers.matchers}
            assert asked_for <= KNOWN[selector.name], (query.name, selector.name, asked_for)
            known |= KNOWN[selector.name]
        assert _labels(tree) <= known, query.name
        assert set(re.findall(r"\{\{(\w+)\}\}", query.legend)) <= known, query.name


def _labels(tree: Any) -> set[str]:
    """Return the labels that the expression groups and joins by."""
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            found |= set(node.modifier.labels)
        if isinstance(node, promql_parser.BinaryExpr) and node.modifier:
            matching = node.modifier.matching
            found |= set(matching.labels if matching else [])
            found |= set(node.modifier.group_labels or [])
    return found


@pages
def test_joins_are_by_ids(name: str) -> None:
    for query in asked(name):
        for node in nodes(parsed(query)):
            if not isinstance(node, promql_parser.BinaryExpr) or str(node.op) == "or":
                continue
            if selectors(node.lhs) and selectors(node.rhs):
                assert _is_by_ids(node), (query.name, node.prettify())


def _is_by_ids(node: Any) -> bool:
    if not node.modifier or not node.modifier.matching:
        return False
    labels = set(node.modifier.matching.labels)
    return not labels & _NAMES and any(key <= labels for key in _KEYS)
