"""What holds for every vendor behind the one protocol."""

import pytest

from exporter.simulator import Simulator, small_world
from exporter.simulator.faults import Kind
from tests.conftest import Start
from tests.contract.clouds import Cloud, next_call
from tests.contract.toy_cloud import TOKEN
from tests.support.manual_clock import ManualClock
from tests.support.running import Page, Running


async def next_poll(running: Running, cloud: Cloud) -> Page:
    """Let the next poll of the location happen, well or not, and return the page after it."""
    return await next_call(running, cloud.endpoint, cloud.interval, cloud.log)


async def test_a_reading_has_the_names_and_ids_of_its_device(
    running: Running, cloud: Cloud
) -> None:
    page = await running.scrape()
    labels = {"vendor": cloud.vendor, "location_id": cloud.location_id}
    assert page.has("home_temperature_celsius", device_id=cloud.device_id, **labels)
    assert page.one("home_up", **labels) == 1


async def test_a_changed_reading_is_shown_after_the_next_poll(
    running: Running, cloud: Cloud
) -> None:
    cloud.freeze()
    running.clock.advance(1)
    cloud.write(31.5)
    page = await next_poll(running, cloud)
    assert page.one("home_temperature_celsius", device_id=cloud.device_id) == 31.5


@pytest.mark.parametrize("value", [None, {}, "warm", True, [], -273.0, 655.35, float("nan")])
async def test_a_value_of_no_use_leaves_no_reading(
    running: Running, cloud: Cloud, value: object
) -> None:
    cloud.freeze()
    running.clock.advance(1)
    cloud.write(value)
    page = await next_poll(running, cloud)
    assert not page.has("home_temperature_celsius", device_id=cloud.device_id)
    assert page.one("home_up", location_id=cloud.location_id) == 1
    assert page.has("home_leak_detected", device_id=cloud.device_id), "the others stay"


async def test_a_renamed_device_takes_its_new_name_and_leaves_nothing_behind(
    running: Running, cloud: Cloud
) -> None:
    cloud.rename('New "name" \\ with\nall 🏠 ')
    page = await next_poll(running, cloud)
    names = {
        value
        for (_, labels) in page.samples
        if ("device_id", cloud.device_id) in labels
        for key, value in labels
        if key == "device"
    }
    assert names == {'New "name" \\ with\nall 🏠'}


async def test_a_renamed_location_takes_its_new_name_everywhere(
    running: Running, cloud: Cloud
) -> None:
    cloud.rename_location("Elsewhere ")
    await next_poll(running, cloud)
    page = await next_poll(running, cloud)
    names = {
        value
        for (_, labels) in page.samples
        if ("location_id", cloud.location_id) in labels
        for key, value in labels
        if key == "location"
    }
    assert names == {"Elsewhere"}


async def test_two_devices_of_one_name_are_two_series(running: Running, cloud: Cloud) -> None:
    cloud.twin()
    page = await next_poll(running, cloud)
    series = page.series("home_temperature_celsius", vendor=cloud.vendor)
    names = [dict(labels)["device"] for labels in series]
    assert len(names) > len(set(names))


async def test_a_device_that_one_poll_omits_stays_and_two_omit_goes(
    running: Running, cloud: Cloud
) -> None:
    cloud.hide()
    page = await next_poll(running, cloud)
    assert page.has("home_temperature_celsius", device_id=cloud.device_id)
    await next_poll(running, cloud)
    page = await running.until(
        lambda page: not page.has("home_device_info", device_id=cloud.device_id)
    )
    assert not any(("device_id", cloud.device_id) in labels for _, labels in page.samples)


async def test_a_device_that_comes_back_in_time_has_lost_nothing(
    running: Running, cloud: Cloud
) -> None:
    cloud.hide()
    await next_poll(running, cloud)
    cloud.show()
    await next_poll(running, cloud)
    cloud.hide()
    page = await next_poll(running, cloud)
    assert page.has("home_temperature_celsius", device_id=cloud.device_id)


@pytest.mark.parametrize("kind", ["status", "html_200", "object_for_list", "truncated_json"])
async def test_a_cloud_that_fails_goes_stale_and_comes_back(
    running: Running, cloud: Cloud, kind: Kind
) -> None:
    cloud.freeze()
    await cloud.fail(kind)
    page = await next_poll(running, cloud)
    assert page.has("home_temperature_celsius", device_id=cloud.device_id), "not yet"

    await next_call(running, cloud.endpoint, cloud.stale_after, cloud.log)
    page = await running.until(lambda page: page.one("home_up", location_id=cloud.location_id) == 0)
    assert not page.has("home_temperature_celsius", device_id=cloud.device_id)
    assert not page.has("home_leak_detected", device_id=cloud.device_id)
    assert page.has("home_device_info", device_id=cloud.device_id)
    assert page.has("home_device_online", device_id=cloud.device_id)
    assert page.has("home_events_total", device_id=cloud.device_id, event="leak")

    cloud.mend()
    await next_call(running, cloud.endpoint, cloud.stale_after, cloud.log)
    page = await running.until(lambda page: page.one("home_up", location_id=cloud.location_id) == 1)
    assert page.has("home_temperature_celsius", device_id=cloud.device_id)


async def test_one_dead_cloud_harms_no_other(running: Running, cloud: Cloud) -> None:
    await cloud.fail("status")
    await running.pass_time(3 * 3600 + 60)
    others = {account.vendor for account in running.config.accounts} - {cloud.vendor}
    page = await running.until(
        lambda page: (
            page.all("home_up", vendor=cloud.vendor) == [0]
            and all(page.all("home_up", vendor=other) == [1] for other in others)
        )
    )
    for other in others:
        assert page.has("home_temperature_celsius", vendor=other)


async def test_a_gateway_without_internet_leaves_no_old_reading(
    running: Running, cloud: Cloud
) -> None:
    cloud.freeze()
    steps = int(cloud.device_stale_after / cloud.interval) + 2
    before = (await running.scrape()).one(
        "home_device_updated_timestamp_seconds", device_id=cloud.device_id
    )
    for _ in range(steps):
        page = await next_poll(running, cloud)
    assert page.one("home_up", location_id=cloud.location_id) == 1
    assert not page.has("home_temperature_celsius", device_id=cloud.device_id)
    assert not page.has("home_leak_detected", device_id=cloud.device_id)
    reason = page.one("home_device_updated_timestamp_seconds", device_id=cloud.device_id)
    assert reason == before, "the timestamp says why"


async def test_a_location_that_two_listings_omit_is_forgotten(
    running: Running, cloud: Cloud
) -> None:
    cloud.freeze()
    cloud_location = cloud.location_id
    cloud.remove_location()
    # The list is empty now, which a cloud in trouble answers as well: it must be stale first.
    for _ in range(int(cloud.stale_after / cloud.listed_every) + 4):
        await next_call(running, cloud.listing, cloud.listed_every, cloud.log)
    await running.until(
        lambda page: (
            not any(("location_id", cloud_location) in labels for _, labels in page.samples)
        )
    )
    if cloud.vendor == "homely":
        await running.wait(lambda: running.sim.homely.live_sockets() == 0)


async def test_one_empty_list_after_another_forgets_nothing_that_is_fresh(
    running: Running, cloud: Cloud
) -> None:
    cloud.remove_location()
    for _ in range(2 if cloud.listed_every == cloud.interval else 0):
        await running.pass_time(cloud.interval)
    page = await running.scrape()
    assert page.one("home_up", vendor=cloud.vendor) == 1


async def test_a_location_that_is_added_appears_by_itself(start: Start, clock: ManualClock) -> None:
    world, more = small_world(), small_world(seed=2)
    running = await start(Simulator(clock=clock, world=world))
    await running.ready()
    world.logins[0].homes.append(more.homes[0])
    world.accounts[0].places.append(more.places[0])
    world._origin = None  # the new devices begin now
    world.begin(clock.wall())
    await running.pass_time(6 * 3600 * 1.1)
    await running.until(lambda page: len(page.all("home_up")) == 4)
    await running.until(lambda page: page.all("home_up") == [1, 1, 1, 1])


async def test_nothing_of_a_person_and_no_secret_is_on_any_page(running: Running) -> None:
    page = await running.scrape()
    async with running.http.get(f"{running.url}/") as response:
        front = await response.text()
    for secret in (*running.sim.secrets(), TOKEN):
        assert secret not in page.text
        assert secret not in front
