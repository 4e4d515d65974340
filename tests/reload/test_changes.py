"""An account that changes keeps what is held of it, and its sockets."""

from pathlib import Path
from typing import Any

import pytest

from tests.reload.house import House, flood_alarm, readings
from tests.support.running import Page

UP = "home_exporter_account_up"
NEXT = "home_exporter_next_poll_timestamp_seconds"


def kari(document: dict[str, Any]) -> dict[str, Any]:
    account: dict[str, Any] = document["homely"][0]
    return account


async def test_a_location_that_is_excluded_goes_and_the_others_keep_their_sockets(
    house: House, tmp_path: Path
) -> None:
    cabin, villa, _ = house.running.sim.world.homes
    before, sids = await house.running.scrape(), house.sids()
    page = await house.edit(
        lambda document: kari(document).update(locations={"exclude": [cabin.name.strip()]})
    )
    assert not page.has("home_up", location_id=cabin.location_id)
    assert cabin.location_id not in page.text
    labels = {"location_id": villa.location_id}
    assert readings(page, **labels) == readings(before, **labels)
    await house.running.wait(lambda: len(house.sids()) == 2)
    assert house.sids().items() <= sids.items()
    await house.running.pass_time(2)
    folder = tmp_path / "state" / "locations"
    await house.running.wait(lambda: len(list(folder.glob("*.json"))) == 4)


async def test_a_location_that_is_included_appears(house: House) -> None:
    cabin = house.running.sim.world.homes[0]
    await house.edit(lambda document: kari(document).update(locations={"exclude": ["Hytta*"]}))
    await house.running.wait(lambda: len(house.sids()) == 2)
    sids = house.sids()
    await house.edit(lambda document: kari(document).pop("locations"))
    await house.running.pass_time(61)
    await house.running.until(lambda page: page.has("home_up", location_id=cabin.location_id))
    await house.connected(3)
    assert sids.items() <= house.sids().items()


async def test_a_location_may_move_between_accounts_that_both_have_it(house: House) -> None:
    logins = house.running.sim.world.logins
    cabin = logins[0].homes[0]
    logins[1].homes.append(cabin)
    await house.wet(cabin)
    before, labels = await house.running.scrape(), {"location_id": cabin.location_id}

    def change(document: dict[str, Any]) -> None:
        kari(document)["locations"] = {"exclude": [cabin.location_id]}
        document["homely"][1]["locations"] = {"include": ["*"], "exclude": ["nothing"]}

    page = await house.edit(change)
    assert readings(page, **labels) == readings(before, **labels)
    await house.running.pass_time(61)
    page = await house.connected(3)
    assert readings(page, **labels) == readings(before, **labels)
    assert page.one("home_events_total", device_id=flood_alarm(cabin).device_id, event="leak") == 1


async def test_intervals_change_without_a_call_or_a_new_socket(house: House) -> None:
    sids, asked = house.sids(), house.asked("locations", "home", "token")
    # The poll that fills in what a new socket may have missed comes first.
    await house.running.pass_time(330)
    await house.running.wait(lambda: house.asked("home") == 6)
    before = await house.running.scrape()
    page = await house.edit(lambda document: kari(document).update(poll_interval="10m"))
    mine = {"location_id": house.running.sim.world.homes[0].location_id}
    sooner = before.one(NEXT, **mine) - page.one(NEXT, **mine)
    assert 400 < sooner < 800, "of 20 minutes with their jitter 10 are left"
    other = {"location_id": house.running.sim.world.homes[2].location_id}
    assert page.one(NEXT, **other) == before.one(NEXT, **other)
    assert house.sids() == sids
    assert house.asked("locations", "token") <= asked


async def test_how_long_data_are_believed_changes_at_once(house: House) -> None:
    await house.running.sim.shut("wally")
    await house.running.pass_time(600)
    assert (await house.running.scrape()).all("home_up", vendor="wally") == [1, 1]
    page = await house.edit(lambda document: document["wally"][0].update(stale_after="5m"))
    assert page.all("home_up", vendor="wally") == [0, 0]
    assert not page.has("home_temperature_celsius", vendor="wally")
    page = await house.edit(lambda document: document["wally"][0].update(stale_after="1h"))
    assert page.all("home_up", vendor="wally") == [1, 1]
    assert page.has("home_temperature_celsius", vendor="wally")


# --- secrets


def by_file(house: House, tmp_path: Path) -> Path:
    """Give the first login's password in a file of its own."""
    path = tmp_path / "password"
    document = house.document
    path.write_text(kari(document).pop("password"))
    kari(document)["password_file"] = str(path)
    house.write(document)
    return path


async def test_a_rotated_password_takes_effect_and_loses_nothing(
    house: House, tmp_path: Path
) -> None:
    running, login = house.running, house.running.sim.world.logins[0]
    path = by_file(house, tmp_path)
    await house.reload()
    await house.wet(login.homes[0])
    before, sids = await running.scrape(), house.sids()
    login.password = "another-password"
    running.sim.homely.tokens.expire_all(refresh=True)
    await running.pass_time(330)
    page = await running.until(lambda page: page.one(UP, account="homely-1") == 0)
    assert page.one("home_exporter_auth_failures_total", account="homely-1") == 1
    path.write_text("another-password\n")
    page = await house.reload()
    assert readings(page, vendor="homely") == readings(before, vendor="homely")
    await running.pass_time(61)
    page = await running.until(lambda page: page.one(UP, account="homely-1") == 1)
    assert page.one("home_exporter_auth_failures_total", account="homely-1") == 1
    assert house.sids() == sids
    assert readings(page, vendor="homely") == readings(before, vendor="homely")


async def test_a_socket_that_waits_for_the_right_password_need_not_wait_longer(
    house: House, tmp_path: Path
) -> None:
    running, login = house.running, house.running.sim.world.logins[0]
    path = by_file(house, tmp_path)
    await house.reload()
    login.password = "another-password"
    running.sim.homely.tokens.expire_all(refresh=True)
    await running.sim.drop_sockets()
    for _ in range(20):
        await running.pass_time(10)
    await running.until(lambda page: page.one(UP, account="homely-1") == 0)
    path.write_text("another-password")
    await house.reload()
    await running.pass_time(61)
    await house.connected(3)


async def test_a_rotated_token_takes_effect(house: House) -> None:
    running, account = house.running, house.running.sim.world.accounts[0]
    before = await running.scrape()
    account.token = "another-token"
    await running.pass_time(66)
    await running.until(lambda page: page.one(UP, vendor="wally") == 0)
    page = await house.edit(lambda document: document["wally"][0].update(token=account.token))
    assert readings(page, vendor="wally") == readings(before, vendor="wally")
    await running.pass_time(61)
    page = await running.until(lambda page: page.one(UP, vendor="wally") == 1)
    assert readings(page, vendor="wally") == readings(before, vendor="wally")


async def test_a_wrong_password_is_tried_and_told_of_soon(house: House) -> None:
    sids = house.sids()
    page = await house.edit(lambda document: kari(document).update(password="wrong"))
    assert page.one(UP, account="homely-1") == 1
    await house.running.pass_time(61)
    page = await house.running.until(lambda page: page.one(UP, account="homely-1") == 0)
    assert house.sids() == sids
    assert page.all("home_up", vendor="homely") == [1, 1, 1]


@pytest.mark.parametrize("by", ["value", "file"])
async def test_a_rotated_callback_secret_takes_effect(
    house: House, tmp_path: Path, by: str
) -> None:
    old, new = "callback-secret-of-old", "callback-secret-of-new"
    path, given = tmp_path / "secret", {"value": "callback_secret", "file": "callback_secret_file"}
    sensor = house.running.sim.world.places[0].sensors[0].device_id
    body = {"snid": sensor, "type": "alarm", "state": "open", "created": "2025-10-09T08:00:00Z"}

    async def answers(secret: str) -> list[int]:
        path.write_text(secret)
        value = {"value": secret, "file": str(path)}[by]

        def change(document: dict[str, Any]) -> None:
            document["wally"][0].pop("callback_secret", None)
            document["wally"][0][given[by]] = value

        await house.edit(change)
        return [await house.running.callback(body, one) for one in (old, new)]

    asked = house.asked("places", "sensors")
    assert await answers(old) == [204, 404]
    assert await answers(new) == [404, 204]
    assert house.asked("places", "sensors") == asked


async def test_another_address_is_another_account(house: House) -> None:
    def has_names(page: Page) -> bool:
        return len(page.all("home_up", vendor="wally")) == 2

    url = house.document["wally"][0]["base_url"].replace("127.0.0.1", "localhost")
    sids = house.sids()
    page = await house.edit(lambda document: document["wally"][0].update(base_url=url))
    assert has_names(page), "held until it is known what is there"
    await house.running.wait(lambda: house.asked("places") == 2)
    await house.running.pass_time(2)
    assert has_names(await house.running.until(lambda page: page.one(UP, vendor="wally") == 1))
    assert house.sids() == sids
