"""A running simulator on a clock that the test moves."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from exporter.simulator import Simulator, demo_world, small_world
from tests.simulator.helpers import Client, MakeClient
from tests.support.manual_clock import ManualClock


@pytest.fixture
async def make_client() -> AsyncIterator[MakeClient]:
    made: list[Client] = []

    async def make(sim: Simulator) -> Client:
        await sim.start()
        made.append(Client(sim, aiohttp.ClientSession()))
        return made[-1]

    yield make
    for client in made:
        await client.sim.stop()
        await client.http.close()


@pytest.fixture
async def client(clock: ManualClock, make_client: MakeClient) -> Client:
    """Return a client of the demo's world."""
    return await make_client(Simulator(clock=clock, world=demo_world(1)))


@pytest.fixture
async def small(clock: ManualClock, make_client: MakeClient) -> Client:
    """Return a client of one home and one place."""
    return await make_client(Simulator(clock=clock, world=small_world(1)))
