"""The exporter and the simulator together on loopback, on one clock that the test moves."""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from prometheus_client.parser import text_string_to_metric_families

from exporter.app import App
from exporter.config import Config, load
from exporter.simulator import Simulator
from exporter.sources.vendors import MODELS
from tests.support.manual_clock import ManualClock

CALLBACK_SECRET = "callback-secret-of-the-tests"
_PATIENCE = 10.0

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Page:
    """One scrape, to be asked by name and labels."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def samples(self) -> Samples:
        """Every sample by name and labels."""
        return _samples(self.text)

    def all(self, name: str, **labels: str) -> list[float]:
        """Return the values of every series of the name that has these labels."""
        return list(self.series(name, **labels).values())

    def series(self, name: str, **labels: str) -> dict[tuple[tuple[str, str], ...], float]:
        """Return every series of the name that has these labels."""
        # Pages are asked so often that the rest of them is not parsed each time.
        own = [
            line for line in self.text.splitlines() if line.startswith((f"{name}{{", f"{name} "))
        ]
        wanted = set(labels.items())
        return {
            key: value
            for (_, key), value in _samples("\n".join([*own, ""])).items()
            if wanted <= set(key)
        }

    def one(self, name: str, **labels: str) -> float:
        """Return the value of the only series of the name that has these labels."""
        found = self.series(name, **labels)
        assert len(found) == 1, f"{name} {labels}: {len(found)} series"
        return next(iter(found.values()))

    def has(self, name: str, **labels: str) -> bool:
        """Return whether there is a series of the name with these labels."""
        return bool(self.series(name, **labels))


def _samples(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def config_for(sim: Simulator, folder: Path, **overrides: Any) -> Config:
    """Write a configuration for every account of the simulator, and `also` others; load it."""
    hosts = overrides.get("hosts", {})
    homely_url = sim.homely_url.replace("127.0.0.1", hosts.get("homely", "127.0.0.1"))
    wally_url = sim.wally_url.replace("127.0.0.1", hosts.get("wally", "127.0.0.1"))
    homely = [
        {"base_url": homely_url, "username": user, "password": word} | overrides.get("homely", {})
        for user, word in sim.homely_logins
    ]
    wally = [
        {"base_url": wally_url, "token": token, "callback_secret": CALLBACK_SECRET}
        | overrides.get("wally", {})
        for token in sim.wally_tokens
    ]
    path = folder / "exporter.yml"
    others = overrides.get("also", {})
    document = {"homely": homely, "wally": wally, **others, "state_dir": str(folder / "state")}
    path.write_text(yaml.safe_dump(document))
    return load(path, MODELS)


class Running:
    """A simulator and an exporter that reads it."""

    def __init__(self, sim: Simulator, config: Config, clock: ManualClock, **parts: Any) -> None:
        self._parts = parts
        self.sim = sim
        self.config = config
        self.clock = clock
        self.app = App(config, clock=clock, **parts)
        self._is_up = True
        self.http = aiohttp.ClientSession()

    @property
    def url(self) -> str:
        """The exporter's address."""
        return f"http://127.0.0.1:{self.app.server.port}"

    async def scrape(self) -> Page:
        """Fetch /metrics as text."""
        async with self.http.get(f"{self.url}/metrics") as response:
            assert response.status == 200
            return Page(await response.text())

    async def until(self, holds: Callable[[Page], bool]) -> Page:
        """Scrape until the page is as wanted; fail with what was missing after long."""
        patience = time.monotonic() + _PATIENCE
        while True:
            page = await self.scrape()
            if holds(page):
                return page
            assert time.monotonic() < patience, "the page never became as wanted"
            await asyncio.sleep(0.01)

    async def wait(self, holds: Callable[[], bool]) -> None:
        """Wait until something besides the page is as wanted."""
        patience = time.monotonic() + _PATIENCE
        while not holds():
            assert time.monotonic() < patience, "what was waited for never came"
            await asyncio.sleep(0.005)

    async def pass_time(self, seconds: float) -> None:
        """Move the clock of both, and let the exporter see it."""
        self.clock.advance(seconds)
        await asyncio.sleep(0.02)
        # The exporter's tick has been woken; what fell due needs one more to be planned.
        self.clock.advance(1.0)
        await asyncio.sleep(0.02)

    async def ready(self) -> Page:
        """Wait until every account was tried and every socket is up."""
        await self.wait(self.app.is_ready)
        # First connects are spread over an instant of the clock.
        self.clock.advance(1.0)
        homes = len(self.sim.world.homes)
        return await self.until(
            lambda page: sum(page.all("home_exporter_stream_connected")) == homes
        )

    async def callback(self, body: Any, secret: str = CALLBACK_SECRET) -> int:
        """Post a callback as the Wally cloud would and return the status."""
        url = f"{self.url}/callbacks/wally/{secret}"
        async with self.http.post(url, json=body) as response:
            return response.status

    async def end(self) -> None:
        """End the exporter as a signal does; the simulator goes on."""
        self._is_up = False
        await self.app.stop()

    async def restart(self, config: Config | None = None) -> None:
        """Start the exporter again, on another configuration if given."""
        if self._is_up:
            await self.end()
        self._is_up = True
        self.config = config or self.config
        self.app = App(self.config, clock=self.clock, **self._parts)
        await self.app.start("127.0.0.1:0")

    async def stop(self) -> None:
        """Stop both."""
        await self.http.close()
        if self._is_up:
            await self.app.stop()
        await self.sim.stop()


async def run(
    folder: Path,
    clock: ManualClock,
    sim: Simulator,
    *,
    parts: Mapping[str, Any] | None = None,
    **overrides: Any,
) -> Running:
    """Start a simulator and an exporter on it, of which some parts may be the test's own."""
    await sim.start()
    running = Running(sim, config_for(sim, folder, **overrides), clock, **(parts or {}))
    await running.app.start("127.0.0.1:0")
    return running
