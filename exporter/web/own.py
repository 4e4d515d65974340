"""The exporter's own part of the page: what prometheus_client's registry holds, as text.

Its own renderer collects, checks and escapes all of it anew at each scrape; here a metric is
written when it has changed.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from prometheus_client import Metric

from exporter.text import header, pairs, plain_kind
from exporter.watched import Watched

_SUFFIXES = {"counter": "_total", "info": "_info"}


class OwnPart:
    """Keeps the lines of each metric until it changes."""

    def __init__(self, watched: Sequence[Watched]) -> None:
        self._watched = watched
        self._kept: dict[tuple[Watched, bool], tuple[int, str]] = {}

    def render(self, *, openmetrics: bool) -> bytes:
        """Return all lines, and the end of the page where the format has one."""
        parts = [self._written(one, openmetrics=openmetrics) for one in self._watched]
        return "".join(parts + ["# EOF\n"] * openmetrics).encode()

    def _written(self, one: Watched, *, openmetrics: bool) -> str:
        kept = self._kept.get((one, openmetrics))
        if kept is None or kept[0] != one.generation or one.is_live:
            text = write(one.metric.collect(), openmetrics=openmetrics)
            kept = self._kept[one, openmetrics] = one.generation, text
        return kept[1]


def write(families: Iterable[Metric], *, openmetrics: bool) -> str:
    """Return the lines of families as prometheus_client collects them."""
    parts = []
    for family in families:
        described = (family.name, family.type, family.documentation, family.unit)
        parts.append(_header(*described, openmetrics=openmetrics))
        parts += [
            f"{_series(one.name, tuple(one.labels.items()))} {float(one.value)!r}\n"
            for one in family.samples
        ]
    return "".join(parts)


@lru_cache(maxsize=256)
def _header(name: str, kind: str, text: str, unit: str, *, openmetrics: bool) -> str:
    if openmetrics:
        return header(name, kind, text, unit=unit)
    return header(name + _SUFFIXES.get(kind, ""), plain_kind(kind), text)


@lru_cache(maxsize=4096)
def _series(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    return f"{name}{{{pairs(*zip(*labels, strict=True))}}}" if labels else name
