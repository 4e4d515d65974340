"""A process that is killed again and again does not call again and again."""

import asyncio
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from exporter.clock import SystemClock
from exporter.simulator import Simulator
from tests.cli.command import Command, config_for, free_port, start, until_served

ENDPOINTS = ("token", "refresh", "locations", "home", "places", "sensors")
_KILLS = 7
#: One restart is free; each further one makes the same call wait, less what its clocks are off.
_WAITS = (0.0, 19.9, 39.9, 79.9, 159.9, 319.9)


@pytest.fixture
def clock() -> SystemClock:
    """Return real time, which other processes go by."""
    return SystemClock()


def calls(sim: Simulator) -> dict[str, int]:
    return {name: sim.call_log.count(name) for name in ENDPOINTS}


async def kill(running: Command) -> None:
    running.process.send_signal(signal.SIGKILL)
    done = await running.finish()
    assert done.code == -signal.SIGKILL


async def live_until_a_call(sim: Simulator, step: str, before: int, url: str) -> None:
    """Wait for one more call of the step, or until it is known that none is to come."""
    ready = asyncio.create_task(until_served(f"{url}/-/ready"))
    try:
        while sim.call_log.count(step) == before and not ready.done():  # noqa: ASYNC110  # another process's doing
            await asyncio.sleep(0.002)
    finally:
        ready.cancel()
        await asyncio.wait([ready])


def times_between(sim: Simulator, endpoint: str) -> list[float]:
    """Return the seconds between the calls of an endpoint."""
    times = [call.monotonic for call in sim.calls if call.endpoint == endpoint]
    return [after - before for before, after in pairwise(times)]


@pytest.mark.parametrize("step", ["token", "home", "sensors"])
async def test_a_crash_after_each_step_is_no_call_loop(
    sim: Simulator, tmp_path: Path, step: str
) -> None:
    port = free_port()
    flags = [f"--config.file={config_for(sim, tmp_path)}", f"--web.listen-address=127.0.0.1:{port}"]
    for _ in range(_KILLS):
        before = sim.call_log.count(step)
        running = await start(*flags, folder=tmp_path)
        await live_until_a_call(sim, step, before, f"http://127.0.0.1:{port}")
        await kill(running)
    for endpoint in ENDPOINTS:
        between = times_between(sim, endpoint)
        waits = _WAITS[: len(between)]
        assert all(one >= wait for one, wait in zip(between, waits, strict=True)), (
            endpoint,
            between,
        )


async def test_a_kill_in_the_middle_of_its_life_costs_no_poll(
    sim: Simulator, tmp_path: Path
) -> None:
    port = free_port()
    flags = [f"--config.file={config_for(sim, tmp_path)}", f"--web.listen-address=127.0.0.1:{port}"]
    running = await start(*flags, folder=tmp_path)
    await until_served(f"http://127.0.0.1:{port}/-/ready")
    folder = tmp_path / "state" / "locations"
    async with asyncio.timeout(10):
        while len(list(folder.glob("*.json"))) < 2:  # noqa: ASYNC110  # another process's doing
            await asyncio.sleep(0.02)
    await kill(running)
    before = calls(sim)
    running = await start(*flags, folder=tmp_path)
    page = await until_served(f"http://127.0.0.1:{port}/metrics")
    assert page.count("\nhome_temperature_celsius{") > 2
    await until_served(f"http://127.0.0.1:{port}/-/ready")
    after = calls(sim)
    assert {
        name: after[name] - before[name] for name in ENDPOINTS if name != "token"
    } == dict.fromkeys((name for name in ENDPOINTS if name != "token"), 0)
    await kill(running)
