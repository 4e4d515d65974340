"""Metrics of prometheus_client that notice their changes, so that their lines are written then."""

from collections.abc import Callable
from typing import Any

_CHANGES = ("labels", "inc", "dec", "set", "observe", "info", "remove", "clear")


class Watched:
    """A new `metric` of a kind of prometheus_client; `generation` moves with each change of it.

    Of one that `is_live` the values move by themselves, and nothing tells of it.
    """

    def __init__(
        self, kind: type[Any], *arguments: Any, is_live: bool = False, **options: Any
    ) -> None:
        self.is_live = is_live
        self.generation = 0
        told = {
            name: self._telling(getattr(kind, name)) for name in _CHANGES if hasattr(kind, name)
        }
        # A class for each metric: what `labels` returns is of it as well, and so is told of too.
        watched = kind if is_live else type(kind.__name__, (kind,), told)
        self.metric = watched(*arguments, **options)

    def _telling(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def told(*arguments: Any, **options: Any) -> Any:
            self.generation += 1
            return method(*arguments, **options)

        return told
