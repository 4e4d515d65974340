"""What the documents name is there: metrics, and what the pages outside of the site link to."""

import re
from pathlib import Path

import pytest

from tests.documents.blocks import PAGES, ROOT
from tests.documents.snippets import KNOWN

_METRIC = re.compile(r"`(home[_:][\w:]+?)(?:\{[^`]*\})?`")
#: What names of metrics begin with.
_OTHER = {"home_", "home_exporter_", "home:threshold:"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_metric_that_is_named_is_served(page: Path) -> None:
    named = set(_METRIC.findall(page.read_text()))
    assert named - KNOWN - _OTHER == set()


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_outside_of_the_site_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text()
    links = [one for one in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in one]
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        target = ROOT / (path or name)
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            assert anchor in map(_anchor, headings), link
