"""The homes' part of the metrics page: each block of lines is written when it changes.

A block is what one owner (a device or a location) has in one metric family, so that the lines of
a family stay together and a StateSet in one piece. A scrape only joins blocks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exporter.catalog import RENDERED, Kind, Metric
from exporter.store.samples import Sample
from exporter.store.store import Owner

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_HELP_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n"})


def _header(metric: Metric, *, openmetrics: bool) -> bytes:
    """Return the metadata lines of a family; only OpenMetrics knows units, info and stateset."""
    if openmetrics:
        name, kind = metric.family, metric.kind.value
        if metric.is_homonym:
            name, kind = metric.name, "unknown"
    else:
        name = metric.name
        kind = "counter" if metric.kind is Kind.COUNTER else "gauge"
    text = f"# HELP {name} {metric.documentation.translate(_HELP_ESCAPES)}\n# TYPE {name} {kind}\n"
    if openmetrics and metric.unit:
        text += f"# UNIT {name} {metric.unit}\n"
    return text.encode()


def _pairs(names: Sequence[str], values: Iterable[str]) -> str:
    return ",".join(
        f'{name}="{value.translate(_ESCAPES)}"' for name, value in zip(names, values, strict=True)
    )


@dataclass(slots=True)
class _Family:
    """The blocks of one metric, by owner."""

    plain_header: bytes
    openmetrics_header: bytes
    blocks: dict[Owner, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Held:
    """What an owner has on the page: its shared labels, and its samples by metric."""

    base: tuple[str, ...]
    samples: dict[Metric, list[Sample]]


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
        grouped: dict[Metric, list[Sample]] = {}
        for sample in samples:
            grouped.setdefault(sample.metric, []).append(sample)
        held = self._owners.get(owner)
        before = held.samples if held is not None and held.base == base else {}
        for metric, group in grouped.items():
            if before.get(metric) != group:
                self._families[metric].blocks[owner] = _block(metric, base, group)
                self.generation += 1
        if held is not None:
            self._forget(owner, held.samples.keys() - grouped.keys())
            self.series -= sum(map(len, held.samples.values()))
        self.series += len(samples)
        self._owners[owner] = _Held(base, grouped)

    def drop(self, owner: Owner) -> None:
        """Forget the owner and all its lines."""
        held = self._owners.pop(owner, None)
        if held is not None:
            self._forget(owner, held.samples.keys())
            self.series -= sum(map(len, held.samples.values()))

    def render(self, *, openmetrics: bool) -> bytes:
        """Return the page without its end: families in the catalogue's order, each in one piece."""
        parts: list[bytes] = []
        for family in self._families.values():
            if family.blocks:
                parts.append(family.openmetrics_header if openmetrics else family.plain_header)
                parts.extend(family.blocks.values())
        return b"".join(parts)

    def _forget(self, owner: Owner, metrics: Iterable[Metric]) -> None:
        for metric in metrics:
            del self._families[metric].blocks[owner]
            self.generation += 1


def _block(metric: Metric, base: tuple[str, ...], samples: Sequence[Sample]) -> bytes:
    shared = _pairs(metric.label_names[: len(base)], base)
    lines = []
    for sample in samples:
        own = _pairs(metric.labels, sample.labels)
        labels = f"{shared},{own}" if own else shared
        lines.append(f"{metric.name}{{{labels}}} {sample.value!r}\n")
    return "".join(lines).encode()
