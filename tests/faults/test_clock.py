"""The machine's clock is set while the cloud's is right."""

import pytest

from exporter.simulator import Simulator, small_world
from tests.faults.conftest import Begin
from tests.support.manual_clock import ManualClock
from tests.support.wall import Wall

DAY = 86_400.0


class Steady:
    """The cloud's own clock: the test's, but for the jumps of its wall time."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._offset = clock.wall() - clock.monotonic()

    def wall(self) -> float:
        return self._clock.monotonic() + self._offset

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)


async def test_clock_jump(
    begin: Begin, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Wall(monkeypatch)
    drill = await begin(Simulator(clock=Steady(clock), world=small_world()))
    await drill.strike()
    for jump in (DAY, -2 * DAY):
        wall.jump(jump)
        clock.jump_wall(jump)
        await drill.pass_time(2.0)
        await drill.until_told()
        polls = drill.running.sim.call_log.count(drill.cloud.endpoint)
        await drill.pass_time(drill.cloud.interval)
        await drill.running.wait(
            lambda polls=polls: drill.running.sim.call_log.count(drill.cloud.endpoint) > polls  # type: ignore[misc]  # bound now
        )
        await drill.until_told()
        await drill.recover()
        assert drill.running.sim.call_log.count(drill.cloud.endpoint) == polls + 1, "polled once"
