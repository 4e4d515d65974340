"""Debian's Chromium on the real exporter, which reads the simulated clouds of the demo."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from exporter.app import App
from exporter.clock import SystemClock
from exporter.simulator import SCENARIOS, Simulator, World, demo_world
from tests.browser.window import ARGUMENTS, Window
from tests.support.running import CALLBACK_SECRET, config_for

_PATIENCE = 40.0
LONG = "W" * 128
TURNED = "\u202eHytta i fjellet"

Open = Callable[..., Awaitable[Window]]


class Served:
    """The exporter at work, and the clouds that it reads."""

    def __init__(self, app: App, sim: Simulator) -> None:
        self._app = app
        self.sim = sim

    @property
    def url(self) -> str:
        """The address of the front page."""
        return f"http://127.0.0.1:{self._app.server.port}/"

    @property
    def largest(self) -> str:
        """The address of the page of the home with the most devices."""
        home = max(self.sim.world.homes, key=lambda one: len(one.devices))
        return f"{self.url}locations/homely/{home.location_id}"

    async def play(self, scenario: str, words: str) -> None:
        """Let the step of a scenario with these words in its sentence happen now."""
        (step,) = [one for one in SCENARIOS[scenario].steps if words in one.sentence]
        await step.action.play(self.sim)

    async def dry(self) -> None:
        """End every leak, and wait until the exporter knows."""
        await self.play("leak", "The Homely sensor is dry")
        await self.play("leak", "The Wally sensor is dry")
        await self.until(wet=False)

    async def wet(self) -> None:
        """Let both clouds tell of a leak, and wait until the exporter knows."""
        await self.play("leak", "Water reaches")
        await self.play("leak", "A Wally sensor gets wet")
        await self.until(wet=True)

    async def until(self, *, wet: bool) -> None:
        """Wait until the exporter serves a leak, or none."""
        async with asyncio.timeout(_PATIENCE):
            while (b"home_leak_alarmed" in self._wet()) is not wet:  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.02)

    def _wet(self) -> bytes:
        lines = self._app.exposition.render(openmetrics=False).splitlines()
        return b"\n".join(one for one in lines if b"home_leak" in one and one.endswith(b" 1.0"))


def _world() -> World:
    """Return the demo's world with a few names that are hard to show."""
    world = demo_world()
    cabin, villa, _ = world.homes
    cabin.name = TURNED
    villa.devices[1].header["name"] = villa.devices[1].header["location"] = LONG
    world.places[1].label = LONG
    return world


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Start clouds and exporter on real time."""
    sim = Simulator(clock=SystemClock(), world=_world())
    await sim.start()
    fast = {"homely": {"poll_interval": "30s"}, "wally": {"poll_interval": "2s"}}
    app = App(config_for(sim, tmp_path_factory.mktemp("browser"), **fast))
    await app.start("127.0.0.1:0")
    served = Served(app, sim)
    sim.callback_targets.append(f"{served.url}callbacks/wally/{CALLBACK_SECRET}")
    async with asyncio.timeout(_PATIENCE):
        while not (app.is_ready() and _all_connected(app)):  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.02)
    yield served
    await app.stop()
    await sim.stop()


def _all_connected(app: App) -> bool:
    return all(one.stream_connected is not False for one in app.store.locations.values())


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """Start the browser."""
    binary = shutil.which("chromium")
    if binary is None:
        pytest.skip("chromium is not installed: nobody looks at the pages in a browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=binary, headless=True, chromium_sandbox=False, args=ARGUMENTS
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def window(chromium: Browser) -> AsyncIterator[Open]:
    """Return what opens a window; afterwards nothing in any of them may have gone wrong."""
    opened: list[Window] = []

    async def one(url: str, **options: Any) -> Window:
        opened.append(await Window.open(chromium, url, **options))
        return opened[-1]

    yield one
    for each in opened:
        await each.close()
    assert [fault for each in opened for fault in each.faults] == []
