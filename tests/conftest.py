"""A small world: one Homely home and one Wally place, read by the real exporter."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.clock import Clock
from exporter.simulator import Simulator, small_world
from tests.support.manual_clock import ManualClock
from tests.support.running import Running, run

Start = Callable[..., Awaitable[Running]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def sim(clock: Clock) -> AsyncIterator[Simulator]:
    """Return both clouds with one home and one place, on the clock of the test."""
    simulator = Simulator(clock=clock, world=small_world())
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def start(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Start]:
    started: list[Running] = []

    async def start_one(sim: Simulator | None = None, **overrides: Any) -> Running:
        sim = sim or Simulator(clock=clock, world=small_world())
        started.append(await run(tmp_path, clock, sim, **overrides))
        return started[-1]

    yield start_one
    for running in started:
        await running.stop()


@pytest.fixture
async def running(start: Start) -> Running:
    running = await start()
    await running.ready()
    return running
