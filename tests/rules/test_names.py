"""The rules speak of what there is, join by ids, and each alert can be understood."""

import re
from typing import Any

import pytest
import yaml

from exporter.catalog import OWN, READINGS, Kind, Metric
from scripts.document_alerts import RULES, page, rules
from scripts.generated import ROOT

NAMES = {"location", "room", "device"}
METRICS: dict[str, Metric] = {metric.name: metric for metric in (*READINGS, *OWN)}
#: Those of a Prometheus that scrapes one shard of many, and those of the store.
FLEET = ROOT / "deploy/kubernetes/fleet/rules"
EVERY = [*rules(), *rules(FLEET)]
ALERTS = [rule for rule in EVERY if "alert" in rule]
RECORDED = {rule["record"] for rule in EVERY if "record" in rule}
#: What Prometheus itself, and rules with labels of their own, have.
OTHERS = {"job", "instance", "where", "shard", "rule_group", "alertname", "alertstate"}
CLAUSE = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
SELECTOR = re.compile(r"([a-z_:][\w:]*)\{([^}]*)\}")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")

with_expr = pytest.mark.parametrize(
    "rule", EVERY, ids=lambda rule: rule.get("alert") or rule["record"]
)
alert = pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]


@with_expr
def test_every_metric_exists(rule: dict[str, Any]) -> None:
    plain = re.sub(r'"[^"]*"', '""', rule["expr"])
    # What a matcher or a clause names is a label, also where it is called like a metric.
    plain = CLAUSE.sub("", re.sub(r"\{[^}]*\}", "", plain))
    used = set(re.findall(r"\bhome[_:][\w:]+", plain))
    assert used <= METRICS.keys() | RECORDED


@with_expr
def test_every_label_exists_and_nothing_is_joined_or_grouped_by_names(rule: dict[str, Any]) -> None:
    known = {label for metric in METRICS.values() for label in metric.label_names} | OTHERS
    for clause in CLAUSE.findall(rule["expr"]):
        assert set(_words(clause)) <= known - NAMES
    for metric, inside in SELECTOR.findall(rule["expr"]):
        labels = set(MATCHER.findall(re.sub(r'"[^"]*"', '""', inside)))
        assert not labels & NAMES
        assert labels <= (set(METRICS[metric].label_names) if metric in METRICS else known), metric


@with_expr
def test_what_is_matched_is_a_value_that_there_can_be(rule: dict[str, Any]) -> None:
    for state in re.findall(r'\b(?:home_alarm_)?state=~?"([^"]*)"', rule["expr"]):
        assert set(state.split("|")) <= {"BREACHED", "TRIGGERED", "ARMED_AWAY"}
    readings = {metric.reading for metric in READINGS if metric.reading}
    for found in re.findall(r'reading=~"([^"]*)"', rule["expr"]):
        assert set(found.split("|")) <= readings
    events = {event for metric in READINGS for event in (metric.rises, metric.falls) if event}
    for found in re.findall(r'event="([^"]*)"', rule["expr"]):
        assert found in events


@with_expr
def test_a_total_that_moves_once_an_hour_is_not_asked_under_three(rule: dict[str, Any]) -> None:
    for window in re.findall(r"energy_\w+_total\S*\[(\w+)\]", rule["expr"]):
        assert window in {"3h", "1d"}


@with_expr
def test_only_counters_increase(rule: dict[str, Any]) -> None:
    for name in re.findall(r"\b(?:increase|rate)\(([\w:]+)", rule["expr"]):
        kind = METRICS[name].kind if name in METRICS else Kind.COUNTER
        assert kind is Kind.COUNTER
        assert name.removesuffix(":by_id").endswith("_total")


@alert
def test_an_alert_says_what_where_and_how_bad(rule: dict[str, Any]) -> None:
    notes = rule["annotations"]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(notes) == {"summary", "description", "runbook_url"}
    assert "$value" in notes["description"]
    if "device_id" in rule["expr"] and "location_devices" not in rule["expr"]:
        for part in ("home:device:where", ".Labels.room", ".Labels.device"):
            assert part in notes["description"]
    page = f"docs/runbooks/{rule['alert']}.md"
    assert notes["runbook_url"] == "{{ $externalLabels.runbooks }}" + page


def _suspended(rule: dict[str, Any], by: str, what: str) -> bool:
    within = rf"(max_over_time\()?home:{what}_suspended:held(\[[\w:]+\]\))? == 1\)"
    return bool(re.search(rf"unless on \({by}\) \({within}", rule["expr"]))


@alert
def test_an_alert_about_a_home_is_silent_while_that_is_suspended(rule: dict[str, Any]) -> None:
    if "location_id" in rule["expr"]:
        assert _suspended(rule, "vendor, location_id", "location")
    if "home:device:where" in rule["annotations"]["description"]:
        assert _suspended(rule, "vendor, location_id, device_id", "device")


@with_expr
def test_an_exception_of_a_limit_doubles_nothing(rule: dict[str, Any]) -> None:
    for before in re.findall(r"(.{30})home:threshold:", rule["expr"]):
        assert re.search(r"\bmax( by \([\w, ]+\) )?\($", before), before


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    pages = {path.stem: path.read_text() for path in (ROOT / "docs/runbooks").glob("*.md")}
    assert pages.keys() == {rule["alert"] for rule in ALERTS}
    for name, text in pages.items():
        wanted = [f"# {name}", "## What it means", "## What to do", "## How to silence it"]
        assert re.findall(r"^#.*", text, re.MULTILINE) == wanted
        assert set(re.findall(r"home:threshold:\w+", text)) <= RECORDED


def test_every_alert_has_unit_tests_that_fire_and_that_do_not() -> None:
    text = "".join(path.read_text() for path in (ROOT / "tests/rules").glob("*_test.yml"))
    assert rules(FLEET)
    for rule in ALERTS:
        assert f"alertname: {rule['alert']}\n" in text
    for name in {rule["alert"] for rule in ALERTS} - {"HomeWatchdog"}:
        silent = rf"\b{name}\b.*\n.*\n +exp_samples: \[\]|max_over_time.*\b{name}\b"
        assert re.search(silent, text), name


def test_routes_and_inhibition_know_no_names_and_only_what_there_is() -> None:
    config = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yml").read_text())
    routes = [config["route"], *config["route"]["routes"]]
    groups = [label for route in routes for label in route.get("group_by", [])]
    equal = [label for rule in config["inhibit_rules"] for label in rule.get("equal", [])]
    matchers = [m for route in routes for m in route.get("matchers", [])]
    for rule in config["inhibit_rules"]:
        matchers += rule["source_matchers"] + rule["target_matchers"]
    labels = {re.split(r"=|!", matcher)[0] for matcher in matchers}
    ids = {"vendor", "account", "location_id", "device_id"}
    allowed = {"alertname", "severity", "scope", "job", "shard", *ids}
    assert {*groups, *equal, *labels} <= allowed
    known = {rule["alert"] for rule in ALERTS}
    for matcher in matchers:
        if matcher.startswith("alertname"):
            for name in matcher.split('"')[1].split("|"):
                assert any(re.fullmatch(name, one) for one in known), name


def test_what_is_critical_is_never_silenced() -> None:
    config = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yml").read_text())
    critical = {r["alert"] for r in ALERTS if r["labels"]["severity"] == "critical"}
    for rule in config["inhibit_rules"]:
        if any(m.startswith("severity") for m in rule["target_matchers"]):
            continue
        (names,) = (m.split('"')[1] for m in rule["target_matchers"] if m.startswith("alertname"))
        assert not [one for one in critical if re.fullmatch(names, one)]


def test_the_table_of_the_alerts_is_in_step() -> None:
    text = (ROOT / "docs/alerts.md").read_text()
    assert page(text) == text
    assert RULES.is_dir()
