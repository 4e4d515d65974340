"""Sockets are lost in many ways, and always come back by themselves."""

import pytest

from exporter.simulator import Fault, Simulator, small_world
from tests.conftest import Start
from tests.support.manual_clock import ManualClock
from tests.support.running import Page, Running


def is_connected(page: Page) -> bool:
    return page.all("home_exporter_stream_connected") == [1]


def is_disconnected(page: Page) -> bool:
    return page.all("home_exporter_stream_connected") == [0]


async def until_back(running: Running) -> Page:
    """Let back-offs pass until the socket is up again."""
    for _ in range(200):
        if is_connected(await running.scrape()) and running.sim.homely.live_sockets() == 1:
            return await running.scrape()
        await running.pass_time(5)
    raise AssertionError("the socket never came back")


async def test_a_dropped_socket_comes_back_with_a_fresh_token(running: Running) -> None:
    first_token = running.sim.homely.tokens.issued[-1]
    await running.pass_time(120)  # the first token is long dead
    await running.sim.homely.drop_sockets()
    await running.until(lambda page: sum(page.all("home_exporter_stream_disconnects_total")) == 1)
    page = await until_back(running)
    assert page.one("home_exporter_stream_connects_total") == 2
    assert running.sim.homely.tokens.issued[-1] != first_token


async def test_a_running_socket_outlives_its_token(running: Running) -> None:
    running.sim.homely.tokens.expire_all(refresh=True)
    await running.pass_time(3600)
    home = running.sim.world.homes[0]
    flood = home.devices[0]
    change = running.sim.world.set_state(
        home, flood, "alarm", "flood", True, now=running.clock.wall()
    )
    await running.sim.publish([change])
    page = await running.until(lambda page: page.one("home_leak_detected", vendor="homely") == 1)
    assert page.one("home_exporter_stream_connects_total") == 1


async def test_a_token_of_sixty_seconds_works_for_hours(running: Running) -> None:
    logins = running.sim.call_log.count("token")
    for _ in range(24):
        await running.pass_time(10 * 60)
        await running.sim.homely.drop_sockets()
        await until_back(running)
    page = await running.scrape()
    assert page.one("home_exporter_auth_failures_total", vendor="homely") == 0
    assert page.one("home_up", vendor="homely") == 1
    assert running.sim.call_log.count("token") - logins <= 4, "refreshed, not logged in again"


@pytest.mark.parametrize(
    "kind", ["refuse", "invalid_jwt", "drop_after_connect", "expire_during_connect"]
)
async def test_a_socket_that_is_refused_is_tried_again_ever_more_slowly(
    start: Start, clock: ManualClock, kind: str
) -> None:
    sim = Simulator(clock=clock, world=small_world())
    await sim.inject(Fault(kind=kind, endpoint="connect", seconds=0.0))  # type: ignore[arg-type]
    running = await start(sim)
    await running.wait(running.app.is_ready)
    for _ in range(60):
        await running.pass_time(10)
    tries = running.sim.call_log.count("connect")
    assert 2 <= tries <= 25, "full jitter up to five minutes"
    assert running.sim.call_log.count("token") <= 3, "no login loop"
    page = await running.scrape()
    assert page.one("home_up", vendor="homely") == 1
    running.sim.clear_faults()
    await until_back(running)


async def test_a_black_holed_socket_is_noticed_within_the_ping_time_and_replaced(
    start: Start, clock: ManualClock
) -> None:
    world = small_world()
    running = await start(Simulator(clock=clock, world=world, ping_interval=0.4, ping_timeout=0.4))
    await running.ready()
    await running.sim.inject(Fault(kind="black_hole", now=True))
    await running.until(is_disconnected)
    page = await until_back(running)
    assert page.one("home_exporter_stream_connects_total") == 2


async def test_garbage_frames_and_an_engine_close_do_not_end_the_stream(running: Running) -> None:
    for kind in ("garbage", "engineio_close"):
        await running.sim.inject(Fault(kind=kind, now=True))
        await until_back(running)
    page = await running.scrape()
    assert is_connected(page)


async def test_polls_are_slower_while_the_socket_is_up(running: Running) -> None:
    polls = running.sim.call_log.count("home")
    await running.pass_time(5 * 60 * 1.1)  # the poll that fills in what came before the socket
    await running.wait(lambda: running.sim.call_log.count("home") == polls + 1)
    for _ in range(18):
        await running.pass_time(60)
    assert running.sim.call_log.count("home") == polls + 1
    await running.pass_time(5 * 60)
    await running.wait(lambda: running.sim.call_log.count("home") == polls + 2)


async def test_polls_are_faster_while_the_socket_is_down(running: Running) -> None:
    await running.sim.inject(Fault(kind="refuse", endpoint="connect"))
    await running.sim.homely.drop_sockets()
    await running.until(is_disconnected)
    polls = running.sim.call_log.count("home")
    for _ in range(10):
        await running.pass_time(60)
    assert 1 <= running.sim.call_log.count("home") - polls <= 2
