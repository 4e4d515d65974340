"""The benchmarks run and become the report, also without the peers; no number is judged."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from tests.bench.__main__ import main
from tests.bench.chart import Panel, draw
from tests.bench.child import child
from tests.bench.fleet import EXPORTER
from tests.bench.goals import goals
from tests.bench.peer import CHANGING, Custom, Gauges, Page
from tests.bench.report import CHART
from tests.bench.scrape import COLLECTOR, FORMS, GAUGES, GOLANG, SENT

PAGE = """\
# HELP home_temperature_celsius Air temperature.
# TYPE home_temperature_celsius gauge
home_temperature_celsius{vendor="homely",location_id="a",location="x \\"y\\", z"} 21.5
home_temperature_celsius{vendor="homely",location_id="b",location="{}"} 7.0
# HELP home_exporter_shards Shards.
# TYPE home_exporter_shards gauge
home_exporter_shards 1.0
"""


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a machine on which none of the peers' programs is installed."""
    monkeypatch.setenv("PATH", "/nonexistent")


@pytest.mark.usefixtures("bare")
def test_all_parts_run_and_become_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = [f"--results={tmp_path / 'parts'}", f"--docs={tmp_path}"]
    flags = ["--plan=short", *places, "--mqtt-python=/nonexistent/python"]
    assert main(flags) == 0
    assert capsys.readouterr().out.count("measured in") == 5
    parts = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "parts").iterdir()}
    check_what_was_measured(parts)
    text = (tmp_path / "performance.md").read_text()
    for goal in goals(parts):
        assert f"| {goal.what} |" in text
    assert "client_golang was skipped" in text
    assert re.search(r"The bridge was skipped, not installed: .*mqtt-exporter", text)
    assert "Skipped, not installed: prometheus" in text
    assert f"]({CHART})" in text

    assert main(flags) == 0
    assert "measured in" not in capsys.readouterr().out, "what is there is not measured again"
    assert (tmp_path / "performance.md").read_text().count("\n") == text.count("\n")


def check_what_was_measured(parts: dict[str, Any]) -> None:
    idle = parts["footprint"].pop("idle")
    assert 0 <= idle < 1
    assert all(value > 0 for value in parts["footprint"].values())
    (size,) = parts["scrape"]["sizes"]
    assert {cell["target"] for cell in size["cells"]} == {EXPORTER, GAUGES, COLLECTOR, SENT}
    assert {(cell["form"], cell["percent"]) for cell in size["cells"]} == {
        (form, percent) for form in FORMS for percent in (0, 100)
    }
    assert all(0 < cell["low"] <= cell["cpu"] <= cell["high"] for cell in size["cells"])
    assert size["series"] > 120
    (row,) = parts["latency"]["rows"]
    assert row["lost"] == 0
    assert row["in_page"]["count"] == row["events"] == 10
    assert 0 < row["in_page"]["p50"] <= row["in_page"]["p99"] <= row["in_page"]["max"]
    assert row["in_hand"]["count"] == 2
    (grown,) = parts["growth"]["sizes"]
    assert all(value > 0 for value in grown.values())


def test_a_missed_goal_says_by_how_much_and_why() -> None:
    found = {goal.what: goal for goal in goals({"footprint": {"mebibytes": 105.0, "idle": 0.001}})}
    assert found["one home, memory"].outcome.startswith("**not met**, 1.50 times the limit: ")
    assert found["one home, idle, of a core"].outcome == "met"
    others = [goal for goal in found.values() if goal.measured is None]
    assert len(others) == len(found) - 2
    assert {goal.outcome for goal in others} == {"not measured in this run"}


def test_a_scrape_is_judged_beside_each_peer() -> None:
    costs = {EXPORTER: 1.0, GAUGES: 20.0, GOLANG: 10.0}
    cells = [
        {"form": form, "percent": 100, "target": name, "cpu": cost}
        for form in FORMS
        for name, cost in costs.items()
    ]
    judged = goals({"scrape": {"sizes": [{"homes": 100, "cells": cells}]}})[:4]
    assert [goal.measured for goal in judged] == [0.05, 0.1, 0.05, 0.1]
    assert [goal.outcome == "met" for goal in judged] == [False, True, True, True]


@pytest.mark.parametrize("make", [Gauges, Custom])
def test_the_peers_serve_the_series_of_the_page(make: type[Gauges | Custom]) -> None:
    page, registry = Page(PAGE), CollectorRegistry()
    served = make(page, registry)
    served.set(page.changing()[1], 8.5)
    again = Page(generate_latest(registry).decode())
    wanted = samples(page)
    wanted[CHANGING][1] = (wanted[CHANGING][1][0], 8.5)
    assert samples(again) == wanted
    assert again.helps == page.helps


def samples(page: Page) -> dict[str, list[tuple[dict[str, str], float]]]:
    return {
        name: [(dict(zip(names, values, strict=True)), value) for names, values, value in series]
        for name, series in page.series.items()
    }


def test_the_chart_is_a_picture_with_a_dot_for_each_point() -> None:
    points = [(1, 60.0), (100, 70.5), (4000, 399.0)]
    drawn = draw([Panel("Memory & more", "MiB", points)] * 3, "what <grows>")
    root = ET.fromstring(drawn)  # noqa: S314  # made here
    space = {"svg": "http://www.w3.org/2000/svg"}
    dots = root.findall(".//svg:circle", space)
    assert len(dots) == 9
    assert root.get("aria-label") == "what <grows>"
    heights = [float(dot.get("cy", "nan")) for dot in dots[:3]]
    assert heights == sorted(heights, reverse=True), "more is higher up"
    assert "prefers-color-scheme: dark" in drawn


async def test_a_process_that_ends_is_told() -> None:
    with pytest.raises(RuntimeError, match="ended with"):
        async with child("/bin/sh", "-c", "exit 3"):
            pass
