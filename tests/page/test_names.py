"""Names from a cloud are text, whatever they hold."""

from urllib.parse import quote

import pytest

from exporter.store import Policy
from tests.mapping.payloads import device, state
from tests.page.shown import Shown, texts, words
from tests.store.bench import HomelyBench

_POLICY = Policy(3 * 3600.0, 86_400.0)
NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></main><h1>mine</h1>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp; &#x3c;",
    "\u202egnp.exe\u202c left",
    "x" * 128,
    "🏡👨‍👩‍👧‍👦🔥",
    "Håkons løe på Ås",
    "' onmouseover='alert(1)",
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_hostile_name_is_shown_as_it_is_and_does_nothing(
    homely: HomelyBench, home_page: Shown, name: str
) -> None:
    states = {"battery.low": state(True), "temperature.temperature": state(20)}
    homely.poll(device(states, name=name, location=name, modelName=name), name=name)
    homely.alarm(name)
    for path in ("/", "/locations/homely/home-1"):
        page = await home_page.page(path)
        assert [one.get_text() for one in page.select("script")] == [""], "the page's own"
        assert not page.select("img, iframe, b, [onerror], [onmouseover]")
        assert len(page.select("h1")) == len(page.select("title")) == 1
        assert " ".join(name.split()) in texts(page, "bdi")
        assert "49" not in words(page.select("h1")[0])
        title = words(page.select("title")[0])
        assert "\u202e" not in title, "nothing ends what it turns around there"
    home = await home_page.page("/locations/homely/home-1")
    assert texts(home, "h1 > bdi") == [" ".join(name.split())], "and it is isolated"


async def test_what_has_no_name_is_called_something(homely: HomelyBench, home_page: Shown) -> None:
    states = {"battery.low": state(True)}
    homely.poll(device(states, name="", location="", modelName="", id="d-7"), name="")
    page = await home_page.page()
    assert texts(page, ".card h3") == ["Without a name"]
    assert texts(page, "tbody th bdi") == ["d-7"]
    assert texts(page, ".trouble a") == ["d-7, home-1"]


@pytest.mark.parametrize("location_id", ["a/b", "a b?c#d", "%2e%2e%2f", "æ🏡", "a%", '"<&>', "a+b"])
async def test_an_id_is_found_by_its_encoded_form(
    homely: HomelyBench, home_page: Shown, location_id: str
) -> None:
    homely.add(location_id, _POLICY, name="The odd one")
    page = await home_page.page(q="The odd one")
    (link,) = page.select(".card h3 a")
    path = str(link["href"]).removeprefix(".")
    assert path == f"/locations/homely/{quote(location_id, safe='')}"
    assert texts(await home_page.page(path), "h1") == ["The odd one"]


async def test_a_filter_is_text_as_well(home_page: Shown) -> None:
    page = await home_page.page(q="<script>'\"&")
    assert len(page.select("script")) == 1
    assert str(page.select("#q")[0]["value"]) == "<script>'\"&"
    assert texts(page, ".found bdi") == ["<script>'\"&"]
