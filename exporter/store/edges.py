"""Counts of what began at one device: every edge that was learnt, once."""

from bisect import bisect_right

from exporter.catalog import Metric

_HISTORY = 16
_UNDATED = float("-inf")


class Edges:
    """The last values of each bool that counts events, in the order of their times."""

    __slots__ = ("_history", "counts")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._history: dict[Metric, list[tuple[float, bool]]] = {}

    def preset(self, metric: Metric) -> None:
        """Show the metric's events from 0, as the device can have them."""
        for event in filter(None, (metric.rises, metric.falls)):
            self.counts.setdefault(event, 0)

    def see(
        self, metric: Metric, *, on: bool, stamp: float | None = None, counts: bool = True
    ) -> bool:
        """Take a value at its time, also one that comes late; return whether something began.

        What a value adds is the difference that it makes between its neighbours in time, so
        nothing is counted twice. The first value is the baseline, and so is all before it.
        """
        history = self._history.setdefault(metric, [])
        moment = stamp if stamp is not None else history[-1][0] if history else _UNDATED
        # Of one time there may be two values; a repeat of either says nothing new.
        if (moment, on) in (history[-1:] if stamp is None else history):
            return False
        place = bisect_right(history, moment, key=lambda entry: entry[0])
        before = history[place - 1][1] if place else None
        after = history[place][1] if place < len(history) else None
        if place == 0 and history:
            return False
        history.insert(place, (moment, on))
        del history[:-_HISTORY]
        return before is not None and counts and self._count(metric, before, on, after)

    def last(self) -> dict[Metric, tuple[float | None, bool]]:
        """Return the newest value of each bool with its time, None for an undated one."""
        return {
            metric: (None if history[-1][0] == _UNDATED else history[-1][0], history[-1][1])
            for metric, history in self._history.items()
        }

    def assume(self, metric: Metric, *, on: bool) -> None:
        """Take a value to have been before the first one, if none is known."""
        if metric not in self._history:
            self.see(metric, on=on)

    def is_on(self, metric: Metric) -> bool:
        """Return whether the newest value is true."""
        history = self._history.get(metric)
        return history is not None and history[-1][1]

    def _count(self, metric: Metric, before: bool, on: bool, after: bool | None) -> bool:  # noqa: FBT001  # three values in a row
        began = False
        for event, begun in ((metric.rises, True), (metric.falls, False)):
            added = int(before is not begun and on is begun)
            if after is not None:
                added += int(on is not begun and after is begun)
                added -= int(before is not begun and after is begun)
            if event and added:
                self.counts[event] = self.counts.get(event, 0) + added
                began = began or begun
        return began
