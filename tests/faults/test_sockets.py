"""A socket is lost or not had: the polls go on, and fill in what was not pushed."""

import gc
from collections.abc import Iterator

import pytest

from exporter.simulator import Simulator, small_world
from tests.faults.conftest import Begin
from tests.faults.drill import Drill
from tests.faults.signs import lost
from tests.faults.table import FILLED_IN, FIRST
from tests.support.manual_clock import ManualClock


@pytest.fixture
def _nothing_is_collected() -> Iterator[None]:
    """Let no connection be closed because it happens to be forgotten."""
    gc.disable()
    yield
    gc.enable()


#: A connection that lived shorter counts as a failed try.
LONG_ENOUGH = 60.0
WARM = 31.5


async def is_lost(drill: Drill) -> None:
    """Have the socket hit, miss a change, and be filled in by a poll."""
    await drill.pass_time(LONG_ENOUGH)
    await drill.running.until(drill.is_well)
    await drill.strike()
    drill.is_served(await drill.until_told())
    await comes_back(drill)


async def comes_back(drill: Drill) -> None:
    drill.cloud.write(WARM)
    await drill.recover()
    assert await temperature(drill) != WARM, "it was pushed while there was no socket"
    await drill.pass_time(FILLED_IN)
    await shows(drill, WARM)


async def shows(drill: Drill, celsius: float) -> None:
    device_id = drill.cloud.device_id
    await drill.running.until(
        lambda page: page.all("home_temperature_celsius", device_id=device_id) == [celsius]
    )


async def temperature(drill: Drill) -> float:
    page = await drill.running.scrape()
    return page.one("home_temperature_celsius", device_id=drill.cloud.device_id)


async def test_socket_refused(drill: Drill) -> None:
    await drill.attempt()  # the next poll is as far away as it is with a socket
    await drill.pass_time(LONG_ENOUGH)
    await drill.strike()
    await drill.running.sim.drop_sockets()
    await drill.until_seen(lost("server"))
    await drill.pass_time(FIRST)
    drill.is_served(await drill.until_told())
    for number in range(2):
        drill.cloud.write(WARM + number)
        await drill.attempt()
        await shows(drill, WARM + number)
        await drill.until_told()
    for _ in range(8):  # until the waits have grown to the longest
        await drill.remember()
        await drill.pass_time(drill.promise.within)
        await drill.until_seen(lost("connect_failed"))
    drill.running.sim.clear_faults()
    await drill.recover()


async def test_socket_dropped(drill: Drill) -> None:
    await is_lost(drill)


async def test_socket_black_holed(begin: Begin, clock: ManualClock) -> None:
    # Only real pings, which are the library's, can find a peer dead: they are short here.
    sim = Simulator(clock=clock, world=small_world(), ping_interval=0.4, ping_timeout=0.4)
    await is_lost(await begin(sim))


@pytest.mark.usefixtures("_nothing_is_collected")
async def test_socket_that_sends_garbage(drill: Drill) -> None:
    await is_lost(drill)


async def test_engineio_close(drill: Drill) -> None:
    await is_lost(drill)


async def test_token_expired_during_connect(drill: Drill) -> None:
    await drill.pass_time(LONG_ENOUGH)
    await drill.strike()
    await drill.running.sim.drop_sockets()
    drill.is_served(await drill.until_told())
    waits = (2.0, 4.0, 8.0)
    assert sum(waits) == drill.promise.within
    for wait in waits[:-1]:
        await drill.remember()
        await drill.pass_time(wait)
        await drill.until_seen(lost("server"))
    await drill.pass_time(waits[-1])
    await drill.running.until(drill.is_well)
    drill.cloud.write(WARM)
    await drill.pass_time(FILLED_IN)
    await shows(drill, WARM)
