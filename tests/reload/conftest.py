"""Three homes of two logins and two places, read by an exporter that may be reloaded."""

from pathlib import Path

import pytest

from exporter.simulator import Simulator, demo_world
from tests.conftest import Start
from tests.reload.house import House, loader
from tests.support.manual_clock import ManualClock


@pytest.fixture
async def house(start: Start, clock: ManualClock, tmp_path: Path) -> House:
    """Return the exporter at work, with all sockets up; nothing moves by itself."""
    path = tmp_path / "exporter.yml"
    sim = Simulator(clock=clock, world=demo_world())
    sim.world.advance = lambda now: []  # type: ignore[method-assign]  # noqa: ARG005
    parts = {"load": loader(path), "enable_lifecycle": True}
    house = House(await start(sim, parts=parts), path)
    await house.running.wait(house.running.app.is_ready)
    await house.connected(3)
    return house
