"""Hours of history in seconds: the simulated world in moved time, through the real parts."""

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from exporter.exposition import Exposition
from exporter.model import LocationRef, Snapshot
from exporter.simulator.homes import Home, Place
from exporter.simulator.world import World
from exporter.simulator.worlds import demo_world
from exporter.sources.findings import Findings
from exporter.sources.homely.mapping import map_home
from exporter.sources.values import Reader
from exporter.sources.wally.config import ThresholdUnit
from exporter.sources.wally.mapping import map_sensors
from exporter.store import Policy, Store
from tests.support.manual_clock import ManualClock

HOUR, WEEK = 3600.0, 7 * 86_400.0
#: Under the five minutes for which Prometheus still sees a sample.
STEP = 285.0
_POLICY = Policy(3 * HOUR, 24 * HOUR)
#: The demo that is scraped begins with the same readings as this world, which has used some
#: energy by then: without this the meter would step back.
_USED = 1_000 * 3.6e6


class Past:
    """The world of the demo as it was until `now`."""

    def __init__(self, now: float) -> None:
        self._now = now
        begin = now - WEEK - HOUR
        self._clock = ManualClock(wall=begin)
        self._page = Exposition()
        self._store = Store(self._clock, self._page)
        self._findings = Findings(lambda _: None)
        self._world: World = demo_world()
        for home in self._world.homes:
            for device in home.devices:
                if device.meter is not None:
                    device.meter.watt_seconds -= _USED
        self._world.begin(begin)
        for key, name in self._places():
            self._store.add(key, f"{key[0]}-1", _POLICY)
            self._store.describe(key, LocationRef(key[1], name))

    def write(self, path: Path, labels: str, hours: float) -> None:
        """Write the last hours, and two of a week ago, as OpenMetrics with times."""
        with path.open("w") as file:
            for moment in self._moments(hours):
                self._clock.advance(moment - self._clock.wall())
                self._happen(moment)
                self._world.advance(moment)
                self._poll(moment)
                while self._store.expire():
                    pass
                self._tell(file, labels, moment)
            file.write("# EOF\n")

    def _moments(self, hours: float) -> Iterator[float]:
        spans = ((self._now - WEEK - HOUR, self._now - WEEK + HOUR), (self._now - hours * HOUR,))
        for begin, end in (spans[0], (spans[1][0], self._now)):
            for index in range(1, int((end - begin) / STEP)):
                yield begin + index * STEP

    def _happen(self, moment: float) -> None:
        """Let there be a leak and a break-in, three hours and two hours ago."""
        ago = self._now - moment
        home, sensor = self._world.homes[0], self._world.places[0].sensors[0]
        for begin, wet in ((3 * HOUR, True), (2.5 * HOUR, False)):
            if begin - STEP < ago <= begin:
                self._world.set_leak(sensor, wet=wet, now=moment)
        for begin, state in ((2 * HOUR, "BREACHED"), (1.8 * HOUR, "DISARMED")):
            if begin - STEP < ago <= begin:
                self._world.set_alarm(home, state, moment)

    def _places(self) -> Iterator[tuple[tuple[str, str], str]]:
        for home in self._world.homes:
            yield ("homely", home.location_id), home.name
        for place in self._world.places:
            yield ("wally", place.place_id), place.label

    def _poll(self, moment: float) -> None:
        reader = Reader(moment, self._findings)
        for home in self._world.homes:
            self._take("homely", home.location_id, self._home(home, reader))
        for place in self._world.places:
            self._take("wally", place.place_id, self._place(place, reader))

    def _take(self, vendor: str, location_id: str, snapshot: Snapshot) -> None:
        now = self._clock.monotonic()
        self._store.poll((vendor, location_id), snapshot, now, self._clock.wall())

    @staticmethod
    def _home(home: Home, reader: Reader) -> Snapshot:
        return map_home(home.payload(), reader)

    @staticmethod
    def _place(place: Place, reader: Reader) -> Snapshot:
        payload = [sensor.payload() for sensor in place.sensors]
        sensors = map_sensors(payload, reader, ThresholdUnit.CELSIUS)
        expected = len(place.sensors)
        return Snapshot(place.label, "", sensors, suspended=False, expected_devices=expected)

    def _tell(self, file: TextIO, labels: str, moment: float) -> None:
        for line in self._page.render(openmetrics=True).decode().splitlines():
            if not line.startswith("#"):
                name, rest = line.split("{", 1)
                file.write(f"{name}{{{labels},{rest} {moment:.3f}\n")
