"""A reload adds, removes and renames accounts, and the others notice nothing of it."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from exporter.simulator import Fault
from tests.reload.house import House, flood_alarm, readings
from tests.support.running import CALLBACK_SECRET, Page

DISCONNECTS = "home_exporter_stream_disconnects_total"
LIMITED = "home_exporter_rate_limited_until_timestamp_seconds"
CALLS = ("token", "refresh", "locations", "home", "places", "sensors")


def locations(page: Page, **labels: str) -> list[str]:
    """Return the locations that are served, as often as they are."""
    return sorted(dict(key)["location_id"] for key in page.series("home_up", **labels))


def documents(folder: Path, kind: str) -> list[Any]:
    found = []
    for path in (folder / "state" / kind).glob("*.json"):
        with suppress(FileNotFoundError):  # it may go while this looks
            found.append(json.loads(path.read_text()))
    return found


def _owner(document: dict[str, Any]) -> str:
    account: str = document["account"]
    return account.split()[1]


async def test_the_same_file_changes_nothing(house: House) -> None:
    before, sids, asked = await house.running.scrape(), house.sids(), house.asked(*CALLS)
    page = await house.reload()
    assert readings(page) == readings(before)
    assert house.sids() == sids
    assert house.asked(*CALLS) == asked
    assert sum(page.all(DISCONNECTS)) == 0


async def test_an_account_that_is_removed_leaves_no_series_and_no_socket_of_others(
    house: House, tmp_path: Path
) -> None:
    await house.wet(house.running.sim.world.homes[0])
    before, sids, asked = await house.running.scrape(), house.sids(), house.asked(*CALLS)
    page = await house.edit(lambda document: document.pop("wally"))
    assert readings(page) == readings(before, vendor="homely")
    assert 'account="wally-1"' not in page.text
    assert not [key for key in page.samples if dict(key[1]).get("account") == "wally-1"]
    assert page.one("home_exporter_locations_owned") == 3
    assert house.sids() == sids
    assert sum(page.all(DISCONNECTS)) == 0
    assert await house.running.callback({}) == 404
    async with house.running.http.get(house.running.url) as response:
        assert "wally" not in await response.text()
    await house.running.pass_time(3600)
    await house.running.wait(lambda: house.asked("home") >= 6)
    assert house.asked("places", "sensors") == 3, "as before"
    assert asked >= 3
    assert {one["vendor"] for one in documents(tmp_path, "locations")} == {"homely", "wally"}


async def test_an_account_that_comes_back_is_served_at_once_and_called_when_it_is_due(
    house: House,
) -> None:
    document, before = house.document, await house.running.scrape()
    await house.edit(lambda document: document.pop("wally"))
    asked = house.asked("places", "sensors")
    page = await house.reload(document)
    assert readings(page, vendor="wally") == readings(before, vendor="wally")
    assert house.asked("places", "sensors") == asked
    await house.running.pass_time(66)
    await house.running.wait(lambda: house.asked("sensors") == 4)
    assert await house.running.callback({"snid": "x"}) in (204, 400)


async def test_a_removed_account_comes_back_with_the_process(house: House) -> None:
    document, before = house.document, await house.running.scrape()
    await house.edit(lambda document: document.pop("wally"))
    await house.running.pass_time(2)
    house.write(document)
    await house.running.restart(house.running.app.reloader._load())
    page = await house.running.scrape()
    assert locations(page) == locations(before)


async def test_an_account_is_added(house: House) -> None:
    ola = house.document["homely"][1]
    await house.edit(lambda document: document["homely"].pop())
    sids = house.sids()
    await house.running.wait(lambda: len(house.sids()) == 2)
    sids = house.sids()
    page = await house.edit(lambda document: document["homely"].append({**ola, "name": "new"}))
    assert house.running.app.is_ready(), "once it was, it stays so"
    page = await house.connected(3)
    assert len(locations(page, vendor="homely")) == 3
    assert sids.items() <= house.sids().items()
    assert page.one("home_exporter_account_up", account="new") == 1
    assert not page.has("home_exporter_account_up", account="homely-2")


async def test_an_account_that_is_renamed_goes_on_as_it_was(house: House) -> None:
    home = house.running.sim.world.homes[0]
    await house.wet(home)
    before, asked = await house.running.scrape(), house.asked("locations", "home")
    page = await house.edit(lambda document: document["homely"][0].update(name="kari"))
    assert readings(page) == readings(before)
    assert locations(page) == sorted(set(locations(before)))
    assert page.one("home_events_total", device_id=flood_alarm(home).device_id, event="leak") == 1
    assert not page.has("home_exporter_account_up", account="homely-1")
    assert page.one("home_exporter_account_up", account="kari") == 1
    page = await house.connected(3)
    assert house.asked("locations", "home") == asked, "there is nothing to ask"
    assert readings(page) == readings(before)


async def test_a_renamed_account_is_found_on_disk_under_its_new_name(
    house: House, tmp_path: Path
) -> None:
    await house.edit(lambda document: document["homely"][0].update(name="kari"))
    await house.running.pass_time(2)
    wanted = ["homely-2", "kari", "kari", "wally-1", "wally-1"]
    await house.running.wait(
        lambda: sorted(_owner(one) for one in documents(tmp_path, "locations")) == wanted
    )


async def test_accounts_without_names_may_move_up(house: House) -> None:
    homes = house.running.sim.world.homes
    await house.wet(homes[2])
    before, asked = await house.running.scrape(), house.asked("locations", "home")
    page = await house.edit(lambda document: document["homely"].pop(0))
    labels = {"location_id": homes[2].location_id}
    assert locations(page, vendor="homely") == [homes[2].location_id]
    assert readings(page, **labels) == readings(before, **labels)
    assert page.all("home_exporter_account_up", vendor="homely") == [1]
    await house.connected(1)
    assert house.asked("locations", "home") == asked


async def test_two_accounts_may_change_names(house: House) -> None:
    before, asked = await house.running.scrape(), house.asked("locations", "home")
    page = await house.edit(lambda document: document["homely"].reverse())
    assert readings(page) == readings(before)
    page = await house.connected(3)
    assert readings(page) == readings(before)
    assert house.asked("locations", "home") == asked


# --- one location, two accounts


async def test_a_shared_location_goes_to_the_account_that_still_lists_it(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    logins = house.running.sim.world.logins
    shared = logins[0].homes[0]
    logins[1].homes.append(shared)
    await house.running.pass_time(6.7 * 3600)
    await house.running.wait(lambda: "read through another account" in caplog.text)
    await house.running.until(lambda page: set(page.all("home_up", vendor="homely")) == {1})
    await house.wet(shared)
    before, labels = await house.running.scrape(), {"location_id": shared.location_id}

    def change(document: dict[str, Any]) -> None:
        document["homely"].pop(0)
        document["homely"][0]["name"] = "homely-2"

    page = await house.edit(change)
    assert locations(page, vendor="homely") == sorted(
        home.location_id for home in (shared, logins[1].homes[0])
    )
    assert readings(page, **labels) == readings(before, **labels)
    await house.connected(2)
    await house.wet(shared, wet=False)
    await house.wet(shared)
    page = await house.running.scrape()
    assert page.one("home_events_total", event="leak", **_device(shared)) == 2


async def test_which_account_reads_a_shared_location_follows_the_order_of_the_file(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    logins, running = house.running.sim.world.logins, house.running
    shared = logins[0].homes[0]
    logins[1].homes.append(shared)
    await running.pass_time(6.7 * 3600)
    await running.wait(lambda: "read through another account" in caplog.text)

    def turn(document: dict[str, Any]) -> None:
        for number, account in enumerate(document["homely"], 1):
            account["name"] = f"homely-{number}"
        document["homely"].reverse()

    await house.edit(turn)
    held = running.app.store.locations["homely", shared.location_id]
    assert held.account == "homely-1", "until the other lists it again"
    await running.pass_time(6.7 * 3600)
    await running.wait(lambda: held.account == "homely-2")


def _device(home: Any) -> dict[str, str]:
    return {"device_id": flood_alarm(home).device_id}


async def test_another_user_of_the_same_homes_takes_them_over(house: House) -> None:
    logins = house.running.sim.world.logins
    ola = {key: house.document["homely"][1][key] for key in ("username", "password")}
    await house.edit(lambda document: document["homely"].pop())
    logins[1].homes[:] = logins[0].homes
    await house.wet(logins[0].homes[0])
    before = await house.running.scrape()
    kari = {"vendor": "homely", "location_id": logins[0].homes[0].location_id}
    page = await house.edit(lambda document: document["homely"][0].update(ola))
    assert readings(page, **kari) == readings(before, **kari), "until it is known who has them"
    assert not page.has("home_exporter_stream_connected", **kari)
    assert not page.has("home_exporter_next_poll_timestamp_seconds", **kari)
    await house.running.pass_time(61)
    page = await house.connected(2)
    assert readings(page, **kari) == readings(before, **kari)
    assert len(locations(page, vendor="homely")) == 2


async def test_homes_that_another_user_does_not_have_go_once_that_is_known(house: House) -> None:
    sim = house.running.sim
    ola = {key: house.document["homely"][1][key] for key in ("username", "password")}

    def change(document: dict[str, Any]) -> None:
        del document["homely"][1]
        document["homely"][0].update(ola, name="ny")

    await house.edit(change)
    await house.running.pass_time(61)
    mine = [home.location_id for home in sim.world.logins[1].homes]
    await house.running.until(lambda page: locations(page, vendor="homely") == mine)
    await house.running.wait(lambda: list(house.sids()) == mine)


# --- care for the vendor


@pytest.mark.parametrize("how", ["change", "rename", "return"])
async def test_no_reload_lifts_a_penalty(house: House, how: str) -> None:
    running = house.running
    await running.sim.inject(Fault(kind="status", endpoint="sensors", status=429, retry_after=30))
    await running.pass_time(66)
    page = await running.until(lambda page: page.one(LIMITED, vendor="wally") > 0)
    until = page.one(LIMITED, vendor="wally")
    running.sim.clear_faults()
    document, asked = house.document, house.asked("places", "sensors")
    if how == "change":
        document["wally"][0]["poll_interval"] = "10s"
    elif how == "rename":
        document["wally"][0]["name"] = "other"
    else:
        await house.edit(lambda document: document.pop("wally"))
    page = await house.reload(document)
    assert page.one(LIMITED, vendor="wally") == pytest.approx(until, abs=0.01)
    await running.pass_time(until - running.clock.wall() - 5)
    assert house.asked("places", "sensors") == asked
    assert len(locations(await running.scrape(), vendor="wally")) == 2
    await running.pass_time(70)
    await running.wait(lambda: house.asked("places", "sensors") > asked)


async def test_a_call_under_way_is_cut_and_says_nothing_more(house: House) -> None:
    running = house.running
    await running.sim.inject(Fault(kind="hang_before", vendor="wally"))
    asked = len(running.sim.calls)
    await running.pass_time(66)
    await running.wait(lambda: len(running.sim.calls) > asked)
    page = await house.edit(lambda document: document.pop("wally"))
    await running.pass_time(5)
    page = await running.scrape()
    assert 'account="wally-1"' not in page.text
    assert not page.has("home_up", vendor="wally")


async def test_callbacks_that_waited_for_a_sensor_go_with_their_account(house: House) -> None:
    body = {
        "snid": "sn-unknown",
        "type": "alarm",
        "state": "open",
        "created": "2025-10-09T08:00:00Z",
    }
    assert await house.running.callback(body, CALLBACK_SECRET) == 204
    store = house.running.app.store
    assert store._pending._waiting
    await house.edit(lambda document: document.pop("wally"))
    assert not store._pending._waiting
