"""The written part of the metrics page: each block of lines is written when it changes.

A block is what one owner (a device, a location, an account) has in one metric family, so that the
lines of a family stay together and a StateSet in one piece. A scrape only joins blocks.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from exporter.catalog import RENDERED, Metric
from exporter.series import Owner, Sample
from exporter.text import header, pairs, plain_kind


def _header(metric: Metric, *, openmetrics: bool) -> bytes:
    text = metric.documentation
    if not openmetrics:
        return header(metric.name, plain_kind(metric.kind), text).encode()
    if metric.is_homonym:
        return header(metric.name, "unknown", text, unit=metric.unit).encode()
    return header(metric.family, metric.kind, text, unit=metric.unit).encode()


#: What an owner has in one family: own labels and value in turn, or the one value of a metric
#: without own labels, which most are. Kept as samples they would be a fifth of all memory.
_Group: TypeAlias = list[Any] | float


@dataclass(slots=True)
class _Family:
    """The blocks of one metric, by owner."""

    plain_header: bytes
    openmetrics_header: bytes
    blocks: dict[Owner, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Held:
    """What an owner has on the page: its shared labels, as written too, and groups by metric."""

    base: tuple[str, ...]
    shared: str
    groups: dict[Metric, _Group] = field(default_factory=dict)


class Exposition:
    """Holds the written lines of every owner; `generation` moves with each change of them."""

    def __init__(self) -> None:
        self._families = {
            metric: _Family(_header(metric, openmetrics=False), _header(metric, openmetrics=True))
            for metric in RENDERED
        }
        self._owners: dict[Owner, _Held] = {}
        self.generation = 0
        self.series = 0

    def put(self, owner: Owner, base: tuple[str, ...], samples: Sequence[Sample]) -> None:
        """Replace all samples of the owner; only families whose samples differ are written."""
        grouped = _grouped(samples)
        held = self._owners.get(owner)
        if held is None or held.base != base or not grouped:
            self.drop(owner)
        for metric, group in grouped.items():
            if held is None or held.base != base:
                shared = pairs(metric.label_names[: len(base)], base)
                held = self._owners[owner] = _Held(base, shared)
            if held.groups.get(metric) != group:
                self._set(owner, held, metric, group)
        if held is not None and len(held.groups) > len(grouped):
            for metric in held.groups.keys() - grouped.keys():
                self._set(owner, held, metric, [])

    def refresh(self, owner: Owner, metrics: Collection[Metric], samples: Iterable[Sample]) -> bool:
        """Replace what an owner has of these metrics; of other metrics nothing changes.

        Returns False, having changed nothing, where the owner has more or fewer series of them.
        """
        held = self._owners.get(owner)
        grouped = _grouped(samples)
        if held is None or any(
            _size(held.groups.get(metric, [])) != _size(grouped.get(metric, []))
            for metric in metrics
        ):
            return False
        for metric, group in grouped.items():
            if held.groups[metric] != group:
                self._set(owner, held, metric, group)
        return True

    def drop(self, owner: Owner) -> None:
        """Forget the owner and all its lines."""
        held = self._owners.pop(owner, None)
        if held is not None:
            for metric in tuple(held.groups):
                self._set(owner, held, metric, [])

    def families(self, *, openmetrics: bool) -> list[list[bytes]]:
        """Return each family's metadata and blocks, as they are now, in the catalogue's order."""
        return [
            [
                family.openmetrics_header if openmetrics else family.plain_header,
                *family.blocks.values(),
            ]
            for family in self._families.values()
            if family.blocks
        ]

    def render(self, *, openmetrics: bool) -> bytes:
        """Return the whole of it as one text, without the end that OpenMetrics asks for."""
        return b"".join(map(b"".join, self.families(openmetrics=openmetrics)))

    def _set(self, owner: Owner, held: _Held, metric: Metric, group: _Group) -> None:
        before = held.groups.get(metric, [])
        if group == []:
            del held.groups[metric]
            del self._families[metric].blocks[owner]
        else:
            held.groups[metric] = group
            self._families[metric].blocks[owner] = _block(metric, held.shared, group)
        self.series += _size(group) - _size(before)
        self.generation += 1


def _grouped(samples: Iterable[Sample]) -> dict[Metric, _Group]:
    grouped: dict[Metric, _Group] = {}
    for metric, labels, value in samples:
        group = grouped.get(metric)
        if isinstance(group, list):
            group += (labels, value)
        else:
            grouped[metric] = [labels, value] if metric.labels else value
    return grouped


@lru_cache(maxsize=4096)
def _own(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Return labels as text; all homes have the same few, such as {reading="temperature"}."""
    return pairs(names, values)


def _size(group: _Group) -> int:
    return len(group) // 2 if isinstance(group, list) else 1


def _block(metric: Metric, shared: str, group: _Group) -> bytes:
    name = metric.name
    if not isinstance(group, list):
        return f"{name}{{{shared}}} {group!r}\n".encode()
    return "".join(
        f"{name}{{{shared},{_own(metric.labels, labels)}}} {value!r}\n"
        for labels, value in zip(group[::2], group[1::2], strict=True)
    ).encode()
