"""Metrics of prometheus_client that notice their changes, so that their lines are written then."""

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import Metric
from prometheus_client.registry import Collector

_CHANGES = ("labels", "inc", "dec", "set", "observe", "info", "remove", "clear")


class Watched:
    """A collector, and how often it has changed; one that is not told of it is always new."""

    def __init__(self) -> None:
        self._collector: Collector | None = None
        self.generation: int | None = None

    @classmethod
    def make(cls, kind: type[Any], *arguments: Any, **options: Any) -> tuple["Watched", Any]:
        """Return a new metric of a kind of prometheus_client, watched."""
        watched = cls()
        watched.generation = 0
        told = {
            name: _telling(getattr(kind, name), watched._change)  # its own
            for name in _CHANGES
            if hasattr(kind, name)
        }
        # A class for each metric: what `labels` returns is of it as well, and so is told of too.
        made = type(kind.__name__, (kind,), told)(*arguments, **options)
        watched._collector = made  # its own
        return watched, made

    @classmethod
    def of(cls, collector: Collector) -> "Watched":
        """Return a collector whose values move by themselves."""
        watched = cls()
        watched._collector = collector  # its own
        return watched

    def collect(self) -> Iterable[Metric]:
        """Return the families as they are now."""
        return self._collector.collect() if self._collector else ()

    def _change(self) -> None:
        self.generation = (self.generation or 0) + 1


def _telling(method: Callable[..., Any], tell: Callable[[], None]) -> Callable[..., Any]:
    def told(*arguments: Any, **options: Any) -> Any:
        tell()
        return method(*arguments, **options)

    return told
