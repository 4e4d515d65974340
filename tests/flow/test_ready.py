"""Readiness: every account was tried, well or not."""

from pathlib import Path

from exporter.app import App
from exporter.simulator import Simulator, small_world
from tests.support.manual_clock import ManualClock
from tests.support.running import Running, config_for


async def test_it_is_ready_once_all_was_tried_and_ticks_each_second(
    tmp_path: Path, clock: ManualClock
) -> None:
    sim = Simulator(clock=clock, world=small_world())
    await sim.start()
    running = Running(sim, config_for(sim, tmp_path), clock)
    ticks: list[bool] = []
    running.app = App(running.config, clock=clock, on_tick=lambda: ticks.append(True))
    await running.app.start("127.0.0.1:0")
    assert not running.app.is_ready()
    await running.pass_time(0.0)
    await running.wait(running.app.is_ready)
    ticks.clear()
    for _ in range(3):
        await running.pass_time(1.0)
    await running.stop()
    assert len(ticks) >= 3
