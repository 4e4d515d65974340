"""Corners of edges, leaks and polls in flight, each of which was wrong once."""

from typing import Any

import pytest
from prometheus_client.openmetrics import exposition as openmetrics_exposition

from exporter.catalog import OWN, Scope
from exporter.telemetry import Telemetry
from tests.exposition.pages import parse
from tests.mapping.looks import homely
from tests.mapping.payloads import activity, device, sensor, state, trait
from tests.store.bench import HomelyBench, WallyBench
from tests.support.manual_clock import START

TAMPERS, LEAKS = 'home_events_total{event="tamper"}', 'home_events_total{event="leak"}'
UNLOCKS = 'home_events_total{event="unlock"}'


def test_a_null_is_not_an_unlocking() -> None:
    bench = HomelyBench()
    bench.poll(device({"lock.state": state(True)}))
    bench.poll(device({"lock.state": state(None, None)}))
    assert bench.served()[UNLOCKS] == 0.0


@pytest.mark.parametrize("gap", [state(None, None), {}, state("junk", START + 2)])
def test_a_null_or_a_bad_value_between_is_no_edge(gap: Any) -> None:
    bench = HomelyBench()
    polls = [state(False), state(True, START + 1), gap, state(True, START + 3)]
    for raw in polls:
        bench.poll(device({"alarm.tamper": raw}))
    assert bench.served()[TAMPERS] == 1.0


@pytest.mark.parametrize("gap", [16, None])
def test_a_level_that_is_not_believed_between_is_no_leak(gap: int | None) -> None:
    bench = WallyBench()
    for number, level in enumerate([0, 15, gap, 15]):
        bench.poll(sensor({"LEAK": trait(level, START + number)}))
    assert bench.served()[LEAKS] == 1.0


def test_a_leak_that_is_resolved_before_a_poll_shows_it_is_one_leak() -> None:
    bench = WallyBench()
    bench.poll(sensor({"LEAK": trait(0)}))
    bench.clock.advance(30)
    wet_at = bench.now
    bench.clock.advance(1)
    created = bench.ago(0)
    bench.callback(activity("alarm", "open", created))
    bench.clock.advance(20)
    bench.callback(activity("alarm", "resolved", created))
    bench.clock.advance(10)
    bench.poll(sensor({"LEAK": trait(15, wet_at)}))
    assert bench.served()[LEAKS] == 1.0


def test_a_dated_poll_in_flight_does_not_undo_an_undated_event() -> None:
    bench = homely({"alarm.tamper": state(False)})
    began = bench.clock.monotonic()
    bench.clock.advance(1)
    bench.change("alarm.tamper", True, None)
    bench.poll(device({"alarm.tamper": state(False)}), began=began)
    assert bench.served()["home_tamper_detected"] == 1.0


def test_own_metrics_have_their_unit_in_openmetrics() -> None:
    page: bytes = openmetrics_exposition.generate_latest(Telemetry().registry)  # type: ignore[no-untyped-call]  # unannotated upstream
    units = {one.name: one.unit for one in parse(page.decode(), openmetrics=True).values()}
    for metric in OWN:
        if metric.scope is Scope.EXPORTER:
            assert units[metric.family] == metric.unit
