"""The written part of the metrics page: each block of lines is written when it changes.

A block is what one owner (a device, a location, an account) has in one metric family, so that the
lines of a family stay together and a StateSet in one piece. A scrape only joins blocks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class _Family:
    """The blocks of one metric, by owner."""

    plain_header: bytes
    openmetrics_header: bytes
    blocks: dict[Owner, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Held:
    """What an owner has on the page: its shared labels, as written too, and samples by metric."""

    base: tuple[str, ...]
    shared: str
    samples: dict[Metric, list[Sample]] = field(default_factory=dict)


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
            group = grouped.get(sample.metric)
            if group is None:
                grouped[sample.metric] = [sample]
            else:
                group.append(sample)
        held = self._owners.get(owner)
        if held is None or held.base != base or not grouped:
            self.drop(owner)
        for metric, group in grouped.items():
            if held is None or held.base != base:
                shared = pairs(metric.label_names[: len(base)], base)
                held = self._owners[owner] = _Held(base, shared)
            if held.samples.get(metric) != group:
                self._set(owner, held, metric, group)
        if held is not None and len(held.samples) > len(grouped):
            for metric in held.samples.keys() - grouped.keys():
                self._set(owner, held, metric, [])

    def update(self, owner: Owner, metric: Metric, samples: list[Sample]) -> None:
        """Replace the samples that an owner has of one metric."""
        held = self._owners[owner]
        if held.samples.get(metric, []) != samples:
            self._set(owner, held, metric, samples)

    def drop(self, owner: Owner) -> None:
        """Forget the owner and all its lines."""
        held = self._owners.pop(owner, None)
        if held is not None:
            for metric in tuple(held.samples):
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

    def _set(self, owner: Owner, held: _Held, metric: Metric, samples: list[Sample]) -> None:
        before = held.samples.get(metric, [])
        if samples:
            held.samples[metric] = samples
            self._families[metric].blocks[owner] = _block(metric, held.shared, samples)
        else:
            del held.samples[metric]
            del self._families[metric].blocks[owner]
        self.series += len(samples) - len(before)
        self.generation += 1


def _block(metric: Metric, shared: str, samples: Iterable[Sample]) -> bytes:
    name, names = metric.name, metric.labels
    if not names:
        return "".join(f"{name}{{{shared}}} {one.value!r}\n" for one in samples).encode()
    return "".join(
        f"{name}{{{shared},{pairs(names, one.labels)}}} {one.value!r}\n" for one in samples
    ).encode()
