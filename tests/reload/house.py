"""A running exporter whose configuration is edited and reloaded over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exporter.config import Config, load
from exporter.simulator.homes import Home
from exporter.sources.vendors import MODELS
from tests.support.running import Page, Running

#: What devices say, and what was counted of it.
READINGS = (
    "home_up",
    "home_alarm_state",
    "home_leak_detected",
    "home_temperature_celsius",
    "home_energy_imported_joules_total",
    "home_events_total",
    "home_activities_total",
    "home_device_info",
)
SUCCESSFUL = "home_exporter_config_last_reload_successful"
SUCCESS_AT = "home_exporter_config_last_reload_success_timestamp_seconds"


@dataclass
class House:
    """The exporter, the file it reads, and what the simulated clouds see of it."""

    running: Running
    path: Path

    @property
    def document(self) -> dict[str, Any]:
        """What the file says."""
        document: dict[str, Any] = yaml.safe_load(self.path.read_text())
        return document

    def write(self, document: Mapping[str, Any]) -> None:
        """Write the file."""
        self.path.write_text(yaml.safe_dump(dict(document)))

    async def ask(self, method: str = "POST") -> tuple[int, str]:
        """Ask for a reload; return status and text."""
        http, url = self.running.http, self.running.url
        async with http.request(method, f"{url}/-/reload") as response:
            return response.status, await response.text()

    async def reload(self, document: Mapping[str, Any] | None = None) -> Page:
        """Write the file, reload it with success, and scrape at once."""
        if document is not None:
            self.write(document)
        status, text = await self.ask()
        assert status == 200, text
        return await self.running.scrape()

    async def edit(self, change: Callable[[dict[str, Any]], object]) -> Page:
        """Change what the file says, and reload it."""
        document = self.document
        change(document)
        return await self.reload(document)

    # --- what the clouds see

    def sids(self) -> dict[str, str]:
        """Return the id of each location's socket."""
        live = self.running.sim.homely.sockets._by_sid.values()
        return {one.location_id: one.sid for one in live}

    def asked(self, *endpoints: str) -> int:
        """Return how many calls of these kinds there were."""
        return sum(map(self.running.sim.call_log.count, endpoints))

    async def wet(self, home: Home, *, wet: bool = True) -> None:
        """Push that the first flood alarm of a home is wet or dry, and wait until it shows."""
        sim = self.running.sim
        device = flood_alarm(home)
        now = self.running.clock.wall()
        change = sim.world.set_state(home, device, "alarm", "flood", wet, now=now)
        await sim.publish([change])
        labels = {"device_id": device.device_id}
        await self.running.until(lambda page: page.all("home_leak_detected", **labels) == [wet])

    async def connected(self, homes: int) -> Page:
        """Wait until so many sockets are up."""

        def are_up(page: Page) -> bool:
            self.running.clock.advance(0.1)
            return sum(page.all("home_exporter_stream_connected")) == homes

        return await self.running.until(are_up)


def flood_alarm(home: Home) -> Any:
    """Return the first flood alarm of a home."""
    return next(device for device in home.devices if device.model == "Flood Alarm")


def readings(page: Page, **labels: str) -> dict[object, float]:
    """Return what devices say, and what was counted of it."""
    found: dict[object, float] = {}
    for name in READINGS:
        found |= {(name, key): value for key, value in page.series(name, **labels).items()}
    return found


def loader(path: Path) -> Callable[[], Config]:
    """Return what reads the file."""
    return lambda: load(path, MODELS)
