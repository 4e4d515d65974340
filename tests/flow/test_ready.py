"""Readiness: every account was tried, and whoever waits for that is told once."""

from pathlib import Path

from exporter.app import App
from exporter.simulator import Simulator, small_world
from tests.support.manual_clock import ManualClock
from tests.support.running import Running, config_for


async def test_the_first_tick_after_all_was_tried_tells_it_once(
    tmp_path: Path, clock: ManualClock
) -> None:
    sim = Simulator(clock=clock, world=small_world())
    await sim.start()
    running = Running(sim, config_for(sim, tmp_path), clock)
    told: list[bool] = []
    running.app = App(running.config, clock=clock, on_settled=lambda: told.append(True))
    await running.app.start("127.0.0.1:0")
    assert not running.app.is_ready()
    await running.pass_time(0.0)
    await running.wait(running.app.is_ready)
    for _ in range(3):
        await running.pass_time(1.0)
    await running.stop()
    assert told == [True]
