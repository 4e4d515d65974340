"""The exporter's own part of the page: what prometheus_client's registry holds, as text.

Its own renderer checks and escapes every name and label anew at each scrape; here a series is
written once, and only its value each time.
"""

from functools import lru_cache

from prometheus_client import CollectorRegistry, Metric

from exporter.text import header, pairs, plain_kind

_SUFFIXES = {"counter": "_total", "info": "_info"}


def render_own(registry: CollectorRegistry, *, openmetrics: bool) -> bytes:
    """Return the registry's lines, and the end of the page where the format has one."""
    parts = []
    for family in registry.collect():
        parts.append(_header(family, openmetrics=openmetrics))
        parts += [
            f"{_series(one.name, tuple(one.labels.items()))} {float(one.value)!r}\n"
            for one in family.samples
        ]
    if openmetrics:
        parts.append("# EOF\n")
    return "".join(parts).encode()


def _header(family: Metric, *, openmetrics: bool) -> str:
    if openmetrics:
        return header(family.name, family.type, family.documentation, unit=family.unit)
    name = family.name + _SUFFIXES.get(family.type, "")
    return header(name, plain_kind(family.type), family.documentation)


@lru_cache(maxsize=4096)
def _series(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    return f"{name}{{{pairs(*zip(*labels, strict=True))}}}" if labels else name
