"""The exporter on a fleet of simulated homes: each a process of its own, on loopback."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import yaml

from tests.bench.child import Child, child
from tests.cli.command import free_port

EXPORTER = "home-exporter"
_LOOK = 0.005
_PATIENCE = 600.0


@dataclass(slots=True)
class Served:
    """A fleet of homes, the processes that serve it, and where the last of them does."""

    cloud: Child
    processes: dict[str, Child]
    url: str

    async def settle(self) -> None:
        """Wait until all that the cloud was told to send has been taken."""
        for process in (self.cloud, *self.processes.values()):
            await process.settle()


@dataclass(slots=True)
class Fleet(Served):
    """A running exporter whose homes are all connected, and what it took to get there."""

    homes: int
    first_answer: float
    connected: float
    start_cpu: float
    last: float = 0.0

    @property
    def exporter(self) -> Child:
        """The exporter's process."""
        return self.processes[EXPORTER]

    async def change(self, homes: int) -> float:
        """Change a reading in so many homes; return the CPU seconds that taking them cost."""
        before = self.exporter.cpu
        self.last = (await self.cloud.ask("change", homes=homes))["value"]
        await self.settle()
        return self.exporter.cpu - before


def configuration(cloud: Child, folder: Path) -> Path:
    """Write the configuration of an exporter for a fleet."""
    url = cloud.hello["url"]
    accounts = [
        {"base_url": url, "username": username, "password": password}
        for username, password in cloud.hello["logins"]
    ]
    path = folder / "exporter.yml"
    path.write_text(yaml.safe_dump({"homely": accounts, "state_dir": str(folder / "state")}))
    return path


def cloud_of(homes: int) -> AbstractAsyncContextManager[Child]:
    """Run the simulated cloud of so many homes."""
    return child(sys.executable, "-m", "tests.bench.cloud", str(homes))


@asynccontextmanager
async def fleet(homes: int, folder: Path, *, arrivals: Path | None = None) -> AsyncIterator[Fleet]:
    """Start a fleet and wait until all of it is connected and read; `arrivals` notes events."""
    folder.mkdir(parents=True, exist_ok=True)
    module = ("exporter",) if arrivals is None else ("tests.bench.noted", str(arrivals))
    async with cloud_of(homes) as cloud:
        flags = [f"--config.file={configuration(cloud, folder)}", "--log.level=error"]
        address = f"127.0.0.1:{free_port()}"
        began = time.monotonic()
        command = (sys.executable, "-m", *module, *flags, f"--web.listen-address={address}")
        async with child(*command, talks=False) as exporter:
            first = await until_answered(f"http://{address}/metrics") - began
            await until_answered(f"http://{address}/-/ready")
            while (await cloud.ask("connected"))["sockets"] < homes:  # noqa: ASYNC110  # afar
                await asyncio.sleep(_LOOK * 4)
            connected = time.monotonic() - began
            await exporter.settle(quiet=0.002)
            processes, url = {EXPORTER: exporter}, f"http://{address}/metrics"
            yield Fleet(cloud, processes, url, homes, first, connected, exporter.cpu)


async def until_answered(url: str) -> float:
    """Return the moment of the first answer with success."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(_PATIENCE):
        while True:
            try:
                async with http.get(url) as response:
                    await response.read()
                    if response.status == 200:
                        return time.monotonic()
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(_LOOK)


async def until_open(port: int) -> None:
    """Wait until somebody listens on a port."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(_LOOK)
            else:
                writer.close()
                return
