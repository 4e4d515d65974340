"""The whole chain as real processes: simulator, exporter, Prometheus, Alertmanager, a receiver."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from exporter.clock import SystemClock
from exporter.simulator import Simulator
from exporter.simulator.devices import Device, HomelyDevice
from exporter.simulator.homes import Home
from exporter.simulator.world import World
from scripts import stack
from scripts.stack import Ports, process, receiver, render
from tests.cli.command import free_port, until_served
from tests.real.asked import Prometheus

PATIENCE = 90.0


@dataclass
class Told:
    """One alert of a notification, and when it arrived."""

    receiver: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    arrived: float


@dataclass
class Phone:
    """What arrived at the receiver."""

    told: list[Told] = field(default_factory=list)
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, name: str, body: dict[str, Any]) -> None:
        """Keep the alerts of a notification."""
        now = time.monotonic()
        async with self._more:
            self.told += [
                Told(name, alert["status"], alert["labels"], alert["annotations"], now)
                for alert in body["alerts"]
            ]
            self._more.notify_all()

    def about(self, **labels: str) -> list[Told]:
        """Return what was told with these labels."""
        return [one for one in self.told if labels.items() <= one.labels.items()]

    async def until(self, status: str, *, within: float = PATIENCE, **labels: str) -> Told:
        """Wait until something of a status and with these labels was told."""
        async with asyncio.timeout(within), self._more:
            while True:
                for one in self.about(**labels):
                    if one.status == status:
                        return one
                await self._more.wait()


@dataclass
class Watched:
    """The chain at work."""

    simulator: Simulator
    phone: Phone
    prometheus: Prometheus
    ports: Ports
    config: Path
    _exporter: AsyncExitStack

    async def start_exporter(self) -> None:
        """Start the exporter and wait until it has asked every account."""
        command = (sys.executable, "-m", "exporter", f"--config.file={self.config}")
        await self._exporter.enter_async_context(
            process(*command, f"--web.listen-address=127.0.0.1:{self.ports.exporter}")
        )
        await until_served(f"http://127.0.0.1:{self.ports.exporter}/-/ready", PATIENCE)

    async def stop_exporter(self) -> None:
        """Stop it."""
        await self._exporter.aclose()

    async def wet(self, home: Home, device: Device, *, wet: bool) -> float:
        """Wet or dry a Homely flood sensor, and return when."""
        world = self.simulator.world
        change = world.set_state(home, device, "alarm", "flood", wet, now=time.time())
        began = time.monotonic()
        await self.simulator.publish([change])
        return began


def floods(world: World) -> list[tuple[Home, HomelyDevice]]:
    """Return each Homely flood sensor with its home."""
    return [(h, d) for h in world.homes for d in h.devices if d.model == "Flood Alarm"]


def _accounts(simulator: Simulator, **wally: object) -> dict[str, Any]:
    homely = [
        {"base_url": simulator.homely_url, "username": user, "password": word}
        for user, word in simulator.homely_logins
    ]
    tokens = [
        {"base_url": simulator.wally_url, "token": t, **wally} for t in simulator.wally_tokens
    ]
    return {"homely": homely, "wally": tokens}


@asynccontextmanager
async def watched(
    folder: Path, world: World, edit: Callable[[str], str] = str, **wally: object
) -> AsyncIterator[Watched]:
    """Run the chain on a world; `edit` may change the shipped files, `wally` the Wally accounts."""
    simulator, phone = Simulator(clock=SystemClock(), world=world), Phone()
    await simulator.start()
    config = folder / "exporter.yml"
    state = str(folder / "state")
    config.write_text(yaml.safe_dump({**_accounts(simulator, **wally), "state_dir": state}))
    async with AsyncExitStack() as parts, AsyncExitStack() as exporter:
        http = await parts.enter_async_context(aiohttp.ClientSession())
        parts.push_async_callback(simulator.stop)
        told = await parts.enter_async_context(receiver(0, phone.take))
        ports = Ports(free_port(), told, free_port(), free_port())
        render(folder / "watchers", ports, edit)
        prometheus = Prometheus(f"http://127.0.0.1:{ports.prometheus}", http)
        chain = Watched(simulator, phone, prometheus, ports, config, exporter)
        await parts.enter_async_context(stack.alertmanager(folder / "watchers", ports))
        await parts.enter_async_context(stack.prometheus(folder / "watchers", ports))
        await chain.start_exporter()
        await prometheus.until_it_knows_alertmanager()
        await prometheus.until("count(home:up:held == 1) > 0")
        yield chain
