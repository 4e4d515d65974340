"""Work on the event loop in slices, so that no event waits for a page."""

import asyncio
import time

#: Seconds that a page may hold the loop at a time.
SLICE = 0.002


class Slices:
    """Counts the time of one piece of work, and lets others go on whenever a slice is used up."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    async def breathe(self) -> None:
        """Let the loop do what else there is, if it is time."""
        if time.perf_counter() - self._began > SLICE:
            await asyncio.sleep(0)
            self._began = time.perf_counter()
