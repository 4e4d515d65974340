"""Flatness over real sockets: what the exporter holds must not grow while everything goes wrong.

    python -m tests.soak.flat [SECONDS [SEED]]

The clouds are a process of their own, so that what is measured here is the exporter's.
"""

import asyncio
import gc
import os
import sys
import threading
import tracemalloc
import urllib.parse
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import aiohttp
import yaml

from exporter.app import App
from exporter.config import load
from exporter.sources.vendors import MODELS
from tests.soak.dice import Dice

_STREAM = "exporter.sources.homely.stream"
_TOKENS = "exporter.sources.homely.tokens"
_SECRET = "callback-secret-of-the-soak"
#: Not among them is what silences an account for minutes, as it should: nothing would happen.
_FAULTS: tuple[dict[str, Any], ...] = (
    *({"kind": "status", "status": status, "times": 1} for status in (404, 500, 502, 504)),
    *({"kind": kind, "times": 1} for kind in ("html_200", "empty_body", "disconnect", "redirect")),
    *({"kind": kind, "times": 1} for kind in ("truncated_json", "object_for_list", "refuse")),
    *({"kind": "hang_before", "times": 1, "seconds": seconds} for seconds in (0.3, 2.0)),
    *({"kind": kind, "now": True} for kind in ("drop_after_connect", "garbage", "engineio_close")),
    *({"kind": kind, "times": 1} for kind in ("invalid_jwt", "expire_during_connect")),
)
_WARM_UP = 0.4
#: How long things go wrong before a quiet moment, in which no call is under way; how long such a
#: moment may be waited for, and how often it is looked at for its least.
_TROUBLE, _PATIENCE, _LOOKS = 1.5, 20.0, 20
#: A machine that is too busy for as many sockets in the time is given up to three times as long.
RECONNECTS = 20
#: How far the last of the measurements may lie above those after the warm-up: yarl's caches of
#: 128 addresses, and alerts that wait for their sensors, are still on the way to their bounds.
#: Each socket was had again many times meanwhile: one task or descriptor left by each is seen.
BOUNDS = {
    "KiB": 256.0,
    # A socket that is up has four; of a leak there would be hundreds.
    "tasks": 8.0,
    "tasks remembered": 1.0,
    "threads": 2.0,
    "descriptors": 4.0,
}


@dataclass(slots=True)
class Flatness:
    """What was measured at each quiet moment, and how much went on meanwhile."""

    measured: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in BOUNDS})
    done: Counter[str] = field(default_factory=Counter)

    async def note(self, app: App) -> None:
        """Measure; of tasks and descriptors the least, as a stranger may just be served."""
        # The address of each socket is another one: a cache of 128 would fill for minutes.
        urllib.parse.clear_cache()  # type: ignore[attr-defined]  # not in the stubs
        least: dict[str, float] = {}
        for _ in range(_LOOKS):
            await _until(lambda: not _is_calling())
            now = {
                "tasks": len(asyncio.all_tasks()),
                "tasks remembered": len(app._tasks),
                "threads": threading.active_count(),
                "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208  # names only
            }
            least = {name: min(count, least.get(name, count)) for name, count in now.items()}
            await asyncio.sleep(0.01)
        gc.collect()
        least["KiB"] = tracemalloc.get_traced_memory()[0] / 1024
        for name, values in self.measured.items():
            values.append(least[name])

    def parts(self, name: str) -> tuple[float, float]:
        """Return the least of the first and of the last third after the warm-up."""
        warm = self.measured[name][int(len(self.measured[name]) * _WARM_UP) :]
        third = max(1, len(warm) // 3)
        return min(warm[:third]), min(warm[-third:])

    def growth(self) -> dict[str, float]:
        """Return by how much the last third lies above the first."""
        return {name: self.parts(name)[1] - self.parts(name)[0] for name in BOUNDS}


async def measure(seconds: float, seed: int) -> Flatness:
    """Run the exporter on two clouds in trouble for so many seconds."""
    flatness = Flatness()
    async with _clouds(seed) as said, aiohttp.ClientSession() as http:
        tracemalloc.start()
        with (
            TemporaryDirectory() as folder,
            patch(f"{_STREAM}._BACKOFF_CAP", 0.5),
            patch(f"{_TOKENS}._RETRY", 0.2),
            patch(f"{_TOKENS}._RETRY_CAP", 0.5),
        ):
            app = App(load(_configuration(Path(folder), said), MODELS))
            await app.start("127.0.0.1:0")
            try:
                await _disturb(app, said[2].split()[1], http, seconds, Dice(seed, "flat"), flatness)
                _count(app, flatness)
            finally:
                await app.stop()
                tracemalloc.stop()
    return flatness


@asynccontextmanager
async def _clouds(seed: int) -> AsyncIterator[list[str]]:
    """Run the simulator and yield what it prints of itself."""
    options = ("--seed", str(seed), "--token-life", "12", "--tick", "0.2", "--speed", "100")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "exporter.simulator", *options), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines = [""]
    while not lines[-1].startswith("Scenario"):
        lines.append((await process.stdout.readline()).decode().strip())
    try:
        yield lines[1:]
    finally:
        process.terminate()
        await process.communicate()


def _configuration(folder: Path, said: Sequence[str]) -> Path:
    logins = [line.split() for line in said if line.startswith("Homely login")]
    tokens = [line.split() for line in said if line.startswith("Wally token")]
    often = {"poll_interval": "1s"}
    homely = [
        {"base_url": said[0].split()[1], "username": words[2], "password": words[4], **often}
        | {"poll_interval_disconnected": "1s", "locations_refresh": "2s"}
        for words in logins
    ]
    wally = [
        {"base_url": said[1].split()[1], "token": words[2], **often, "callback_secret": _SECRET}
        for words in tokens[:1]
    ]
    path = folder / "exporter.yml"
    document = {"homely": homely, "wally": wally, "state_dir": str(folder / "state")}
    path.write_text(yaml.safe_dump(document))
    return path


async def _disturb(
    app: App,
    control: str,
    http: aiohttp.ClientSession,
    seconds: float,
    dice: Dice,
    flatness: Flatness,
) -> None:
    """Let things go wrong for a while, measure once all is well again, and so on."""
    loop = asyncio.get_running_loop()
    root = control.removesuffix("/control/world")
    end = loop.time() + seconds
    last = loop.time() + 3 * seconds
    while loop.time() < end or (_connects(app) < RECONNECTS and loop.time() < last):
        until = loop.time() + _TROUBLE
        async with http.post(f"{root}/control/drop-sockets", json={}) as answer:
            flatness.done["times all sockets dropped"] += answer.status == 200
        while loop.time() < until:
            await _trouble(app, root, http, dice, flatness)
            await asyncio.sleep(0.05)
        async with http.post(f"{root}/control/clear") as answer:
            flatness.done["times without faults"] += answer.status == 200
        if await _until(lambda: _are_up(app)):
            flatness.done["quiet moments"] += 1
            await flatness.note(app)


async def _trouble(
    app: App, root: str, http: aiohttp.ClientSession, dice: Dice, flatness: Flatness
) -> None:
    """Let one thing after the other go wrong, scrape, and call back."""
    page = f"http://127.0.0.1:{app.server.port}"
    if dice.hits(0.3):
        async with http.post(f"{root}/control/fault", json=dice.choice(_FAULTS)) as answer:
            flatness.done["faults"] += answer.status == 200
    async with http.get(f"{page}/metrics") as answer:
        flatness.done["scrapes"] += len(await answer.read()) > 0
    body = {"snid": f"sn-{dice.randrange(3)}", "type": "alarm", "state": "open"}
    secret = _SECRET if dice.hits(0.7) else "a-wrong-secret-of-the-soak"
    body["created"] = str(dice.random())
    async with http.post(f"{page}/callbacks/wally/{secret}", json=body) as answer:
        flatness.done["callbacks"] += answer.status == 204
    if dice.hits(0.2):
        await _leave_half_open(app.server.port)


def _are_up(app: App) -> bool:
    streams = [one.stream_connected for one in app.store.locations.values()]
    return any(streams) and False not in streams


def _is_calling() -> bool:
    names = (task.get_name() for task in asyncio.all_tasks())
    return any(name.startswith(("poll/", "list/")) for name in names)


async def _until(holds: Callable[[], bool]) -> bool:
    """Wait for a moment of which something holds; return whether it came."""
    loop = asyncio.get_running_loop()
    last = loop.time() + _PATIENCE
    while loop.time() < last:
        if holds():
            return True
        await asyncio.sleep(0.01)
    return False


def _connects(app: App) -> int:
    return int(app.telemetry.stream_connects._value.get())


async def _leave_half_open(port: int) -> None:
    """Begin a request as a stranger does, and go away."""
    with suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /callbacks/wally/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1")
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def _count(app: App, flatness: Flatness) -> None:
    flatness.done["sockets connected"] = _connects(app)
    for line in app.exposition.render(openmetrics=False).decode().splitlines():
        if line.startswith("home_exporter_requests_total{"):
            name = "calls" if 'outcome="success"' in line else "failed calls"
            flatness.done[name] += int(float(line.rpartition(" ")[2]))


def told(flatness: Flatness) -> list[str]:
    """Return the measurements as lines of a table."""
    lines = ["| what | after warm-up | at the end | may grow by |", "|---|---|---|---|"]
    for name, bound in BOUNDS.items():
        first, last = flatness.parts(name)
        lines.append(f"| {name} | {first:,.0f} | {last:,.0f} | {bound:.0f} |")
    return lines


def grown(flatness: Flatness) -> list[str]:
    """Return what has grown beyond its bound."""
    return [name for name, growth in flatness.growth().items() if growth > BOUNDS[name]]


if __name__ == "__main__":
    given = dict(enumerate(map(int, sys.argv[1:])))
    found = asyncio.run(measure(given.get(0, 60), given.get(1, 1)))
    print(*told(found), sep="\n")
    print(", ".join(f"{number} {kind}" for kind, number in found.done.items()))
    sys.exit(f"not flat: {', '.join(grown(found))}" if grown(found) else 0)
