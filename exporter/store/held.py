"""What is held of one location and of each of its devices: plain mutable records."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Self

from exporter.catalog import Metric
from exporter.config import AccountConfig
from exporter.model import LocationKey, Reading
from exporter.store.activities import Ledger
from exporter.store.edges import Edges
from exporter.store.moment import Moment
from exporter.store.totals import TotalGuard

NEVER = float("-inf")
_SAID = 16

#: A metric and its own labels: what one reading of several is served as.
Slot = tuple[Metric, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Policy:
    """How long an account's data is believed, in seconds."""

    stale_after: float
    device_stale_after: float

    @classmethod
    def of(cls, config: AccountConfig) -> Self:
        """Return what an account is configured with."""
        return cls(config.stale_after, config.device_stale_after)


@dataclass(slots=True)
class HeldDevice:
    """One device; `readings` by source field, `pushed` the monotonic arrival of pushed ones.

    `former` are the last readings with a time: what is taken away must not come back older.

    A leak is `leak_told` while only a callback tells of it; what a callback told of, or the sensor
    showed, up to the two `_until` (the vendor's time) was counted.
    `contact` is when a push last named it, `alive` when one last showed that it lives (monotonic).
    What `is_served` of it stays so `served_until` something grows too old (monotonic).
    """

    id: str
    name: str = ""
    room: str = ""
    info: Mapping[str, str] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    former: dict[str, Reading] = field(default_factory=dict)
    pushed: dict[str, float] = field(default_factory=dict)
    updated: float | None = None
    reading_times: dict[str, float] = field(default_factory=dict)
    contact: float = NEVER
    alive: float = NEVER
    is_served: bool = False
    served_until: float = NEVER
    omitted: int = 0
    edges: Edges = field(default_factory=Edges)
    ledger: Ledger = field(default_factory=Ledger)
    leak_told: bool = False
    leak_told_until: float = NEVER
    leak_seen_until: float = NEVER
    totals: dict[str, TotalGuard] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What to call it: its name, else its room, else what it is."""
        return self.name or self.room or self.info.get("model", "") or self.id

    @property
    def names(self) -> tuple[str, ...]:
        """All that a person may know it by."""
        return self.name, self.room, self.info.get("model", ""), self.id

    def best(self, metrics: Container[Metric] | None = None) -> dict[Slot, Reading]:
        """Return the reading that is served in each slot: the best-ranked one with a value.

        With `metrics` only those slots.
        """
        best: dict[Slot, Reading] = {}
        for reading in self.readings.values():
            if metrics is not None and reading.metric not in metrics:
                continue
            slot = (reading.metric, reading.labels)
            if reading.value is not None and (slot not in best or reading.rank < best[slot].rank):
                best[slot] = reading
        return best

    def resolved(self, metric: Metric) -> Reading | None:
        """Return the reading that is served as a metric without labels of its own."""
        told = [
            one
            for one in self.readings.values()
            if one.metric is metric and not one.labels and one.value is not None
        ]
        return min(told, key=lambda one: one.rank, default=None)


@dataclass(slots=True)
class HeldAlarm:
    """State of a location's alarm; `states` are all that were documented or observed.

    `said` are the last pushed states with the vendor's times.
    """

    state: str | None = None
    states: dict[str, None] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    pushed: float = NEVER
    said: tuple[tuple[str, float], ...] = ()

    def know(self, states: tuple[str, ...]) -> None:
        """Show these states, with their changes from 0."""
        for state in states:
            self.states.setdefault(state)
            self.changes.setdefault(state, 0)

    def push(self, state: str, updated: float | None, now: float) -> bool:
        """Take a pushed state at `now` (monotonic); return whether it is another than before.

        Pushes count in the order of their arrival, but one that is repeated undoes nothing.
        """
        if updated is not None:
            if (state, updated) in self.said:
                return False
            self.said = (*self.said, (state, updated))[-_SAID:]
        self.pushed = now
        return self.become(state)

    def become(self, state: str) -> bool:
        """Take the current state; return whether it is another one than before."""
        self.know((state,))
        changed = self.state is not None and state != self.state
        self.state = state
        if changed:
            self.changes[state] += 1
        return changed


@dataclass(slots=True)
class HeldLocation:
    """One location; `polled` is monotonic, the `_at` fields are wall time for people to read.

    `offset` turns monotonic time into the vendor's own: a machine with a wrong clock must not
    take fresh readings for old ones. A location `is_remembered` from before a restart until it is
    polled again. `generation` moves with each change that a restart should know of.
    """

    key: LocationKey
    account: str
    policy: Policy
    name: str = ""
    gateway_serial: str = ""
    suspended: bool | None = None
    expected_devices: int | None = None
    devices: dict[str, HeldDevice] = field(default_factory=dict)
    alarm: HeldAlarm = field(default_factory=HeldAlarm)
    polled: float = NEVER
    polled_at: float | None = None
    pushed_at: float | None = None
    offset: float = 0.0
    is_remembered: bool = False
    generation: int = 0
    stream_connected: bool | None = None
    next_poll_at: float | None = None
    turned_away: int = 0

    def alive_after(self, moment: Moment) -> float:
        """Return the vendor's time before which what a device says is no sign of life."""
        return moment.vendor - self.policy.device_stale_after

    def distrust(self) -> None:
        """Take that nobody knows when all of it was heard."""
        self.polled = self.alarm.pushed = NEVER
        for device in self.devices.values():
            device.contact = device.alive = NEVER

    def grow_older(self, seconds: float) -> None:
        """Take that all of it was heard so much longer ago than it seemed."""
        self.generation += 1
        self.polled -= seconds
        self.alarm.pushed -= seconds
        self.offset += seconds
        for device in self.devices.values():
            device.contact -= seconds
            device.alive -= seconds
