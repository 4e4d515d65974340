"""The exporter's own part says what prometheus_client's renderer says of the same registry."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics_exposition
from prometheus_client.registry import Collector

from exporter.exposition import Exposition
from exporter.telemetry import Telemetry
from exporter.web.own import render_own
from tests.exposition.pages import parse
from tests.exposition.states import NASTY, VALUES
from tests.exposition.test_whole_page import busy
from tests.mapping.mutations import MODEST


def reference(registry: CollectorRegistry, *, openmetrics: bool) -> str:
    if openmetrics:
        page: bytes = openmetrics_exposition.generate_latest(registry)  # type: ignore[no-untyped-call]  # unannotated upstream
        return page.decode()
    return generate_latest(registry).decode()


def assert_same(registry: CollectorRegistry) -> None:
    for openmetrics in (False, True):
        ours = render_own(registry, openmetrics=openmetrics).decode()
        theirs = reference(registry, openmetrics=openmetrics)
        assert parse(ours, openmetrics=openmetrics) == parse(theirs, openmetrics=openmetrics)


def test_the_telemetry_is_read_as_by_the_reference() -> None:
    telemetry = busy(Exposition())
    telemetry.registry.unregister(_process_of(telemetry))  # its values move while they are read
    assert_same(telemetry.registry)


def _process_of(telemetry: Telemetry) -> Collector:
    return telemetry.registry._names_to_collectors["process_open_fds"]


@MODEST
@given(st.lists(st.tuples(NASTY, NASTY), unique=True, max_size=4), st.data())
def test_any_labels_and_values_are_read_as_by_the_reference(
    labels: list[tuple[str, str]], data: st.DataObject
) -> None:
    registry = CollectorRegistry()
    gauge = Gauge("a_seconds", "Help \\ \n.", ("x", "y"), unit="seconds", registry=registry)
    counter = Counter("b", "Help.", ("x", "y"), registry=registry)
    histogram = Histogram("c", "Help.", ("x", "y"), buckets=(0.5, 1), registry=registry)
    for one in labels:
        gauge.labels(*one).set(data.draw(VALUES))
        counter.labels(*one).inc(abs(data.draw(VALUES)))
        histogram.labels(*one).observe(abs(data.draw(VALUES)))
    Info("d", "Help.", registry=registry).info({"k": data.draw(NASTY)})
    assert_same(registry)
