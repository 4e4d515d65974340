"""A socket is lost or not had: the polls go on, and fill in what was not pushed."""

import asyncio
import gc
import random
from collections.abc import Iterator
from typing import Any

import pytest
import socketio

from exporter.clock import Clock
from exporter.simulator import Simulator, small_world
from exporter.sources.homely import HomelyVendor
from exporter.sources.homely.stream import Connector
from exporter.sources.vendors import VENDORS
from tests.faults.conftest import Begin
from tests.faults.drill import Drill
from tests.faults.signs import TICK, lost
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
#: How long a connect may take, and how long it takes here.
CONNECT_LIMIT, HURRY = 30.0, 0.2
#: Real time in which something must not happen.
A_WHILE = 0.1


async def is_lost(drill: Drill) -> None:
    """Have the socket hit, miss a change, and be filled in by a poll."""
    await drill.pass_time(LONG_ENOUGH)
    await drill.running.until(drill.is_well)
    await drill.strike()
    await drill.until_told()
    await comes_back(drill)


async def comes_back(drill: Drill) -> None:
    """Have a change come with a poll that was missed while there was no socket."""
    drill.write(WARM)
    since = drill.running.clock.wall()
    await drill.recover()
    assert await temperature(drill) != WARM, "it was pushed while there was no socket"
    await drill.pass_time(since + FILLED_IN - TICK - drill.running.clock.wall())
    await drill.until_arrived()


async def temperature(drill: Drill) -> float:
    page = await drill.running.scrape()
    return page.one("home_temperature_celsius", device_id=drill.cloud.device_id)


async def changes_come(drill: Drill) -> None:
    """Have changes come with polls while there is no socket."""
    for number in range(2):
        drill.write(WARM + number)
        await drill.attempt()
        await drill.until_arrived()
        await drill.until_told()


async def test_socket_refused(drill: Drill) -> None:
    await drill.attempt()  # the next poll is as far away as it is with a socket
    await drill.pass_time(LONG_ENOUGH)
    await drill.strike()
    await drill.running.sim.drop_sockets()
    await drill.until_seen(lost("server"))
    await drill.pass_time(FIRST)
    await drill.until_told()
    await changes_come(drill)
    for _ in range(8):  # until the waits have grown to the longest
        await drill.remember()
        await drill.pass_time(drill.promise.within)
        await drill.until_seen(lost("connect_failed"))
    drill.running.sim.clear_faults()
    await drill.recover()


async def test_socket_that_hangs_in_the_handshake(
    begin: Begin, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = slow_connector(clock)
    parts = {"vendors": VENDORS | {"homely": slow}, "rng": Last()}
    drill = await begin(parts=parts)
    await drill.attempt()  # the next poll is as far away as it is with a socket
    await drill.pass_time(LONG_ENOUGH)
    await drill.strike()
    with monkeypatch.context() as limits:
        limits.setattr("exporter.sources.homely.stream._CONNECT_LIMIT", HURRY)
        slow.hangs_for = CONNECT_LIMIT
        await drill.running.sim.drop_sockets()
        await drill.until_seen(lost("server"))
        await drill.pass_time(FIRST)
        await drill.until_told()
        for wait in (2 * FIRST, 4 * FIRST, 8 * FIRST, 16 * FIRST):
            await is_tried_after(drill, wait)
        slow.hangs_for = 0.0
        await changes_come(drill)
        await drill.remember()
        await drill.pass_time(drill.promise.within)
        await drill.until_seen(lost("connect_timeout"))
        drill.running.sim.clear_faults()
    await drill.recover()


async def is_tried_after(drill: Drill, wait: float) -> None:
    """Find that the next connect is made after a wait and not after half of it."""
    await drill.remember()
    tries = drill.running.sim.call_log.count("connect")
    await drill.pass_time(wait / 2)
    await asyncio.sleep(A_WHILE)
    assert drill.running.sim.call_log.count("connect") == tries, f"tried before {wait} s"
    await drill.pass_time(wait / 2 - TICK)
    await drill.until_seen(lost("connect_timeout"))


class Last(random.Random):
    """Dice that always fall on the longest wait."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002  # the base's
        return b


def slow_connector(clock: ManualClock) -> Any:
    """Return the Homely vendor with connects during which time passes, as much as is told."""

    class Slow(Connector):
        def client(self) -> socketio.AsyncClient:
            client = super().client()
            connect = client.connect

            async def slowly(*arguments: Any, **options: Any) -> None:
                clock.advance(Vendor.hangs_for)
                await connect(*arguments, **options)

            client.connect = slowly
            return client

    class Vendor(HomelyVendor):
        hangs_for = 0.0

        def __init__(self, clock: Clock, rng: random.Random) -> None:
            super().__init__(clock, rng)
            self._connector = Slow(clock, rng)

    return Vendor


async def test_socket_dropped(drill: Drill) -> None:
    await is_lost(drill)


async def test_socket_black_holed(begin: Begin, clock: ManualClock) -> None:
    # Only real pings, which are the library's, can find a peer dead: they are short here.
    sim = Simulator(clock=clock, world=small_world(), ping_interval=1, ping_timeout=1)
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
    await drill.until_told()
    drill.write(WARM)
    since = drill.running.clock.wall()
    waits = (2.0, 4.0, 8.0)
    assert sum(waits) == drill.promise.within
    for wait in waits[:-1]:
        await drill.remember()
        await drill.pass_time(wait)
        await drill.until_seen(lost("server"))
    await drill.pass_time(waits[-1])
    await drill.running.until(drill.is_well)
    await drill.pass_time(since + FILLED_IN - TICK - drill.running.clock.wall())
    await drill.until_arrived()
