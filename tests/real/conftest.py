"""Real servers for the tests in this folder: the demo as people start it, and Prometheus."""

import asyncio
import os
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web

from tests.cli.command import free_port
from tests.real.asked import Prometheus

_PATIENCE = 40.0


class Demo:
    """`home-exporter demo` as a process."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, started: float) -> None:
        self.process = process
        self.url = url
        self.started = started
        self.lines: list[str] = []


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    """Start the leak scenario and wait for its introduction."""
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "exporter", "demo", "--scenario=leak", "--web.listen-address=127.0.0.1:0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    made: Demo | None = None
    while made is None:
        line = (await asyncio.wait_for(process.stdout.readline(), _PATIENCE)).decode()
        assert line, "the demo ended"
        match = re.search(r"(http://\S+)/metrics", line)
        if match:
            made = Demo(process, match[1], started)
    yield made
    process.terminate()
    assert await process.wait() == 0


@pytest.fixture
async def plain_proxy(demo: Demo) -> AsyncIterator[str]:
    """Serve the demo's metrics to a scraper as if it had asked for plain text alone."""

    async def scrape(_: web.Request) -> web.Response:
        headers = {"Accept": "text/plain;version=0.0.4"}
        async with http.get(f"{demo.url}/metrics", headers=headers) as answer:
            kind = answer.headers["Content-Type"]
            return web.Response(body=await answer.read(), headers={"Content-Type": kind})

    application = web.Application()
    application.router.add_get("/metrics", scrape)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    async with aiohttp.ClientSession() as http:
        await site.start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()


@pytest.fixture
async def prometheus(demo: Demo, plain_proxy: str, tmp_path: Path) -> AsyncIterator[Prometheus]:
    """Start Debian's Prometheus on the demo, once as OpenMetrics and once as plain text."""
    jobs = {"openmetrics": demo.url.removeprefix("http://"), "plain": plain_proxy}
    async with scraping([job(name, target) for name, target in jobs.items()], tmp_path) as running:
        yield running


def job(name: str, target: str, **more: object) -> dict[str, object]:
    """Return what Prometheus is told about one target."""
    return {"job_name": name, "static_configs": [{"targets": [target]}], **more}


@asynccontextmanager
async def scraping(jobs: list[dict[str, object]], folder: Path) -> AsyncIterator[Prometheus]:
    """Run Debian's Prometheus with some jobs, to be asked."""
    async with serving(jobs, folder) as url, aiohttp.ClientSession() as http:
        yield Prometheus(url, http)


@asynccontextmanager
async def serving(jobs: list[dict[str, object]], folder: Path) -> AsyncIterator[str]:
    """Run Debian's Prometheus with some jobs; what lies in `data` is its past."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("prometheus is not installed")
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": jobs,
    }
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        binary,
        f"--config.file={path}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"GOMAXPROCS": "1"},
    )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    await process.wait()
