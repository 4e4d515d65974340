"""Counts of what began at one device: every edge that was learnt, once."""

from dataclasses import dataclass

from exporter.catalog import Metric


@dataclass(slots=True)
class _Seen:
    on: bool
    stamp: float | None
    previous: bool | None = None
    settled: float | None = None


class Edges:
    """The last known side of each bool that counts events, and the counts."""

    __slots__ = ("_seen", "counts")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._seen: dict[Metric, _Seen] = {}

    def preset(self, metric: Metric) -> None:
        """Show the metric's events from 0, as the device can have them."""
        for event in filter(None, (metric.rises, metric.falls)):
            self.counts.setdefault(event, 0)

    def see(self, metric: Metric, *, on: bool, stamp: float | None = None) -> bool:
        """Take the newest value; return whether it was an edge. The first one is the baseline."""
        seen = self._seen.get(metric)
        if seen is None:
            self._seen[metric] = _Seen(on, stamp)
            return False
        changed = on != seen.on
        if changed or stamp != seen.stamp:
            self._seen[metric] = _Seen(on, stamp, seen.on, seen.stamp)
        if changed:
            self._count(metric, on=on)
        return changed

    def late(self, metric: Metric, *, on: bool, stamp: float) -> None:
        """Take a value that arrived after a newer one: it may have come and gone in between."""
        seen = self._seen.get(metric)
        if seen is None or seen.settled is None or seen.previous != seen.on:
            return
        if on != seen.on and stamp > seen.settled:
            self._count(metric, on=on)
            self._count(metric, on=seen.on)
            seen.settled = seen.stamp

    def is_on(self, metric: Metric) -> bool:
        """Return whether the newest value is true."""
        seen = self._seen.get(metric)
        return seen is not None and seen.on

    def _count(self, metric: Metric, *, on: bool) -> None:
        event = metric.rises if on else metric.falls
        if event:
            self.counts[event] = self.counts.get(event, 0) + 1
