"""What the exporter takes while it does nothing: memory, start, imports, idle CPU."""

import asyncio
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.child import mebibytes
from tests.bench.fleet import fleet

_IMPORTS = "import exporter.cli, exporter.app, exporter.config, exporter.sources.vendors"
_CALM = 3.0


async def measure(runs: int, idle: float, folder: Path) -> Any:
    """Start the exporter on one home so often, and watch the last for so many idle seconds."""
    starts = []
    for number in range(runs):
        async with fleet(1, folder / f"footprint-{number}") as running:
            pid = running.exporter.pid
            starts.append(
                {
                    "first_answer": running.first_answer,
                    "connected": running.connected,
                    "cpu": running.start_cpu,
                    "mebibytes": mebibytes(pid),
                }
            )
            if number == runs - 1:
                await asyncio.sleep(min(_CALM, idle))
                before, began = running.exporter.cpu, time.monotonic()
                await asyncio.sleep(idle)
                idling = (running.exporter.cpu - before) / (time.monotonic() - began)
    return {
        "runs": runs,
        **{key: statistics.median(start[key] for start in starts) for key in starts[0]},
        "idle": idling,
        "idle_seconds": idle,
        "python": await _best(runs, "pass"),
        "imports": await _best(runs, _IMPORTS),
    }


async def _best(runs: int, code: str) -> float:
    """Return the shortest time that Python took to run a line, which load can only lengthen."""
    seconds = []
    for _ in range(runs):
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        if await process.wait():
            raise RuntimeError(f"{code!r} failed")
        seconds.append(time.monotonic() - began)
    return min(seconds)
