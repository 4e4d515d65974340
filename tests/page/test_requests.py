"""Requests and answers: addresses, headers, the filter and pages of many locations."""

import asyncio
import re
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin

import pytest

from exporter import __version__
from exporter.store import Policy
from exporter.web.page import slices, survey, troubles
from tests.mapping.payloads import device, state
from tests.page.shown import Shown, texts, words
from tests.store.bench import HomelyBench

_POLICY = Policy(3 * 3600.0, 86_400.0)
HOME_PATH = "/locations/homely/home-1"


@pytest.mark.parametrize("path", ["/", HOME_PATH, "/locations/homely/nowhere"])
async def test_the_headers_let_nothing_in(home_page: Shown, path: str) -> None:
    answer = await home_page.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "data:" not in policy
    assert {"style-src 'self'", "script-src 'self'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/", HOME_PATH])
async def test_nothing_is_inline_and_all_files_are_our_own(home_page: Shown, path: str) -> None:
    page = await home_page.page(path)
    assert not page.select("style, [style]")
    assert not [
        name for tag in page.find_all(True) for name in tag.attrs if str(name).startswith("on")
    ]
    assert not [script for script in page.select("script") if script.get_text()]
    files = [str(one.get("src") or one.get("href")) for one in page.select("script, head link")]
    assert len(files) == 3
    for file in files:
        answer = await home_page.get(urljoin(path, file))
        assert answer.status == 200, file
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.text


async def test_a_file_of_another_version_is_not_there(home_page: Shown) -> None:
    for name in ("page.000000000000.css", "page.css", "..%2fpage.css"):
        assert (await home_page.get(f"/assets/{name}")).status == 404


@pytest.mark.parametrize(
    "path", ["/locations/homely/nowhere", "/locations/wally/home-1", "/locations/x/%2e%2e%2f"]
)
async def test_an_unknown_location_is_a_page_that_leads_back(home_page: Shown, path: str) -> None:
    answer = await home_page.get(path)
    assert answer.status == 404
    assert "No such location" in answer.text
    assert 'href="../../"' in answer.text


async def test_the_pages_stand_without_scripts(homely: HomelyBench, home_page: Shown) -> None:
    homely.poll(device({"temperature.temperature": state(20)}))
    page = await home_page.page()
    assert not page.select("meta[http-equiv]"), "nothing reloads under a reader's hands"
    (offer,) = page.select("noscript a")
    again = await home_page.page("/" + str(offer["href"]))
    (meta,) = again.select("noscript meta")
    assert (meta["http-equiv"], meta["content"]) == ("refresh", "30")
    assert texts(again, "noscript a") == ["Stop refreshing"]
    assert not (await home_page.page(refresh="1")).select("meta[http-equiv]"), "only this pace"


async def test_the_version_is_shown(home_page: Shown) -> None:
    for path in ("/", HOME_PATH):
        assert f"Version {__version__}" in texts(await home_page.page(path), "footer p")


async def test_headings_and_landmarks_are_in_order(homely: HomelyBench, home_page: Shown) -> None:
    homely.poll(device({"temperature.temperature": state(20)}))
    for path in ("/", HOME_PATH):
        page = await home_page.page(path)
        levels = [int(one.name[1]) for one in page.select("h1, h2, h3, h4")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b - a <= 1 for a, b in pairwise(levels))
        assert all(len(page.select(tag)) == 1 for tag in ("main", "body > header", "body > footer"))
        ids = [str(one["id"]) for one in page.select("[id]")]
        assert len(ids) == len(set(ids))
        for one in page.select("[aria-labelledby]"):
            assert str(one["aria-labelledby"]) in ids
        assert page.select("html[lang=en]")


async def test_a_fragment_is_what_changes_on_its_page(home_page: Shown) -> None:
    for path in ("/", HOME_PATH):
        whole = await home_page.page(path)
        fragment = await home_page.page(path, live="")
        assert fragment.select("#live") == whole.select("#live")
        assert not fragment.select("html, script, footer")


# --- the filter


@pytest.mark.parametrize("query", ["eksempel", "KITCHEN", "window", "home-1", "Homely", " villa "])
async def test_the_filter_finds_by_all_that_a_person_may_know(
    homely: HomelyBench, home_page: Shown, query: str
) -> None:
    homely.poll(device({"temperature.temperature": state(20)}))
    homely.add("other", _POLICY, name="Hytta", account="another")
    page = await home_page.page(q=query)
    found = texts(page, ".card h3")
    assert "Villa Eksempel" in found
    assert ("Hytta" in found) is (query == "Homely")


async def test_the_filter_shows_the_devices_that_match(
    homely: HomelyBench, home_page: Shown
) -> None:
    states = {"temperature.temperature": state(20)}
    homely.poll(device(states), device(states, id="dev-2", name="Stove"))
    assert texts(await home_page.page(q="stove"), "tbody th > bdi") == ["Stove"]
    whole = await home_page.page(q="eksempel")
    assert texts(whole, "tbody th > bdi") == ["Window kitchen", "Stove"]


async def test_a_filter_that_finds_nothing_says_so_and_still_tells_what_is_wrong(
    homely: HomelyBench, home_page: Shown
) -> None:
    homely.poll(device({"alarm.flood": state(True)}))
    page = await home_page.page(q="nothing like it")
    assert texts(page, ".found") == ["0 of 1 locations match nothing like it."]
    assert not page.select(".card")
    assert page.select(".trouble")


# --- many


@pytest.fixture
def many(homely: HomelyBench) -> HomelyBench:
    for number in range(119):
        homely.add(f"more-{number:03}", _POLICY, name=f"Home {number:03}")
    homely.poll(device({"alarm.flood": state(True)}), name="The wet one")
    return homely


async def test_many_locations_come_in_pages_with_what_is_wrong_first(
    many: HomelyBench, home_page: Shown
) -> None:
    assert len(many.store.locations) == 120
    first = await home_page.page()
    assert texts(first, ".sum") == ["120 locations, 1 device"]
    assert texts(first, ".card h3")[:2] == ["The wet one", "Home 000"]
    (following,) = first.select("a[rel=next]")
    second = await home_page.page("/" + str(following["href"]))
    third = await home_page.page(page=3)
    names = [name for page in (first, second, third) for name in texts(page, ".card h3")]
    assert len(names) == len(set(names)) == 120
    assert not third.select("a[rel=next]")
    assert second.select("a[rel=prev]")


@pytest.mark.parametrize(
    ("page", "number"),
    [("0", 1), ("-1", 1), ("x", 1), ("", 1), ("9999999999", 1), ("٣", 1), ("99", 3), ("2", 2)],
)
@pytest.mark.usefixtures("many")
async def test_an_odd_page_is_a_page_there_is(home_page: Shown, page: str, number: int) -> None:
    shown = await home_page.page(page=page)
    assert words(shown.select(".pages span")[0]) == f"Page {number} of 3"


async def test_with_many_devices_the_front_page_only_counts_them(
    homely: HomelyBench, home_page: Shown
) -> None:
    states = {"temperature.temperature": state(20)}
    homely.poll(*(device(states, id=f"dev-{number}", name=f"D{number}") for number in range(101)))
    page = await home_page.page()
    assert not page.select("table")
    assert "101 devices" in texts(page, ".card .sub")[0]
    home = await home_page.page(HOME_PATH)
    assert len(home.select(".device")) == 101


async def test_of_many_troubles_of_a_kind_a_few_are_told_and_the_rest_counted(
    homely: HomelyBench, home_page: Shown
) -> None:
    low = {"battery.low": state(True)}
    wet = {"alarm.flood": state(True)}
    homely.poll(*(device(low if n % 2 else wet, id=f"d{n}", name=f"D{n}") for n in range(60)))
    page = await home_page.page()
    assert texts(page, "#wrong") == ["60 things need a look"]
    titles = texts(page, ".trouble strong")
    assert (titles.count("Water leak"), titles.count("Battery low")) == (20, 5)
    assert texts(page, ".headlines .more") == [
        "and 10 more: Water leak",
        "and 25 more: Battery low",
    ]


async def test_the_newest_of_many_leaks_is_among_those_that_are_told(
    homely: HomelyBench, home_page: Shown
) -> None:
    wet = [
        device({"alarm.flood": state(True, homely.now - 3600 + n)}, id=f"d{n}", name=f"Sensor {n}")
        for n in range(30)
    ]
    homely.poll(*wet)
    links = texts(await home_page.page(), ".trouble a")
    assert [link.partition(",")[0] for link in links] == [f"Sensor {n}" for n in range(29, 9, -1)]


async def test_the_number_of_troubles_is_written_as_other_numbers_are(
    homely: HomelyBench, home_page: Shown
) -> None:
    states = {"battery.low": state(True), "alarm.flood": state(True), "alarm.tamper": state(True)}
    homely.poll(*(device(states, id=f"d{n}", name=f"D{n}") for n in range(500)))
    (headline,) = texts(await home_page.page(), "#wrong")
    assert re.fullmatch(r"1,[0-9]{3} things need a look", headline)


async def test_a_page_is_made_in_slices(
    many: HomelyBench, home_page: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE", 0.0)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    await home_page.page()
    task.cancel()
    assert turns > len(many.store.locations), "each location lets others go on"


async def test_a_second_look_asks_only_what_has_changed(
    many: HomelyBench, home_page: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    real = troubles.of_device

    def noted(held: Any, view: Any) -> Any:
        asked.append(held.id)
        return real(held, view)

    monkeypatch.setattr(survey, "of_device", noted)
    await home_page.page()
    assert asked == ["dev-1"]
    await home_page.page()
    assert asked == ["dev-1"]
    many.change("alarm.flood", False, many.now + 1)
    assert not (await home_page.page()).select('.trouble[data-severity="critical"]')
    assert asked == ["dev-1", "dev-1"]
    many.store.remove(many.key)
    assert len((await home_page.page()).select(".card")) == 50


async def test_of_a_location_that_went_and_came_back_nothing_is_remembered(
    homely: HomelyBench, home_page: Shown
) -> None:
    homely.poll(device({"alarm.flood": state(True)}))
    assert (await home_page.page()).select(".trouble")
    homely.store.remove(homely.key)
    homely.add(homely.key[1], _POLICY)
    homely.poll(device({"alarm.flood": state(False)}))
    assert not (await home_page.page()).select(".trouble")


async def test_what_was_worked_out_of_a_location_goes_with_it(homely: HomelyBench) -> None:
    surveyor = survey.Surveyor(homely.store, list, homely.clock)
    homely.poll(device({"alarm.flood": state(True)}))
    await surveyor.everything(slices.Slices())
    assert surveyor._digests.keys() == {homely.key}
    homely.store.remove(homely.key)
    await surveyor.everything(slices.Slices())
    assert not surveyor._digests
