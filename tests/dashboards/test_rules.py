"""What a dashboard has to have to be of use at once, on any Grafana, to anybody."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.dashboards.read import FOLDER, NAMES, asked, of_panels, page, panels

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
#: As wide as a phone in columns: what is narrower than a sixth of the screen says nothing.
_NARROWEST = 4
_MOST_COLUMNS = 8
pages = pytest.mark.parametrize("name", NAMES)


def test_the_files_are_what_the_generator_writes() -> None:
    command = [sys.executable, "-m", "dashboards.generator", "--check"]
    done = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.stem for path in FOLDER.glob("*.json")} == set(NAMES)


@pages
def test_it_is_not_editable_and_has_an_address_of_its_own(name: str) -> None:
    document = page(name)
    assert document["editable"] is False
    assert document["uid"] == f"home-{name}"
    assert document["schemaVersion"] == 42
    assert document["description"]
    assert "id" not in document
    assert "__inputs" not in document


@pages
def test_the_data_source_is_a_variable_everywhere(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text()
    assert "DS_PROMETHEUS" not in text
    document = page(name)
    first = document["templating"]["list"][0]
    assert (first["type"], first["name"], first["query"]) == (
        "datasource",
        "datasource",
        "prometheus",
    )
    owners: list[dict[str, Any]] = [*panels(name), *document["annotations"]["list"]]
    owners += [query for panel in panels(name) for query in panel["targets"]]
    owners += [one for one in document["templating"]["list"] if one["type"] == "query"]
    assert all(owner["datasource"] == _SOURCE for owner in owners)
    assert text.count('"datasource": {') == len(owners)


@pages
def test_the_variables_follow_the_time_and_start_with_all(name: str) -> None:
    variables = {one["name"]: one for one in page(name)["templating"]["list"]}
    assert {"datasource", "vendor", "location"} <= set(variables)
    assert ("room" in variables) == ("$room" in json.dumps(panels(name)))
    for one in variables.values():
        assert one["label"]
        if one["type"] == "query":
            assert one["refresh"] == 2
            assert (one["multi"], one["includeAll"], one["allValue"]) == (True, True, ".*")
            assert one["current"]["value"] == ["$__all"]
        elif one["type"] != "datasource":
            assert one["current"]["value"]
    used = set(re.findall(r"\$\{?([a-z_]\w*)", json.dumps(panels(name))))
    own = {one for one in used if not one.startswith("__")} - {"datasource"}
    assert own <= set(variables)
    assert set(variables) - {"datasource", "vendor", "location"} <= own


@pages
def test_every_panel_says_what_it_is(name: str) -> None:
    titles = [panel["title"] for panel in panels(name)]
    assert len(titles) == len(set(titles))
    for panel in panels(name):
        assert 3 <= len(panel["title"]) <= 32, panel["title"]
        assert len(panel["description"]) >= 5, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"], panel["title"]
    ids = [panel["id"] for panel in page(name)["panels"]]
    assert len(ids) == len(set(ids))


@pages
def test_every_series_has_a_name_and_every_graph_a_legend(name: str) -> None:
    for panel in panels(name):
        if panel["type"] == "table":
            continue
        assert all(query.get("legendFormat") for query in panel["targets"]), panel["title"]
        if panel["type"] in {"timeseries", "state-timeline"}:
            legend = panel["options"]["legend"]
            assert legend["showLegend"], panel["title"]
            assert legend["placement"] == "bottom", panel["title"]


@pages
def test_colour_is_never_alone(name: str) -> None:
    document = json.dumps(page(name))
    assert not re.search(r'"color-background', document)
    for mapping in _mappings(page(name)):
        results = (
            mapping["options"].values()
            if mapping["type"] == "value"
            else [mapping["options"]["result"]]
        )
        assert all(result["text"] for result in results)
    for panel in panels(name):
        if panel["type"] == "state-timeline":
            assert panel["fieldConfig"]["defaults"]["mappings"], panel["title"]
            assert panel["options"]["showValue"] == "auto"


def _mappings(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, list):
        return [one for item in part for one in _mappings(item)]
    if not isinstance(part, dict):
        return []
    found: list[dict[str, Any]] = []
    if part.get("id") == "mappings":
        found += part["value"]
    for key, value in part.items():
        found += value if key == "mappings" and isinstance(value, list) else _mappings(value)
    return found


@pages
def test_a_phone_can_show_it(name: str) -> None:
    for panel in panels(name):
        place = panel["gridPos"]
        assert place["w"] >= _NARROWEST, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        if panel["type"] != "table":
            continue
        organize = next(one for one in panel["transformations"] if one["id"] == "organize")
        shown = organize["options"]["renameByName"]
        assert len(shown) <= _MOST_COLUMNS, panel["title"]


@pages
def test_panels_do_not_overlap(name: str) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in page(name)["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, (panel["title"], taken[x, y])
                taken[x, y] = panel["title"]


@pages
def test_the_others_are_one_click_away(name: str) -> None:
    document = page(name)
    link = document["links"][0]
    assert link["tags"] == document["tags"] == ["home-exporter"]
    assert link["keepTime"]
    assert link["includeVars"]
    for target in re.findall(r"/d/([\w-]+)\?", json.dumps(document)):
        assert target.removeprefix("home-") in NAMES
    names = [one["name"] for one in document["annotations"]["list"]]
    assert names == ["Alarm", "Leak"]


_WINDOW = re.compile(r"\b(rate|increase|irate|delta)\((\w+)[^\[]*\[([^\]]+)\]")


@pages
def test_the_windows_of_rates_fit(name: str) -> None:
    found = [(query, one) for query in asked(name) for one in _WINDOW.findall(query.expr)]
    for query, (function, metric, window) in found:
        assert function != "irate"
        if metric.startswith("home_energy_"):
            # The vendor moves the totals once an hour, so a shorter window shows stairs.
            assert window == "1d"
        else:
            assert window == ("$__range" if query.instant else "$__rate_interval")


def test_no_query_is_asked_twice_in_one_panel() -> None:
    for name in NAMES:
        found = [(query.owner, query.ref) for query in of_panels(name)]
        assert len(found) == len(set(found))
