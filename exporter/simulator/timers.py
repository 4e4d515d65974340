"""When each moving state speaks next: a heap of timers on the world's own time."""

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from exporter.simulator.curves import Visits
from exporter.simulator.devices import Device, Spec


@dataclass(frozen=True, slots=True)
class Timer:
    """One moving state of one device."""

    owner_id: str
    device: Device
    spec: Spec
    phase: float

    def last(self, moment: float) -> float:
        """Return the time of the last report at or before `moment`."""
        if isinstance(self.spec.curve, Visits):
            return self.spec.curve.edges(moment)[0]
        period = self.spec.period
        return self.phase + math.floor((moment - self.phase) / period) * period

    def following(self, moment: float) -> float:
        """Return the time of the first report after `moment`."""
        if isinstance(self.spec.curve, Visits):
            return self.spec.curve.edges(moment)[1]
        return self.last(moment) + self.spec.period

    def slots(self, first: float, moment: float) -> Iterator[float]:
        """Return every report from `first` to `moment`."""
        slot = first
        while slot <= moment:
            yield slot
            slot += self.spec.period


@dataclass(slots=True)
class Agenda:
    """All timers in the order they are due."""

    _heap: list[tuple[float, int, Timer]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)

    def add(self, due: float, timer: Timer) -> None:
        """Plan a timer."""
        heapq.heappush(self._heap, (due, next(self._order), timer))

    def due(self, moment: float) -> Iterator[tuple[float, Timer]]:
        """Take the timers whose time has come."""
        while self._heap and self._heap[0][0] <= moment:
            due, _, timer = heapq.heappop(self._heap)
            yield due, timer
