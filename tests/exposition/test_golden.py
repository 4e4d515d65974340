"""A full home of each vendor, byte for byte.

After a wanted change of the page: `UPDATE_GOLDEN=1 pytest tests/exposition/test_golden.py`, then
read the difference before it is committed.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.exposition.pages import homely_home, homes_page, parse, wally_place
from tests.store.bench import Bench

GOLDEN = Path(__file__).parent / "golden"
IS_UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"

PAGES: dict[str, tuple[Callable[[], Bench], bool]] = {
    "homely.txt": (homely_home, False),
    "homely.openmetrics.txt": (homely_home, True),
    "wally.txt": (wally_place, False),
    "wally.openmetrics.txt": (wally_place, True),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_of_a_full_home_is_the_golden_one(name: str) -> None:
    make, openmetrics = PAGES[name]
    page = homes_page(make(), openmetrics=openmetrics).encode()
    path = GOLDEN / name
    if IS_UPDATE:
        path.write_bytes(page)
    assert page == path.read_bytes()


@pytest.mark.parametrize("name", PAGES)
def test_the_golden_page_is_read_by_prometheus_client(name: str) -> None:
    page = (GOLDEN / name).read_text()
    families = parse(page, openmetrics=PAGES[name][1])
    lines = [line for line in page.split("\n")[:-1] if not line.startswith("#")]
    assert sum(len(family.samples) for family in families.values()) == len(lines)
    assert len(lines) > 80


def test_there_is_no_golden_page_that_nothing_writes() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(PAGES)


@pytest.mark.parametrize("vendor", ["homely", "wally"])
def test_both_formats_hold_the_same_samples(vendor: str) -> None:
    plain = parse((GOLDEN / f"{vendor}.txt").read_text(), openmetrics=False)
    rich = parse((GOLDEN / f"{vendor}.openmetrics.txt").read_text(), openmetrics=True)
    assert {s for family in plain.values() for s in family.samples} == {
        s for family in rich.values() for s in family.samples
    }
