"""A clock that moves only when a test says so."""

import asyncio
import heapq
from itertools import count

START = 1_760_000_000.0  # 2025-10-09 08:53:20 UTC
_YIELDS = 10


class ManualClock:
    """Implement `exporter.clock.Clock` with time moved by hand."""

    def __init__(self, wall: float = START, monotonic: float = 1000.0) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def wall(self) -> float:
        """Return the wall time set so far."""
        return self._wall

    def monotonic(self) -> float:
        """Return the monotonic time set so far."""
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Suspend the caller until `advance` has passed its time."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), future))
        await future

    @property
    def sleepers(self) -> int:
        """Count the tasks that wait on this clock."""
        return sum(not future.done() for _, _, future in self._sleepers)

    @property
    def next_wake(self) -> float | None:
        """Return the seconds until the first sleeper is due, None without one."""
        self._forget_cancelled()
        return self._sleepers[0][0] - self._monotonic if self._sleepers else None

    def advance(self, seconds: float) -> None:
        """Move both times and wake, in the order of their times, the sleepers that are due."""
        self._wall += seconds
        self._monotonic += seconds
        while self._sleepers and self._sleepers[0][0] <= self._monotonic:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)

    def jump_wall(self, seconds: float) -> None:
        """Move the wall time alone, as setting the machine's time does."""
        self._wall += seconds

    async def run(self, seconds: float) -> None:
        """Move from sleeper to sleeper and let each act at its own time."""
        end = self._monotonic + seconds
        await self.settle()
        while (wait := self.next_wake) is not None and self._monotonic + wait <= end:
            self.advance(max(wait, 0.0))
            await self.settle()
        self.advance(end - self._monotonic)
        await self.settle()

    async def settle(self) -> None:
        """Let the tasks that are ready run; input and output may need longer."""
        for _ in range(_YIELDS):
            await asyncio.sleep(0)

    def _forget_cancelled(self) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
