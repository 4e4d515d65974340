"""A look at the accounts keeps to the budget, and a person is told of a wait."""

import asyncio
from pathlib import Path

from exporter.commands.survey import Fate, Survey
from exporter.config import Config
from exporter.simulator import Simulator
from tests.support.manual_clock import ManualClock
from tests.support.running import config_for


def accounts(sim: Simulator, folder: Path, poll_interval: str) -> Config:
    (folder / "state").mkdir(mode=0o700, exist_ok=True)
    cadence = {"poll_interval": poll_interval, "stale_after": "1d"}
    return config_for(sim, folder, wally=cadence)


async def looks(config: Config, clock: ManualClock, times: int) -> tuple[list[Fate], list[float]]:
    """Look at the Wally account again and again; return how it fared, and the waits told of."""
    waits: list[float] = []
    loop = asyncio.get_running_loop()

    def on_wait(seconds: float) -> None:
        waits.append(seconds)
        loop.call_soon(clock.advance, seconds)

    fates = []
    for _ in range(times):
        async with Survey(config, clock, on_wait) as survey:
            (wally,) = (one for one in config.accounts if one.vendor == "wally")
            fates.append((await survey.look(wally)).trouble.fate)
    return fates, waits


async def test_a_short_wait_for_the_budget_is_told_of_and_waited_for(
    sim: Simulator, clock: ManualClock, tmp_path: Path
) -> None:
    fates, waits = await looks(accounts(sim, tmp_path, "60s"), clock, 8)
    assert fates == [Fate.OK] * 8
    assert len(sim.calls) == 16
    assert waits
    assert all(0 < wait <= 60 for wait in waits)


async def test_a_long_wait_for_the_budget_ends_the_look(
    sim: Simulator, clock: ManualClock, tmp_path: Path
) -> None:
    fates, waits = await looks(accounts(sim, tmp_path, "6h"), clock, 8)
    assert fates == [Fate.OK] * 6 + [Fate.ON_HOLD] * 2
    assert len(sim.calls) == 12
    assert waits == []


async def test_looks_are_no_restarts(sim: Simulator, clock: ManualClock, tmp_path: Path) -> None:
    config = accounts(sim, tmp_path, "60s")
    fates, _ = await looks(config, clock, 4)
    assert fates == [Fate.OK] * 4, "a crash loop would be held by now"
