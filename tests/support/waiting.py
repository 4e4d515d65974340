"""Waiting for what another thread, process or end of a socket brings about."""

import asyncio
from collections.abc import Callable

#: For a machine that is busy; only a test that fails waits so long.
PATIENCE = 60.0


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  # it has no event of its own
            await asyncio.sleep(0.005)
