"""Four shards serve what one exporter serves, each login and home once, as far as the store."""

import signal
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from exporter.clock import SystemClock
from exporter.simulator import Simulator, fleet_world
from scripts.stack import missing
from tests.fleet.shards import Exporter, Series, running
from tests.fleet.store import BINARIES, storing
from tests.support.waiting import eventually

SHARDS, LOGINS, HOMES, DEVICES = 4, 50, 4, 4
ALL = LOGINS * HOMES
#: When somebody was asked, and how it went: as many runs, as many answers.
_OF_THE_RUN = {"home_location_updated_timestamp_seconds"}
_IDS = {"account", "location_id"}

pytestmark = pytest.mark.long


def _of_homes(page: dict[Series, float]) -> dict[Series, float]:
    return {
        (name, labels): value
        for (name, labels), value in page.items()
        if name.startswith("home_")
        and not name.startswith("home_exporter_")
        and name not in _OF_THE_RUN
    }


def _of_accounts_and_homes(page: Iterable[Series]) -> set[Series]:
    """Return the exporter's own series that are about one of them, and those of a run."""
    return {
        (name, labels)
        for name, labels in page
        if name in _OF_THE_RUN
        or (name.startswith("home_exporter_") and _IDS & {label for label, _ in labels})
    }


async def _connected(simulator: Simulator, exporters: list[Exporter]) -> list[dict[Series, float]]:
    await eventually(lambda: simulator.homely.live_sockets() >= ALL)
    return [await exporter.page() for exporter in exporters]


async def test_four_shards_are_one_exporter_and_a_store_has_each_home_once(tmp_path: Path) -> None:
    world = fleet_world(LOGINS, HOMES, DEVICES)
    # It does not move, so that two runs see the same.
    simulator = Simulator(clock=SystemClock(), world=world, tick=3600)
    await simulator.start()
    try:
        async with running(simulator, tmp_path, 1) as (alone,):
            (whole,) = await _connected(simulator, [alone])
            assert (await alone.command.stop(signal.SIGTERM)).code == 0
        await eventually(lambda: simulator.homely.live_sockets() == 0)
        simulator.call_log.reset()
        async with running(simulator, tmp_path, SHARDS) as exporters:
            pages = await _connected(simulator, exporters)
            _are_together(pages, whole)
            _have_one_owner_each(simulator)
            _read_no_others_secrets(exporters)
            if absent := missing(BINARIES):
                pytest.skip(f"as far as here; not installed: {', '.join(absent)}")
            await _reach_the_store(tmp_path, exporters)
            _have_one_owner_each(simulator)
    finally:
        await simulator.stop()


def _are_together(pages: list[dict[Series, float]], whole: dict[Series, float]) -> None:
    for part in (_of_homes, _of_accounts_and_homes):
        shares = [set(part(page)) for page in pages]
        assert all(shares)
        assert sum(map(len, shares)) == len(set.union(*shares)), "two shards have the same series"
        assert set.union(*shares) == set(part(whole))
    joined = {series: value for page in pages for series, value in _of_homes(page).items()}
    assert joined == _of_homes(whole)
    assert sum(name == "home_up" and value == 1 for (name, _), value in joined.items()) == ALL
    plain: frozenset[tuple[str, str]] = frozenset()
    for ordinal, page in enumerate(pages):
        assert page["home_exporter_shard_ordinal", plain] == ordinal
        assert page["home_exporter_shards", plain] == SHARDS
    owned = [page["home_exporter_locations_owned", plain] for page in pages]
    assert sum(owned) == whole["home_exporter_locations_owned", plain] == ALL
    assert max(owned) < ALL / 2, "no shard has half of the homes"


def _have_one_owner_each(simulator: Simulator) -> None:
    """Ask the clouds: a second owner of a login would have logged in as well."""
    for login in simulator.world.logins:
        assert simulator.call_log.count("token", account=login.username) == 1
        assert simulator.call_log.count("locations", account=login.username) == 1
    for home in simulator.world.homes:
        assert simulator.homely.live_sockets(home.location_id) == 1
        assert simulator.call_log.count("connect", location=home.location_id) == 1


def _read_no_others_secrets(exporters: list[Exporter]) -> None:
    """Look into the folders: a secret that was read and is not there would have been a fault."""
    held = [{path.name for path in exporter.folder.rglob("*.password")} for exporter in exporters]
    assert len(set.union(*held)) == LOGINS
    assert all(one.isdisjoint(other) for one, other in pairwise(held))


async def _reach_the_store(folder: Path, exporters: list[Exporter]) -> None:
    async with storing(folder, [exporter.address for exporter in exporters]) as store:
        await store.until(f"count(home_up == 1) == {ALL}")
        once = "count by (vendor, location_id) (home_up)"
        assert [value for _, value in await store.query(once)] == [1.0] * ALL
        readings = await store.query("count by (device_id) (home_temperature_celsius)")
        assert {value for _, value in readings} == {1.0}
        assert len(readings) > ALL
        assert len(await store.until("count by (instance) (up == 1)")) == SHARDS
        await store.until(f"home:fleet:homes == {ALL}")
        silent = 'ALERTS{alertname=~"HomeReadTwice|HomeShardSilent"}'
        assert not await store.query(silent)
