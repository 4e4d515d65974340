"""docs/dashboards.md says what is there."""

import re

from tests.dashboards.read import FOLDER, NAMES, page, panels

TEXT = (FOLDER.parent / "docs/dashboards.md").read_text()


def test_every_dashboard_has_its_part_and_a_place_for_its_picture() -> None:
    headings = [heading.lower() for heading in re.findall(r"^## (.*)$", TEXT, re.MULTILINE)]
    for name in NAMES:
        assert name in headings
        assert f"<!-- picture: {name} -->" in TEXT or f"dashboards/{name}.png" in TEXT
        begins = page(name)["time"]["from"].removeprefix("now-")
        begins = {"24h": "24 hours", "2d": "2 days", "6h": "6 hours"}[begins]
        assert re.search(rf"#{name}\).*\| {begins} \|", TEXT)


def test_the_panels_and_choices_that_it_names_are_there() -> None:
    own = {panel["title"] for name in NAMES for panel in panels(name)}
    own |= {one["label"] for name in NAMES for one in page(name)["templating"]["list"]}
    own |= {link["title"] for link in page("homes")["links"]}
    grafanas = {"Dashboards", "New", "Import", "Scrape interval"}
    named = {re.sub(r"\s+", " ", one) for one in re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", TEXT)}
    assert named - grafanas <= own
