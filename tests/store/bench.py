"""A store between the real mappings and the real page, on a clock that the test moves."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from exporter.catalog import SCOPE_LABELS, Scope
from exporter.exposition import Exposition
from exporter.model import Applied, LocationRef, Snapshot
from exporter.simulator.stamps import iso
from exporter.sources.findings import Findings, Reject
from exporter.sources.homely.mapping import map_event, map_home
from exporter.sources.values import Reader
from exporter.sources.wally.config import ThresholdUnit
from exporter.sources.wally.mapping import map_callback, map_sensors
from exporter.store import Policy, Store
from tests.mapping.payloads import DEVICE, HOME, SENSOR, alarm_event, device_event, entry, home
from tests.support.manual_clock import ManualClock

HOUR, DAY = 3600.0, 86_400.0
#: The defaults of the configuration: stale_after, device_stale_after.
HOMELY_POLICY = Policy(3 * HOUR, 24 * HOUR)
WALLY_POLICY = Policy(15 * 60.0, 2 * HOUR)
ACCOUNT = "account-1"

Served = dict[str, float]


class Bench:
    """One location of one vendor, and what the page shows of it."""

    def __init__(self, vendor: str, location_id: str, policy: Policy) -> None:
        self.clock = ManualClock()
        self.page = Exposition()
        self.dropped: list[int] = []
        self.store = Store(self.clock, self.page, self.dropped.append)
        self.rejected: Counter[str] = Counter()
        self.findings = Findings(self._count)
        self.key = (vendor, location_id)
        self.add(location_id, policy)
        self._parsed: tuple[int, list[tuple[str, dict[str, str], float]]] = (-1, [])

    def _count(self, reason: Reject) -> None:
        self.rejected[reason.value] += 1

    def add(self, location_id: str, policy: Policy, name: str = "", account: str = ACCOUNT) -> None:
        """Let the account list a location."""
        key = (self.key[0], location_id)
        self.store.add(key, account, policy)
        self.store.describe(key, LocationRef(location_id, name))

    @property
    def now(self) -> float:
        """The wall time, which is the vendors' as well."""
        return self.clock.wall()

    def ago(self, seconds: float) -> str:
        """Return a time before now as the vendors write it."""
        return iso(self.now - seconds)

    def reader(self) -> Reader:
        """Return a reader of a payload that arrives now."""
        return Reader(self.now, self.findings)

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and let the store see it as the process's tick does."""
        self.clock.advance(seconds)
        self.store.expire()

    def info_of(self, device_id: str) -> Mapping[str, str] | None:
        """Return what is held of a device's info."""
        held = self.store.device(self.key, device_id)
        return held.info if held else None

    def take(self, snapshot: Snapshot, began: float | None = None) -> None:
        """Take a poll's answer, asked for at `began` (monotonic), now unless said otherwise."""
        asked = self.clock.monotonic() if began is None else began
        self.store.poll(self.key, snapshot, asked, self.now)

    # --- what is served

    def text(self, *, openmetrics: bool = False) -> str:
        """Return the page of the homes."""
        return self.page.render(openmetrics=openmetrics).decode()

    def samples(self) -> list[tuple[str, dict[str, str], float]]:
        """Return every sample of the page."""
        if self._parsed[0] != self.page.generation:
            found = [
                (sample.name, dict(sample.labels), sample.value)
                for family in text_string_to_metric_families(self.text())
                for sample in family.samples
            ]
            self._parsed = (self.page.generation, found)
        return self._parsed[1]

    def device(self, device_id: str) -> Served:
        """Return a device's samples, written without the labels that all of them share."""
        return self._served(Scope.DEVICE, device_id=device_id)

    def location(self, location_id: str | None = None) -> Served:
        """Return the samples of the location itself, written without its labels."""
        wanted = self.key[1] if location_id is None else location_id
        return self._served(Scope.LOCATION, location_id=wanted)

    def devices(self) -> set[str]:
        """Return the ids of all devices on the page."""
        return {labels["device_id"] for _, labels, _ in self.samples() if "device_id" in labels}

    def _served(self, scope: Scope, **wanted: str) -> Served:
        shared = set(SCOPE_LABELS[scope])
        served: Served = {}
        for name, labels, value in self.samples():
            is_device = "device_id" in labels
            if is_device is not (scope is Scope.DEVICE) or not wanted.items() <= labels.items():
                continue
            own = ",".join(f'{k}="{v}"' for k, v in labels.items() if k not in shared)
            series = f"{name}{{{own}}}" if own else name
            assert series not in served, f"{series} is served twice"
            served[series] = value
        return served


class HomelyBench(Bench):
    """A Homely home."""

    def __init__(self, policy: Policy = HOMELY_POLICY) -> None:
        super().__init__("homely", HOME, policy)

    def poll(self, *devices: Any, began: float | None = None, **fields: Any) -> None:
        """Take an answer of `/home`."""
        self.take(map_home(home(*devices, **fields), self.reader()), began)

    def event(self, payload: Any) -> Applied:
        """Take a socket event."""
        event = map_event(payload, self.reader(), self.info_of)
        assert event is not None
        assert event.change is not None
        return self.store.push(self.key, event.change)

    def change(self, source: str, value: Any, at: float | None, device_id: str = DEVICE) -> Applied:
        """Take a socket event about one state."""
        return self.event(device_event(entry(source, value, at), deviceId=device_id))

    def alarm(self, state: str, at: float | None = None) -> Applied:
        """Take a socket event about the alarm."""
        return self.event(alarm_event(state, self.now if at is None else at))

    def served(self, device_id: str = DEVICE) -> Served:
        """Return the samples of a device."""
        return self.device(device_id)


class WallyBench(Bench):
    """A WallyHome place."""

    def __init__(
        self,
        policy: Policy = WALLY_POLICY,
        unit: ThresholdUnit = ThresholdUnit.CELSIUS,
    ) -> None:
        super().__init__("wally", "place-1", policy)
        self._unit = unit

    def poll(self, *sensors: Any, began: float | None = None, **fields: Any) -> None:
        """Take an answer of `/v2/places/<id>/sensors`."""
        devices = map_sensors(list(sensors), self.reader(), self._unit, self.info_of)
        self.take(Snapshot("Cabin Eksempel", "", devices, **fields), began)

    def callback(self, payload: Any, account: str = ACCOUNT) -> list[Applied]:
        """Take a callback."""
        changes, _ = map_callback(payload, self.reader())
        held = self.store.locations.items()
        keys = [key for key, location in held if location.account == account]
        owner = ("wally", account)
        return [self.store.push_activity(owner, keys, change) for change in changes]

    def served(self, snid: str = SENSOR) -> Served:
        """Return the samples of a sensor."""
        return self.device(snid)
