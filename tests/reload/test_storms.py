"""Many reloads at once are few, the last word counts, and none leaves anything behind."""

import asyncio
import copy
import gc
import os
import threading
from typing import Any

import pytest

from exporter.config import Config
from tests.reload.house import SUCCESSFUL, House


class Counted:
    """Loads as before, counts how often, and waits where it is told to."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        reloader = house.running.app.reloader
        self._load = reloader._load
        self.loads = 0
        self.may_go = threading.Event()
        self.may_go.set()
        monkeypatch.setattr(reloader, "_load", self)

    def __call__(self) -> Config:
        self.loads += 1
        config = self._load()
        assert self.may_go.wait(10)
        return config


@pytest.fixture
def counted(house: House, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(house, monkeypatch)


async def test_a_hundred_signals_are_at_most_two_reloads(house: House, counted: Counted) -> None:
    counted.may_go.clear()
    house.running.app.reloader.ask()
    await house.running.wait(lambda: counted.loads == 1)
    sids = house.sids()
    document = house.document
    del document["wally"]
    house.write(document)
    tasks = {house.running.app.reloader.ask() for _ in range(100)}
    assert len(tasks) == 1
    counted.may_go.set()
    (last,) = tasks
    assert last is not None
    assert await last == []
    assert counted.loads == 2
    assert not (await house.running.scrape()).has("home_up", vendor="wally"), "the last word"
    assert house.sids() == sids


async def test_a_hundred_requests_are_few_reloads_and_all_are_answered(
    house: House, counted: Counted
) -> None:
    answers = await asyncio.gather(*(house.ask() for _ in range(100)))
    assert {status for status, _ in answers} == {200}
    assert 1 <= counted.loads < 50


async def test_one_who_goes_away_does_not_end_the_reload_of_others(
    house: House, counted: Counted
) -> None:
    counted.may_go.clear()
    impatient = asyncio.ensure_future(house.ask())
    await house.running.wait(lambda: counted.loads == 1)
    patient = asyncio.ensure_future(house.ask())
    impatient.cancel()
    await asyncio.wait([impatient])
    counted.may_go.set()
    assert (await patient)[0] == 200


async def test_a_reload_while_the_exporter_stops_is_ignored(house: House, counted: Counted) -> None:
    app = house.running.app
    await house.running.end()
    assert app.reloader.ask() is None
    assert await app.reloader.reload() == ["the exporter stops"]
    assert counted.loads == 0


async def test_a_reload_under_way_does_not_hold_up_the_end(house: House, counted: Counted) -> None:
    counted.may_go.clear()
    asked = asyncio.ensure_future(house.running.app.reloader.reload())
    await house.running.wait(lambda: counted.loads == 1)
    accounts = house.running.app.accounts
    document = house.document
    del document["wally"]
    house.write(document)
    ending = asyncio.ensure_future(house.running.end())
    await house.running.wait(lambda: house.running.app.reloader._is_closed)
    # What is read by now comes too late: nothing begins any more.
    counted.may_go.set()
    await ending
    assert await asked == ["the exporter stops"]
    assert house.running.app.accounts == accounts


async def test_a_reload_asked_for_during_the_start_comes_after_it(
    house: House,
) -> None:
    running = house.running
    await running.end()
    document = house.document
    del document["wally"]
    house.write(document)
    app = running.app = type(running.app)(
        running.config, clock=running.clock, load=house.running.app.reloader._load
    )
    task = app.reloader.ask()
    assert task is not None
    await app.start("127.0.0.1:0")
    running._is_up = True
    assert await task == []
    page = await running.scrape()
    assert not page.has("home_up", vendor="wally")
    assert page.one(SUCCESSFUL) == 1


# --- nothing is left


def _held(house: House) -> dict[str, int]:
    app = house.running.app
    gc.collect()
    return {
        "tasks": sum(not _is_of_the_cloud(task) for task in asyncio.all_tasks()),
        "tasks remembered": len(app._tasks),
        "threads": threading.active_count(),
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208  # names only
        "plans": len(app._planner._due),
        "series": app.exposition.series,
        "owners": len(app._tools.claims._owners),
        "rivals": len(app._tools.claims._rivals),
        "accounts": len(app._keeper._accounts),
        "records": len(app._keeper._live),
        "snapshots": sum(map(len, app._keeper._snapshots.values())),
        "page": len(app.telemetry.registry._collector_to_names),
    }


def _is_of_the_cloud(task: "asyncio.Task[Any]") -> bool:
    # The simulator's server lets the pings of sockets that are gone sleep on.
    return "AsyncSocket." in getattr(task.get_coro(), "__qualname__", "")


def _variants(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return configurations that add, remove, rename, narrow and change accounts."""
    variants = [copy.deepcopy(document) for _ in range(5)]
    del variants[0]["wally"]
    variants[1]["homely"].pop(0)
    variants[2]["homely"][0]["name"] = "kari"
    variants[3]["homely"][0]["locations"] = {"exclude": ["Hytta*"]}
    variants[4]["homely"][0]["poll_interval"] = "10m"
    return variants


async def test_fifty_reloads_leave_nothing_behind(house: House) -> None:
    document = house.document
    variants = _variants(document)

    async def around() -> None:
        for variant in variants:
            await house.reload(variant)
            await house.reload(document)
            await house.running.pass_time(61)
            await house.connected(3)
            await house.running.wait(lambda: len(house.sids()) == 3)

    await around()
    before = await _settled(house)
    for _ in range(5):
        await around()
    after = await _settled(house)
    for name, number in before.items():
        # What the connections of both ends are at varies a little.
        slack = 4 if name in ("tasks", "threads", "descriptors") else 0
        assert after[name] <= number + slack, f"{name}: {before} {after}"


async def _settled(house: House) -> dict[str, int]:
    """Return what is held once what was cut has ended."""
    for _ in range(5):
        await house.running.pass_time(1)
        await asyncio.sleep(0.1)
    return _held(house)
