"""Shards of one exporter beside each other, on the same simulated clouds and one file."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config import Config, load
from exporter.shard import Shard
from exporter.simulator import Simulator, demo_world
from exporter.sources.vendors import MODELS
from tests.support.manual_clock import ManualClock
from tests.support.running import Running, config_for

Begin = Callable[..., Awaitable[Running]]


@pytest.fixture
async def sim(clock: ManualClock) -> AsyncIterator[Simulator]:
    """Return both clouds with two logins and an account of WallyHome; nothing moves by itself."""
    sim = Simulator(clock=clock, world=demo_world())
    sim.world.advance = lambda now: []  # type: ignore[method-assign]  # noqa: ARG005
    await sim.start()
    yield sim
    await sim.stop()


@pytest.fixture
def path(sim: Simulator, tmp_path: Path) -> Path:
    """Write the file that all shards are given; each keeps its state to itself."""
    config_for(sim, tmp_path)
    path = tmp_path / "exporter.yml"
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    del document["state_dir"]
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
async def begin(sim: Simulator, path: Path, clock: ManualClock) -> AsyncIterator[Begin]:
    """Return what starts one shard."""
    started: list[Running] = []

    async def one(ordinal: int, total: int) -> Running:
        shard = Shard(ordinal, total)
        environ = {"STATE_DIRECTORY": str(path.parent / f"state-{ordinal}-of-{total}")}

        def read() -> Config:
            return load(path, MODELS, environ, shard=shard)

        running = Running(sim, read(), clock, load=read, enable_lifecycle=True)
        started.append(running)
        await running.app.start("127.0.0.1:0")
        return running

    yield one
    for running in started:
        await running.http.close()
        if running._is_up:
            await running.end()
