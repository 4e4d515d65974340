"""Shards of one exporter: each home is with one of them, and together they say it all."""

from pathlib import Path

import yaml

from exporter.shard import owner
from exporter.simulator import Simulator
from tests.shards.conftest import Begin
from tests.support.running import CALLBACK_SECRET, Page, Running

TOTAL = 4
NAMES = ("homely-1", "homely-2", "wally-1")
EMPTY = next(one for one in range(TOTAL) if one not in {owner(name, TOTAL) for name in NAMES})
WALLYS = owner("wally-1", TOTAL)
CALLBACKS = "home_exporter_callbacks_total"


async def settled(running: Running, streams: int) -> Page:
    """Wait until all accounts were tried and so many sockets are up."""
    await running.wait(running.app.is_ready)

    def are_up(page: Page) -> bool:
        running.clock.advance(0.1)
        return sum(page.all("home_exporter_stream_connected")) == streams

    return await running.until(are_up)


def streams(ordinal: int, sim: Simulator) -> int:
    """Return how many homes of Homely a shard has."""
    return sum(
        len(login.homes)
        for number, login in enumerate(sim.world.logins, start=1)
        if owner(f"homely-{number}", TOTAL) == ordinal
    )


def homes(page: Page) -> set[object]:
    """Return the series that are about homes."""
    return {key for key in page.samples if not key[0].startswith(("home_exporter_", "process_"))}


async def test_together_they_serve_what_one_would(begin: Begin, sim: Simulator) -> None:
    alone = await begin(0, 1)
    whole = homes(await settled(alone, 3))
    await alone.end()
    shards = [await begin(ordinal, TOTAL) for ordinal in range(TOTAL)]
    pages = [await settled(one, streams(ordinal, sim)) for ordinal, one in enumerate(shards)]
    parts = [homes(page) for page in pages]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole), "no series twice"
    live = [one.location_id for one in sim.homely.sockets._by_sid.values()]
    assert sorted(live) == sorted(home.location_id for home in sim.world.homes)


async def test_each_says_which_it_is_and_what_it_has(begin: Begin, sim: Simulator) -> None:
    owned = []
    for ordinal in range(TOTAL):
        page = await settled(await begin(ordinal, TOTAL), streams(ordinal, sim))
        assert page.one("home_exporter_shard_ordinal") == ordinal
        assert page.one("home_exporter_shards") == TOTAL
        owned.append(page.one("home_exporter_locations_owned"))
        assert owned[-1] == len(page.all("home_up"))
    assert sum(owned) == 5


async def test_a_shard_without_an_account_is_ready_and_serves_its_own_metrics(
    begin: Begin,
) -> None:
    running = await begin(EMPTY, TOTAL)
    assert running.app.is_ready()
    page = await running.scrape()
    assert homes(page) == set()
    assert page.one("home_exporter_locations_owned") == 0
    for path in ("/", "/-/ready", "/-/healthy"):
        async with running.http.get(f"{running.url}{path}") as response:
            assert (path, response.status) == (path, 200)


async def test_a_reload_gives_a_shard_its_first_account(
    begin: Begin, sim: Simulator, path: Path
) -> None:
    running = await begin(EMPTY, TOTAL)
    document = yaml.safe_load(path.read_text())
    new = next(name for name in map(str, range(99)) if owner(name, TOTAL) == EMPTY)
    document["wally"][0]["name"] = new
    path.write_text(yaml.safe_dump(document))
    async with running.http.post(f"{running.url}/-/reload") as response:
        assert response.status == 200
    places = len(sim.world.accounts[0].places)
    await running.until(lambda page: page.all("home_exporter_locations_owned") == [places])
    assert (await running.scrape()).one("home_exporter_shard_ordinal") == EMPTY


async def test_a_callback_at_the_wrong_shard_is_one_with_a_wrong_secret(begin: Begin) -> None:
    right, wrong = await begin(WALLYS, TOTAL), await begin((WALLYS + 1) % TOTAL, TOTAL)
    await right.wait(right.app.is_ready)
    assert await right.callback([]) == 204
    answers = []
    for secret in (CALLBACK_SECRET, "a-secret-that-nobody-has"):
        url = f"{wrong.url}/callbacks/wally/{secret}"
        async with wrong.http.post(url, json=[]) as response:
            headers = {key: value for key, value in response.headers.items() if key != "Date"}
            answers.append((response.status, headers, await response.text()))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    page = await wrong.scrape()
    assert page.one(CALLBACKS, outcome="wrong_secret") == 2
    assert sum(page.all(CALLBACKS)) == 2
    assert (await right.scrape()).one(CALLBACKS, outcome="wrong_secret") == 0
