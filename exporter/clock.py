"""The clock every part is given, so that tests can move time by hand."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for what people read, monotonic time for what must not jump."""

    def wall(self) -> float:
        """Return seconds since the epoch; may jump when the machine's time is set."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never jumps, never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task for `seconds` of monotonic time."""
        ...


# Linux stops CLOCK_MONOTONIC while it sleeps, and readings would not grow old meanwhile.
_MONOTONIC = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """The machine's own clock."""

    def wall(self) -> float:
        """Return `time.time()`."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds since the machine's start, those that it slept included."""
        return time.clock_gettime(_MONOTONIC)

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)
