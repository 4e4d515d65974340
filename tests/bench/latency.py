"""How soon a pushed change is visible, and what that takes, beside a bridge to MQTT.

Two moments are measured of each event, both from when the cloud gives it to the socket:
*in the page* when a scrape that begins would show it; *in hand* when a scraper that asks for plain
text, a millisecond after the event and again until it is there, has the page. The second holds a
whole scrape or more, and is not measured where that scrape would be the load.
"""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.bench.child import mebibytes
from tests.bench.fleet import EXPORTER, Served, fleet
from tests.bench.mqtt.chain import chain, missing
from tests.bench.scrape import AS_PROMETHEUS, Scraper, scraper

MQTT = "MQTT bridge"
PROMETHEIS = 2
SCRAPE_EVERY = 15.0
_SETTLE = 2.0
_PAUSE = 0.001

Window = tuple[float, float]
Run = Callable[[Path], AbstractAsyncContextManager[Served]]


@dataclass(frozen=True, slots=True)
class Stage:
    """How many homes, how many events each sends and how often, and how many a scraper awaits."""

    homes: int
    events: int
    every: float
    in_hand: int


async def measure(stages: Sequence[Stage], folder: Path, mqtt_python: Path) -> Any:
    """Measure each stage with the exporter, and with the bridge where its parts are installed."""
    skipped, rows = missing(mqtt_python), []
    for stage in stages:
        place = folder / f"latency-{stage.homes}"
        rows.append(await _stage(stage, EXPORTER, place, _exporter(stage)))
        if not skipped:
            place = folder / f"mqtt-{stage.homes}"
            rows.append(await _stage(stage, MQTT, place, _bridge(stage, place, mqtt_python)))
    return {"skipped": skipped, "rows": rows}


def _exporter(stage: Stage) -> Run:
    return lambda arrivals: fleet(stage.homes, arrivals.parent, arrivals=arrivals)


def _bridge(stage: Stage, place: Path, python: Path) -> Run:
    return lambda arrivals: chain(stage.homes, place, python, arrivals)


async def _stage(stage: Stage, name: str, folder: Path, run: Run) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    arrivals, sent = folder / "arrivals.json", folder / "sent.json"
    async with run(arrivals) as served, scraper() as client:
        in_hand = [await _in_hand(served, client) for _ in range(stage.in_hand)]
        async with _prometheis(served, client) as windows:
            before, began = _cpu(served), time.monotonic()
            wish = {"events": stage.events, "every": stage.every, "path": str(sent)}
            said = await served.cloud.ask("stream", **wish)
            wall = time.monotonic() - began
            cpu = {one: (used - before[one]) / wall for one, used in _cpu(served).items()}
        await served.settle()
        memory = {one: mebibytes(p.pid, "VmHWM") for one, p in served.processes.items()}
    return {
        "name": name,
        "homes": stage.homes,
        "events": said["events"],
        "late": said["late"],
        "per_second": said["events"] / wall,
        "cores": cpu,
        "mebibytes": memory,
        "in_hand": _percentiles(in_hand),
        **_in_the_page(sent, arrivals, windows),
    }


def _cpu(served: Served) -> dict[str, float]:
    return {name: process.cpu for name, process in served.processes.items()}


async def _in_hand(served: Served, client: Scraper) -> float:
    said = await served.cloud.ask("change", homes=1)
    wanted = f" {said['value']!r}\n".encode()
    await asyncio.sleep(_PAUSE)
    while wanted not in await client.body(served.url, "text"):  # noqa: ASYNC110  # afar
        await asyncio.sleep(_PAUSE)
    return float(time.monotonic() - said["began"])


@asynccontextmanager
async def _prometheis(served: Served, client: Scraper) -> AsyncIterator[list[Window]]:
    """Scrape as several Prometheis do, each at its own moment; yields when they did."""
    windows: list[Window] = []

    async def scrape(offset: float) -> None:
        began = time.monotonic() + offset
        for number in count():
            await asyncio.sleep(max(0.0, began + number * SCRAPE_EVERY - time.monotonic()))
            asked = time.monotonic()
            await client.body(served.url, AS_PROMETHEUS)
            windows.append((asked, time.monotonic()))

    gap = SCRAPE_EVERY / PROMETHEIS
    tasks = [asyncio.create_task(scrape(_SETTLE + turn * gap)) for turn in range(PROMETHEIS)]
    try:
        yield windows
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            # A scraper ends by being cancelled: anything else is its failure.
            if isinstance(outcome, Exception):
                raise outcome


def _in_the_page(sent: Path, arrivals: Path, windows: Sequence[Window]) -> dict[str, Any]:
    when = dict(map(tuple, json.loads(arrivals.read_text())))
    given = [(value, moment) for value, moment in json.loads(sent.read_text())]
    taken = [(moment, when[value] - moment) for value, moment in given if value in when]

    def is_scraped(moment: float, seconds: float) -> bool:
        return any(moment < end and moment + seconds > begin for begin, end in windows)

    return {
        "lost": len(given) - len(taken),
        "scrapes": len(windows),
        "scrape": statistics.median([end - begin for begin, end in windows] or [0.0]),
        "in_page": _percentiles([seconds for _, seconds in taken]),
        "unscraped": _percentiles([took for at, took in taken if not is_scraped(at, took)]),
        "scraped": _percentiles([took for at, took in taken if is_scraped(at, took)]),
    }


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return the middle, the 99th of a hundred, and the worst; nothing of nothing."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    return {
        "p50": statistics.median(ordered),
        "p99": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        "max": ordered[-1],
        "count": len(ordered),
    }
