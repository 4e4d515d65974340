"""Photograph the pages for the README: `python -m scripts.pictures`."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from exporter.app import App
from exporter.clock import SystemClock
from exporter.simulator import SCENARIOS, Simulator
from tests.browser.window import ARGUMENTS
from tests.support.running import CALLBACK_SECRET, config_for

DOCS = Path(__file__).parent.parent / "docs"
_DESKTOP = {"viewport": {"width": 1100, "height": 1180}, "color_scheme": "light"}
_PHONE = {
    "viewport": {"width": 375, "height": 812},
    "color_scheme": "dark",
    "device_scale_factor": 2,
}
_PATIENCE = 60.0


async def _photograph(browser: Browser, url: str, name: str, options: dict[str, Any]) -> None:
    context = await browser.new_context(**options)
    page = await context.new_page()
    await page.goto(url)
    await page.locator('.trouble[data-severity="critical"]').nth(1).wait_for()
    await page.screenshot(path=DOCS / f"{name}.png")
    await context.close()


async def _ready(app: App) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not app.is_ready() or any(  # noqa: ASYNC110  # it has no event for this
            one.stream_connected is False for one in app.store.locations.values()
        ):
            await asyncio.sleep(0.05)


async def main(binary: str) -> None:
    """Start the demo's clouds and the exporter, let there be leaks, and photograph them."""
    sim = Simulator(clock=SystemClock())
    await sim.start()
    with tempfile.TemporaryDirectory() as folder:
        app = App(config_for(sim, Path(folder)))
        await app.start("127.0.0.1:0")
        url = f"http://127.0.0.1:{app.server.port}/"
        sim.callback_targets.append(f"{url}callbacks/wally/{CALLBACK_SECRET}")
        await _ready(app)
        for step in SCENARIOS["leak"].steps[:2]:
            await step.action.play(sim)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=binary, chromium_sandbox=False, args=ARGUMENTS
            )
            await _photograph(browser, url, "page-desktop", _DESKTOP)
            await _photograph(browser, url, "page-phone", _PHONE)
            await browser.close()
        await app.stop()
    await sim.stop()


if __name__ == "__main__":
    found = shutil.which("chromium")
    if found is None:
        sys.exit("chromium is not installed: no pictures are made")
    asyncio.run(main(found))
