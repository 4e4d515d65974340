"""The arithmetic of docs/scale.md, from figures of which the answer is plain."""

import re
from dataclasses import replace
from string import Template

import pytest

from scripts.generated import ROOT
from tests.fleet.measure import Cost, Figures
from tests.fleet.scale import FLEET, TEMPLATE, Fleet, Line, number

SMALL = Figures(
    homes=100,
    series=20_100,
    page=4e6,
    page_packed=5e5,
    sockets=100,
    calls_to_start=400,
    exporter=Cost(0.01, 70e6),
    prometheus=Cost(0.1, 200e6),
    held_seconds=0.2,
    samples_per_second=1_400,
    sent_per_sample=40,
    stored_per_sample=4,
)
LARGE = replace(
    SMALL,
    homes=500,
    series=100_100,
    page=2e7,
    page_packed=25e5,
    sockets=500,
    calls_to_start=2_000,
    exporter=Cost(0.05, 130e6),
    held_seconds=0.6,
    samples_per_second=7_000,
)


def test_a_line_tells_each_home_from_what_is_there_without_one() -> None:
    line = Line(SMALL, LARGE, lambda figures: figures.series)
    assert (line.each, line.besides, line.at(1000)) == (200, 100, 200_100)


def test_what_shrinks_by_chance_costs_nothing_and_never_less() -> None:
    line = Line(LARGE, replace(SMALL, homes=900), lambda figures: figures.exporter.memory)
    assert (line.each, line.besides) == (0, 70e6)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (5.678, "5.68"), (1234.5, "1,230"), (1.4e6, "1,400,000")],
)
def test_a_number_promises_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_the_shards_have_room_for_the_homes_and_their_rules_for_the_time() -> None:
    fleet = Fleet(SMALL, LARGE)
    assert fleet.held.at(fleet.per_shard) <= 1.5  # half of 3 s
    assert (fleet.shards - 1) * fleet.per_shard < FLEET <= fleet.shards * fleet.per_shard
    slower = replace(LARGE, held_seconds=2.0)
    assert Fleet(SMALL, slower).per_shard < fleet.per_shard
    assert Fleet(SMALL, replace(LARGE, held_seconds=0.2)).per_shard <= 2_000


def test_each_figure_of_the_fleet_stands_beside_what_it_was_made_of() -> None:
    rows = [row.strip("| ").split(" | ") for row in Fleet(SMALL, LARGE).rows().splitlines()]
    table = {what: rest for what, *rest in rows}
    assert all(len(row) == 4 and all(row) for row in rows)
    assert table["series"] == ["200 a home", "100,000 homes", "20,000,000"]
    assert table["samples a second, scraped every 15 s"][-1] == "1,400,000"
    assert table["calls to start all at once, without any state"][-1] == "400,000"


def test_the_page_is_whole_and_of_this_template() -> None:
    template = TEMPLATE.read_text()
    text = Template(template).substitute(Fleet(SMALL, LARGE).words(45))
    assert "$" not in text
    written = (ROOT / "docs/scale.md").read_text()
    heading = r"^## .*"
    assert re.findall(heading, written, re.MULTILINE) == re.findall(heading, text, re.MULTILINE)
