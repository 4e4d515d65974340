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


class SystemClock:
    """The machine's own clock."""

    def wall(self) -> float:
        """Return `time.time()`."""
        return time.time()

    def monotonic(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)
