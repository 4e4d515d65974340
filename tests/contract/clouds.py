"""What the contract tests need of a simulated cloud, in the same words for each vendor."""

from dataclasses import dataclass
from typing import Any, Protocol

from exporter.simulator import Fault
from exporter.simulator.calls import CallLog
from exporter.simulator.devices import EMPTY, HomelyDevice, WallySensor
from exporter.simulator.faults import Kind
from tests.support.running import Page, Running


class Cloud(Protocol):
    """One vendor's simulated cloud with one location."""

    @property
    def vendor(self) -> str: ...

    @property
    def endpoint(self) -> str:
        """What a poll of the location is called in metrics."""
        ...

    @property
    def listing(self) -> str:
        """What a listing of the locations is called in metrics."""
        ...

    @property
    def interval(self) -> float:
        """Within so many seconds the location is polled again."""
        ...

    @property
    def listed_every(self) -> float:
        """Within so many seconds the locations are listed again."""
        ...

    @property
    def stale_after(self) -> float: ...

    @property
    def device_stale_after(self) -> float: ...

    @property
    def location_id(self) -> str: ...

    @property
    def device_id(self) -> str:
        """A device with a temperature and a sensor of water."""
        ...

    @property
    def log(self) -> CallLog:
        """The calls that it was asked."""
        ...

    def freeze(self) -> None:
        """Let the homes stand still: nothing is pushed, and no device speaks."""
        ...

    def write(self, value: Any) -> None:
        """Let the device take a temperature now."""
        ...

    def rename(self, name: str) -> None: ...

    def rename_location(self, name: str) -> None: ...

    def hide(self) -> None: ...

    def show(self) -> None: ...

    def remove_location(self) -> None: ...

    def twin(self) -> None:
        """Give another device the name of the device."""
        ...

    async def fail(self, kind: Kind) -> None:
        """Answer no listing and no poll rightly."""
        ...

    def mend(self) -> None:
        """Answer rightly again."""
        ...


@dataclass
class _Simulated:
    """A cloud that the simulator serves."""

    running: Running
    vendor: str
    endpoint: str
    listing: str

    @property
    def log(self) -> CallLog:
        return self.running.sim.call_log

    def freeze(self) -> None:
        self.running.sim.world.advance = lambda now: []  # type: ignore[method-assign]  # noqa: ARG005

    async def fail(self, kind: Kind) -> None:
        for endpoint in (self.endpoint, self.listing):
            await self.running.sim.inject(Fault(vendor=self.vendor, endpoint=endpoint, kind=kind))

    def mend(self) -> None:
        self.running.sim.clear_faults()


@dataclass
class Homely(_Simulated):
    """The Homely cloud: the device is a flood alarm, the reading its temperature."""

    vendor: str = "homely"
    endpoint: str = "home"
    listing: str = "locations"
    interval: float = 1200 * 1.1
    listed_every: float = 6 * 3600 * 1.1
    stale_after: float = 3 * 3600
    device_stale_after: float = 24 * 3600

    @property
    def _home(self) -> Any:
        return self.running.sim.world.homes[0]

    @property
    def _device(self) -> HomelyDevice:
        device: HomelyDevice = self._home.devices[0]
        return device

    @property
    def location_id(self) -> str:
        return str(self._home.location_id)

    @property
    def device_id(self) -> str:
        return self._device.device_id

    def write(self, value: Any) -> None:
        now = self.running.clock.wall()
        self._device.write("temperature", "temperature", EMPTY if value == {} else value, now)

    def rename(self, name: str) -> None:
        self._device.header["name"] = name

    def rename_location(self, name: str) -> None:
        self._home.name = name

    def hide(self) -> None:
        self._home.hidden.add(self.device_id)

    def show(self) -> None:
        self._home.hidden.clear()

    def remove_location(self) -> None:
        self.running.sim.world.logins[0].homes.clear()

    def twin(self) -> None:
        self._home.devices[1].header["name"] = self._device.name


@dataclass
class Wally(_Simulated):
    """The Wally cloud: the device is a water sensor, the reading its temperature."""

    vendor: str = "wally"
    endpoint: str = "sensors"
    listing: str = "places"
    interval: float = 60 * 1.1
    listed_every: float = 60 * 1.1
    stale_after: float = 15 * 60
    device_stale_after: float = 2 * 3600

    @property
    def _place(self) -> Any:
        return self.running.sim.world.accounts[0].places[0]

    def __post_init__(self) -> None:
        self._sensors: list[WallySensor] = list(self._place.sensors)

    @property
    def location_id(self) -> str:
        return str(self._place.place_id)

    @property
    def device_id(self) -> str:
        return self._sensors[0].device_id

    def write(self, value: Any) -> None:
        now = self.running.clock.wall()
        self._sensors[0].write("state", "TEMP", EMPTY if value == {} else value, now)

    def rename(self, name: str) -> None:
        self._sensors[0].data["location"]["appliance"] = name

    def rename_location(self, name: str) -> None:
        self._place.label = name

    def hide(self) -> None:
        self._place.sensors[:] = self._sensors[1:]

    def show(self) -> None:
        self._place.sensors[:] = self._sensors

    def remove_location(self) -> None:
        self.running.sim.world.accounts[0].places.clear()

    def twin(self) -> None:
        self._sensors[1].data["location"]["appliance"] = self._sensors[0].data["location"][
            "appliance"
        ]


async def next_call(
    running: Running, endpoint: str, seconds: float, log: CallLog | None = None
) -> Page:
    """Let time pass until the next call is made and taken, well or not; return the page then.

    A clock that moves on while a call is under way would move the plan of the one after it too.
    """
    log = log or running.sim.call_log
    calls = log.count(endpoint)
    await running.pass_time(seconds)
    await running.wait(lambda: log.count(endpoint) > calls)

    def is_counted(page: Page) -> bool:
        return sum(page.all("home_exporter_requests_total", endpoint=endpoint)) > calls

    return await running.until(is_counted)
