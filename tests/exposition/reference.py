"""The reference: the same samples rendered by prometheus_client."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    StateSetMetricFamily,
    UnknownMetricFamily,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics_exposition
from prometheus_client.registry import Collector

from exporter.catalog import RENDERED, Kind
from exporter.catalog import Metric as CatalogMetric
from exporter.series import Owner, Sample

#: What a page holds: of each owner its shared label values and its samples.
State = Mapping[Owner, tuple[tuple[str, ...], list[Sample]]]


class Reference(Collector):
    """Gives the samples of a state to prometheus_client, family by family."""

    def __init__(self, state: State, *, openmetrics: bool) -> None:
        self._state = state
        self._openmetrics = openmetrics

    def collect(self) -> Iterator[Metric]:
        for metric in RENDERED:
            samples = [
                (dict(zip(metric.label_names, base + sample.labels, strict=True)), sample.value)
                for base, held in self._state.values()
                for sample in held
                if sample.metric is metric
            ]
            if samples:
                yield _family(metric, samples, openmetrics=self._openmetrics)


def _family(
    metric: CatalogMetric, samples: Iterable[tuple[dict[str, str], float]], *, openmetrics: bool
) -> Metric:
    names, text = metric.label_names, metric.documentation
    if metric.kind is Kind.INFO:
        info = InfoMetricFamily(metric.family, text, labels=())
        for labels, _ in samples:
            info.add_metric((), labels)
        return info
    if metric.kind is Kind.STATESET:
        shared = [name for name in names if name != metric.family]
        states = StateSetMetricFamily(metric.family, text, labels=shared)
        for labels, value in samples:
            which = {labels[metric.family]: bool(value)}
            states.add_metric([labels[name] for name in shared], which)
        return states
    if metric.is_homonym and openmetrics:
        unknown = UnknownMetricFamily(metric.name, text, labels=names)
        for labels, value in samples:
            unknown.add_metric([labels[name] for name in names], value)
        return unknown
    make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = make(metric.family, text, labels=names, unit=metric.unit)
    for labels, value in samples:
        family.add_metric([labels[name] for name in names], value)
    return family


def render(state: State, *, openmetrics: bool) -> str:
    """Return the page that prometheus_client makes of the state."""
    registry = CollectorRegistry()
    registry.register(Reference(state, openmetrics=openmetrics))
    if openmetrics:
        page: bytes = openmetrics_exposition.generate_latest(registry)  # type: ignore[no-untyped-call]  # unannotated upstream
        return page.decode()
    return generate_latest(registry).decode()
