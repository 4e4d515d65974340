"""What is published: samples, whose they are, and where they go."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from exporter.catalog import Metric

#: Whose samples they are: (vendor, location id), (vendor, location id, device id), or of an
#: account ("", vendor, name).
Owner: TypeAlias = tuple[str, ...]


class Sample(NamedTuple):
    """One sample: `labels` are the metric's own, beyond those of its scope."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


class Page(Protocol):
    """Where samples are published."""

    def put(self, owner: Owner, base: tuple[str, ...], samples: Sequence[Sample]) -> None:
        """Replace all samples of the owner; `base` are the label values they share."""
        ...

    def refresh(self, owner: Owner, metrics: Collection[Metric], samples: Iterable[Sample]) -> bool:
        """Replace what an owner has of these metrics; False where that is more or fewer series."""
        ...

    def drop(self, owner: Owner) -> None:
        """Forget the owner."""
        ...
