"""The exporter's own part says what prometheus_client's renderer says of the same registry."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics_exposition

from exporter.exposition import Exposition
from exporter.watched import Watched
from exporter.web.own import OwnPart
from tests.exposition.pages import parse
from tests.exposition.states import NASTY, VALUES
from tests.exposition.test_whole_page import busy
from tests.mapping.mutations import MODEST


def reference(registry: CollectorRegistry, *, openmetrics: bool) -> str:
    if openmetrics:
        page: bytes = openmetrics_exposition.generate_latest(registry)  # type: ignore[no-untyped-call]  # unannotated upstream
        return page.decode()
    return generate_latest(registry).decode()


def assert_same(registry: CollectorRegistry, own: OwnPart) -> None:
    for openmetrics in (False, True):
        ours = own.render(openmetrics=openmetrics).decode()
        theirs = reference(registry, openmetrics=openmetrics)
        assert parse(ours, openmetrics=openmetrics) == parse(theirs, openmetrics=openmetrics)


def test_the_telemetry_is_read_as_by_the_reference_after_each_change() -> None:
    telemetry = busy(Exposition())
    # What it says of the process moves while it is read.
    telemetry.registry.unregister(telemetry.registry._names_to_collectors["process_open_fds"])
    own = OwnPart(telemetry.watched[1:])
    unmapped: list[str] = []
    telemetry.unmapped_states.labels("wally").set_function(lambda: len(unmapped))
    changes: list[Callable[[], object]] = [
        lambda: None,
        telemetry.stream_connects.inc,
        lambda: telemetry.stream_disconnects.labels("refused"),
        lambda: telemetry.stream_disconnects.labels("refused").inc(),
        lambda: telemetry.count_event("device-state-changed", "applied"),
        lambda: telemetry.request_duration.labels("wally", "sensors").observe(0.2),
        lambda: telemetry.event_lag.observe(2),
        lambda: telemetry.locations_owned.set(7),
        lambda: telemetry.series_dropped.inc(3),
        lambda: unmapped.append("sauna.steam"),
    ]
    for change in changes:
        change()
        assert_same(telemetry.registry, own)


@MODEST
@given(st.lists(st.tuples(NASTY, NASTY), unique=True, max_size=4), st.data())
def test_any_labels_and_values_are_read_as_by_the_reference(
    labels: list[tuple[str, str]], data: st.DataObject
) -> None:
    registry = CollectorRegistry()
    options: dict[str, Any] = {"registry": registry}
    made = [
        Watched(Gauge, "a_seconds", "Help \\ \n.", ("x", "y"), unit="seconds", **options),
        Watched(Counter, "b", "Help.", ("x", "y"), **options),
        Watched(Histogram, "c", "Help.", ("x", "y"), buckets=(0.5, 1), **options),
        Watched(Info, "d", "Help.", **options),
    ]
    own = OwnPart(made)
    gauge, counter, histogram, info = (watched.metric for watched in made)
    info.info({"k": data.draw(NASTY)})
    for one in labels:
        gauge.labels(*one).set(data.draw(VALUES))
        counter.labels(*one).inc(abs(data.draw(VALUES)))
        assert_same(registry, own)
        histogram.labels(*one).observe(abs(data.draw(VALUES)))
    assert_same(registry, own)
    if labels:
        gauge.remove(*labels[0])
        assert_same(registry, own)


def test_what_stands_still_is_not_collected_again() -> None:
    telemetry = busy(Exposition())
    own = OwnPart(telemetry.watched)
    own.render(openmetrics=True)
    collected: list[object] = []

    def note(metric: object) -> tuple[()]:
        collected.append(metric)
        return ()

    type(telemetry.event_lag).collect = note
    own.render(openmetrics=True)
    assert not collected
    telemetry.event_lag.observe(1)
    own.render(openmetrics=True)
    assert collected == [telemetry.event_lag]
