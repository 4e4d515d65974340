"""How memory, connecting, events and scrapes grow with the number of homes."""

import statistics
from pathlib import Path
from typing import Any

from tests.bench.child import mebibytes
from tests.bench.fleet import EXPORTER, Fleet, fleet
from tests.bench.scrape import AS_PROMETHEUS, Target, scraper

_SCRAPES = 5
_LEAST_A_SECOND = 100


async def measure(sizes: tuple[int, ...], seconds: float, folder: Path) -> Any:
    """Measure at each number of homes; events are sent for so many seconds."""
    return {"sizes": [await _size(homes, seconds, folder / f"growth-{homes}") for homes in sizes]}


async def _size(homes: int, seconds: float, folder: Path) -> Any:
    async with fleet(homes, folder) as running, scraper() as client:
        after_start = mebibytes(running.exporter.pid)
        target = Target(EXPORTER, running.exporter, running.url, running.change)
        event = await _event(running, seconds, folder / "sent.json")
        costs = []
        for _ in range(_SCRAPES):
            await running.change(homes)
            costs.append(await client.cost(target, AS_PROMETHEUS))
        return {
            "homes": homes,
            "connected": running.connected,
            "first_answer": running.first_answer,
            "start_cpu": running.start_cpu,
            "mebibytes_at_start": after_start,
            "mebibytes": mebibytes(running.exporter.pid),
            "most_mebibytes": mebibytes(running.exporter.pid, "VmHWM"),
            "event": event,
            "scrape": statistics.median(costs),
        }


async def _event(running: Fleet, seconds: float, path: Path) -> float:
    """Return the CPU seconds per event, an event a second from each home, 100 a second at least."""
    every = min(1.0, running.homes / _LEAST_A_SECOND)
    before = running.exporter.cpu
    wish = {"events": max(1, int(seconds / every)), "every": every, "path": str(path)}
    said = await running.cloud.ask("stream", **wish)
    await running.settle()
    return float((running.exporter.cpu - before) / said["events"])
