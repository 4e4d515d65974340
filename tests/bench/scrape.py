"""What a scrape costs, beside peers that serve the same series in the same run."""

import asyncio
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench import golang
from tests.bench.child import Child, child
from tests.bench.fleet import EXPORTER, Fleet, fleet
from tests.bench.peer import Page

GAUGES, COLLECTOR = "prometheus_client gauges", "prometheus_client collector"
GOLANG, SENT = "client_golang", "the same bytes, only sent"
_PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,"
    "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
#: What a scraper asks for. The last is what Prometheus asks for.
FORMS: dict[str, dict[str, str]] = {
    "text": {"Accept": "text/plain;version=0.0.4", "Accept-Encoding": "identity"},
    "OpenMetrics": {"Accept": _PROMETHEUS, "Accept-Encoding": "identity"},
    "OpenMetrics, gzip": {"Accept": _PROMETHEUS, "Accept-Encoding": "gzip"},
}
AS_PROMETHEUS = "OpenMetrics, gzip"
PERCENTS = (0, 1, 100)
_AFTERWARDS = 0.003
_LEAST = 3
#: Rounds go on for the others where a scrape takes so many seconds: once tells enough of it.
_SLOW = 1.0


@dataclass(slots=True)
class Target:
    """Somebody who serves the series: its process, and how a reading of so many homes changes."""

    name: str
    process: Child
    url: str
    change: Callable[[int], Awaitable[float]]


Cells = dict[tuple[str, int, str], list[float]]


class Scraper:
    """Scrapes as Prometheus does, on one connection that is kept."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def body(self, url: str, form: str) -> bytes:
        """Return a page as it came; raises RuntimeError where it is not what was asked for."""
        async with self._http.get(url, headers=FORMS[form]) as response:
            body = await response.read()
            kind = response.headers["Content-Type"].partition(";")[0]
            is_zipped = response.headers.get("Content-Encoding") == "gzip"
        wanted = "text/plain" if form == "text" else "application/openmetrics-text"
        if response.status != 200 or kind != wanted or is_zipped != form.endswith("gzip"):
            raise RuntimeError(f"{url} answered {response.status}, {kind}, gzip: {is_zipped}")
        return body

    async def cost(self, target: Target, form: str) -> float:
        """Return the CPU seconds that a scrape cost the process that was scraped."""
        before = target.process.cpu
        await self.body(target.url, form)
        await asyncio.sleep(_AFTERWARDS)
        return target.process.cpu - before


@asynccontextmanager
async def scraper() -> AsyncIterator[Scraper]:
    """Have a client that leaves bodies as they come."""
    timeout = aiohttp.ClientTimeout(total=300)
    async with aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as http:
        yield Scraper(http)


async def measure(seconds: Mapping[int, float], folder: Path) -> Any:
    """Measure at each number of homes, for about so many seconds each."""
    program = await golang.build(folder)
    return {
        "skipped": [] if program else [GOLANG],
        "sizes": [await _size(homes, limit, program, folder) for homes, limit in seconds.items()],
    }


async def _size(homes: int, seconds: float, program: Path | None, folder: Path) -> Any:
    async with fleet(homes, folder / f"scrape-{homes}") as running, scraper() as client:
        path = folder / f"page-{homes}.txt"
        path.write_bytes(await client.body(running.url, "text"))
        async with _targets(running, path, program) as targets:
            cells, changes = await _rounds(targets, client, homes, seconds)
            sizes = {
                form: {target.name: len(await client.body(target.url, form)) for target in targets}
                for form in FORMS
            }
        series = sum(map(len, Page(path.read_text()).series.values()))
    return {
        "homes": homes,
        "series": series,
        "bytes": sizes,
        "change": {name: statistics.median(costs) for name, costs in changes.items()},
        "cells": [
            {"form": form, "percent": percent, "target": name, **_spread(costs)}
            for (form, percent, name), costs in cells.items()
        ],
    }


@asynccontextmanager
async def _targets(running: Fleet, page: Path, program: Path | None) -> AsyncIterator[list[Target]]:
    python = (sys.executable, "-m")
    commands = {
        GAUGES: (*python, "tests.bench.peer", "gauges", str(page)),
        COLLECTOR: (*python, "tests.bench.peer", "collector", str(page)),
        SENT: (*python, "tests.bench.sent", str(page)),
    }
    if program:
        families = page.with_suffix(".json")
        golang.write(Page(page.read_text()), families)
        commands[GOLANG] = (str(program), str(families))
    async with AsyncExitStack() as stack:
        targets = [Target(EXPORTER, running.exporter, running.url, running.change)]
        for name, command in commands.items():
            process = await stack.enter_async_context(child(*command))
            url = f"http://127.0.0.1:{process.hello['port']}/metrics"
            targets.append(Target(name, process, url, _changer(process)))
        yield targets


def _changer(process: Child) -> Callable[[int], Awaitable[float]]:
    async def change(homes: int) -> float:
        before = process.cpu
        await process.ask("change", homes=homes)
        return process.cpu - before

    return change


async def _rounds(
    targets: list[Target], client: Scraper, homes: int, seconds: float
) -> tuple[Cells, dict[str, list[float]]]:
    """Go round all cells, so that a drift of the machine meets everybody alike."""
    cells: Cells = defaultdict(list)
    changes: dict[str, list[float]] = defaultdict(list)
    ends, turn = time.monotonic() + seconds, 0
    while turn < _LEAST or time.monotonic() < ends:
        for percent in PERCENTS:
            changed = homes * percent // 100
            if percent and not changed:
                continue  # no home is a hundredth of one
            for form in FORMS:
                for target in targets:
                    costs = cells[form, percent, target.name]
                    if costs and max(costs) > _SLOW:
                        continue
                    if changed:
                        taken = await target.change(changed)
                        if changed == homes:
                            changes[target.name].append(taken / changed)
                    costs.append(await client.cost(target, form))
        turn += 1
    return cells, changes


def _spread(costs: list[float]) -> dict[str, float]:
    return {
        "cpu": statistics.median(costs),
        "low": min(costs),
        "high": max(costs),
        "scrapes": len(costs),
    }
