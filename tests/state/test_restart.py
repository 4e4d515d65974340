"""A restart serves at once what may still be served, and asks the clouds for nothing else."""

import json
from pathlib import Path

import pytest

from exporter.simulator import Fault
from tests.conftest import Start
from tests.contract.clouds import Cloud, Homely, Wally, next_call
from tests.state.listing import listed_again
from tests.support.manual_clock import ManualClock
from tests.support.running import Page, Running, config_for

HOUR = 3600.0
READINGS = (
    "home_temperature_celsius",
    "home_humidity_ratio",
    "home_power_watts",
    "home_leak_detected",
    "home_contact_open",
    "home_battery_volts",
    "home_alarm_state",
    "home_device_info",
    "home_device_updated_timestamp_seconds",
    "home_location_devices",
    "home_up",
)


@pytest.fixture(params=[Homely, Wally])
def cloud(request: pytest.FixtureRequest, running: Running) -> Cloud:
    # What moves by itself would be told between two pages that are compared.
    running.sim.world.advance = lambda now: []  # type: ignore[method-assign]  # noqa: ARG005
    made: Cloud = request.param(running)
    return made


def readings(page: Page) -> dict[object, float]:
    return {key: value for key, value in page.samples.items() if key[0] in READINGS}


def polls(running: Running) -> dict[str, int]:
    """Return how many calls there were but for tokens and sockets, which hold no state."""
    names = ("locations", "home", "places", "sensors")
    return {name: running.sim.call_log.count(name) for name in names}


async def test_what_was_served_is_served_at_once_and_without_a_call(running: Running) -> None:
    before, asked = await running.scrape(), polls(running)
    await running.restart()
    after = await running.scrape()
    assert readings(after) == readings(before)
    assert running.app.is_ready()
    await running.ready()
    assert polls(running) == asked
    assert running.sim.call_log.count("token") == 2, "one for the new socket"


async def test_the_next_poll_comes_when_it_is_due(running: Running, cloud: Cloud) -> None:
    log = running.sim.call_log
    asked = log.count(cloud.endpoint)
    await running.restart()
    gap = 300.0 if cloud.vendor == "homely" else 60.0
    await running.pass_time(gap - 10)
    assert log.count(cloud.endpoint) == asked
    await running.pass_time(10)
    await running.wait(lambda: log.count(cloud.endpoint) == asked + 1)


async def test_a_poll_that_was_missed_is_made_at_once(running: Running, cloud: Cloud) -> None:
    log = running.sim.call_log
    await running.end()
    asked = log.count(cloud.endpoint)
    running.clock.advance(2 * cloud.stale_after)
    await running.restart()
    await running.wait(lambda: log.count(cloud.endpoint) == asked + 1)


async def test_what_grew_stale_meanwhile_is_not_served(running: Running, cloud: Cloud) -> None:
    await running.sim.inject(Fault(kind="status", status=500))
    await running.end()
    running.clock.advance(cloud.stale_after + 1)
    await running.restart()
    page = await running.scrape()
    of_location = {"location_id": cloud.location_id}
    assert page.one("home_up", **of_location) == 0
    assert not page.has("home_temperature_celsius", **of_location)
    assert not page.has("home_leak_detected", **of_location)
    assert page.has("home_device_info", **of_location)


async def test_energy_waits_for_a_fresh_value(running: Running) -> None:
    name = "home_energy_imported_joules_total"
    before = (await running.scrape()).one(name)
    await running.restart()
    assert not (await running.scrape()).has(name)
    await running.pass_time(1320)
    assert (await running.until(lambda page: page.has(name))).one(name) >= before


async def test_a_step_back_over_a_restart_is_withheld_as_any_other(running: Running) -> None:
    name = "home_energy_imported_joules_total"
    home = running.sim.world.homes[0]
    (meter,) = (device for device in home.devices if "HAN" in device.model)
    running.sim.world.advance = lambda now: []  # type: ignore[method-assign]  # noqa: ARG005
    await running.restart()
    meter.write("metering", "summationdelivered", 0, running.clock.wall())
    polled = running.sim.call_log.count("home")
    await running.pass_time(1320)
    await running.wait(lambda: running.sim.call_log.count("home") > polled)
    page = await running.until(lambda page: page.one("home_location_devices", vendor="homely") > 0)
    assert not page.has(name)


async def test_an_edge_across_a_restart_is_counted_by_the_first_poll(
    running: Running, cloud: Cloud
) -> None:
    of_device = {"device_id": cloud.device_id, "event": "leak"}
    await running.end()
    running.clock.advance(5)
    _wet(running, cloud)
    running.clock.advance(cloud.interval)
    await running.restart()
    page = await running.until(
        lambda page: page.one("home_leak_detected", device_id=cloud.device_id) == 1
    )
    assert page.one("home_events_total", **of_device) == 1


async def test_an_edge_that_was_counted_is_not_counted_by_the_next_process(
    running: Running, cloud: Cloud
) -> None:
    running.clock.advance(5)
    _wet(running, cloud)
    await running.pass_time(cloud.interval)
    of_device = {"device_id": cloud.device_id, "event": "leak"}
    await running.until(lambda page: page.one("home_events_total", **of_device) == 1)
    await running.restart()
    assert (await running.scrape()).one("home_events_total", **of_device) == 0
    asked = running.sim.call_log.count(cloud.endpoint)
    await running.pass_time(cloud.interval)
    await running.wait(lambda: running.sim.call_log.count(cloud.endpoint) > asked)
    page = await running.scrape()
    assert page.one("home_leak_detected", device_id=cloud.device_id) == 1
    assert page.one("home_events_total", **of_device) == 0


def _wet(running: Running, cloud: Cloud) -> None:
    world, now = running.sim.world, running.clock.wall()
    if cloud.vendor == "wally":
        world.set_leak(world.accounts[0].places[0].sensors[0], wet=True, now=now)
    else:
        home = world.homes[0]
        world.set_state(home, home.devices[0], "alarm", "flood", True, now=now)


async def test_the_first_sight_of_a_location_is_no_edge(start: Start, clock: ManualClock) -> None:
    running = await start()
    for cloud in (Homely(running), Wally(running)):
        _wet(running, cloud)
    page = await running.ready()
    assert sum(page.all("home_events_total", event="leak")) == 0
    assert clock.wall() > 0


async def test_a_penalty_outlives_the_process(running: Running, cloud: Cloud) -> None:
    labels = {"vendor": cloud.vendor}
    await running.sim.inject(
        Fault(kind="status", endpoint=cloud.endpoint, status=429, retry_after=30)
    )
    await running.pass_time(cloud.interval)
    name = "home_exporter_rate_limited_until_timestamp_seconds"
    until = (await running.until(lambda page: page.one(name, **labels) > 0)).one(name, **labels)
    assert until >= running.clock.wall() + 290
    running.sim.clear_faults()
    await running.restart()
    assert (await running.scrape()).one(name, **labels) == pytest.approx(until, abs=0.01)
    asked = [call for call in running.sim.calls if call.vendor == cloud.vendor]
    await running.pass_time(until - running.clock.wall() - 5)
    calls = [call for call in running.sim.calls if call.vendor == cloud.vendor]
    assert calls == asked, "no call, not for a token either"
    assert (await running.scrape()).one("home_location_devices", **labels) > 0
    await running.pass_time(10)
    await running.until(lambda page: page.one(name, **labels) == 0)
    await running.wait(lambda: running.sim.call_log.count(cloud.endpoint) > 2)


async def test_the_budget_is_not_filled_by_restarts(running: Running, cloud: Cloud) -> None:
    labels = {"vendor": cloud.vendor}
    levels = []
    for _ in range(4):
        page = await running.scrape()
        levels.append(page.one("home_exporter_budget_tokens", **labels))
        await running.restart()
    assert levels == sorted(levels, reverse=True)


async def test_a_location_that_was_forgotten_leaves_nothing_on_disk(
    running: Running, cloud: Cloud, tmp_path: Path
) -> None:
    folder = tmp_path / "state" / "locations"
    assert len(list(folder.glob("*.json"))) == 2
    other = next(
        place for place in (Homely(running), Wally(running)) if place.vendor != cloud.vendor
    )
    cloud.remove_location()
    # An empty list alone is not believed while the location is up.
    await running.sim.inject(Fault(kind="status", endpoint=cloud.endpoint, status=404))
    for _ in range(3):
        await next_call(running, cloud.listing, 7 * HOUR)
    await running.until(lambda page: not page.has("home_up", vendor=cloud.vendor))
    await running.pass_time(1)
    await running.wait(lambda: len(list(folder.glob("*.json"))) == 1)
    (left,) = folder.glob("*.json")
    assert json.loads(left.read_text())["location_id"] == other.location_id


async def test_a_location_that_is_excluded_now_is_not_served(
    running: Running, tmp_path: Path
) -> None:
    config = config_for(running.sim, tmp_path, homely={"locations": {"exclude": ["Home"]}})
    await running.restart(config)
    page = await running.scrape()
    assert not page.has("home_up", vendor="homely")
    assert page.has("home_up", vendor="wally")


async def test_another_choice_of_locations_is_listed_without_waiting_for_hours(
    start: Start, tmp_path: Path
) -> None:
    running = await start(homely={"locations": {"exclude": ["Home"]}})
    await running.wait(running.app.is_ready)
    assert not (await running.scrape()).has("home_up", vendor="homely")
    await running.restart(config_for(running.sim, tmp_path))
    await running.pass_time(61)
    await running.until(lambda page: page.has("home_up", vendor="homely"))


async def test_without_its_snapshots_an_account_is_listed_and_polled_again_soon(
    running: Running, cloud: Cloud, tmp_path: Path
) -> None:
    await running.end()
    for path in (tmp_path / "state" / "locations").iterdir():
        path.unlink()
    await running.restart()
    assert not (await running.scrape()).has("home_up", vendor=cloud.vendor)
    await listed_again(running, cloud.listing)
    await running.pass_time(61)
    await running.until(
        lambda page: page.has("home_temperature_celsius", device_id=cloud.device_id)
    )


async def test_a_clock_that_is_set_forward_ages_what_is_remembered(
    running: Running, cloud: Cloud
) -> None:
    """A machine without a clock of its own starts in the past and learns the time later."""
    await running.sim.inject(Fault(kind="status", status=500))
    await running.restart()
    of_location = {"location_id": cloud.location_id}
    assert (await running.scrape()).one("home_up", **of_location) == 1
    running.clock.jump_wall(2 * 86400)
    await running.pass_time(1)
    page = await running.until(lambda page: page.one("home_up", **of_location) == 0)
    assert not page.has("home_temperature_celsius", **of_location)


async def test_nothing_on_disk_is_secret_or_for_others_to_read(
    running: Running, tmp_path: Path
) -> None:
    await running.end()
    folder = tmp_path / "state"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 5, "lock, two records, two homes"
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_dir()} == {0o700}
    logins = [name for pair in running.sim.homely_logins for name in pair]
    for path in files:
        text = path.read_text()
        for secret in (*running.sim.secrets(), *logins):
            assert secret not in text


async def test_an_account_that_was_up_is_so_after_a_restart(running: Running, cloud: Cloud) -> None:
    names = ("home_exporter_account_up", "home_exporter_account_last_success_timestamp_seconds")
    before = await running.scrape()
    await running.restart()
    after = await running.scrape()
    for name in names:
        assert after.one(name, vendor=cloud.vendor) == before.one(name, vendor=cloud.vendor) > 0


async def test_refused_credentials_are_tried_once_after_a_restart_and_then_more_slowly(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> int:
        words = "the cloud refuses the account's credentials: check them in exporter.yml"
        return [record.getMessage() for record in caplog.records].count(words)

    up = "home_exporter_account_up"
    running = await start(homely={"password": "wrong-password"})
    log = running.sim.call_log
    await running.wait(running.app.is_ready)
    assert (log.count("token"), told()) == (1, 1)

    await running.restart()
    assert (await running.scrape()).one(up, vendor="homely") == 0
    await running.pass_time(1)
    await running.wait(lambda: log.count("token") == 2)
    for _ in range(9):
        await running.pass_time(60)
    assert log.count("token") == 2, "ten minutes now, not five"
    await running.pass_time(60)
    await running.wait(lambda: log.count("token") == 3)
    assert told() == 2, "once in each process"

    mended = config_for(running.sim, tmp_path)
    await running.restart(mended)
    for _ in range(40):
        await running.pass_time(1)
    await running.until(lambda page: page.one(up, vendor="homely") == 1)


async def test_a_crash_loop_with_refused_credentials_is_no_login_loop(start: Start) -> None:
    running = await start(homely={"password": "wrong-password"})
    log = running.sim.call_log
    await running.wait(running.app.is_ready)
    for _ in range(10):
        await running.restart()
        await running.pass_time(1)
        await running.pass_time(1)
    assert log.count("token") <= 3
