"""Corners of edges, leaks and polls in flight, each of which was wrong once."""

from typing import Any

import pytest

from exporter.catalog import OWN, Scope
from exporter.exposition import Exposition
from exporter.model import Applied
from exporter.telemetry import Telemetry
from exporter.web.own import OwnPart
from tests.exposition.pages import parse
from tests.mapping.looks import homely, readings
from tests.mapping.payloads import activity, device, sensor, state, trait
from tests.store.bench import HomelyBench, WallyBench
from tests.support.manual_clock import START

TAMPERS, LEAKS = 'home_events_total{event="tamper"}', 'home_events_total{event="leak"}'
UNLOCKS = 'home_events_total{event="unlock"}'
PARENT = "diagnostic.networklinkaddress"


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
    page = OwnPart(Telemetry(Exposition()).watched).render(openmetrics=True)
    units = {one.name: one.unit for one in parse(page.decode(), openmetrics=True).values()}
    for metric in OWN:
        if metric.scope is Scope.EXPORTER:
            assert units[metric.family] == metric.unit


def test_an_old_null_of_an_event_removes_nothing() -> None:
    bench = homely({"battery.voltage": state(2.9)})
    assert bench.change("battery.voltage", None, START - 1) is Applied.OUTDATED
    assert bench.served()["home_battery_volts"] == 2.9


def test_an_older_parent_does_not_take_the_place_of_a_newer_one() -> None:
    bench = homely({PARENT: state("new")})
    bench.change(PARENT, "old", START - 60)
    assert 'home_device_link_info{parent="new"}' in bench.served()


def test_a_poll_in_flight_does_not_undo_a_pushed_parent() -> None:
    bench = homely({PARENT: state("first")})
    began = bench.clock.monotonic()
    bench.clock.advance(1)
    bench.change(PARENT, "second", START + 1)
    bench.poll(device({PARENT: state("first")}), began=began)
    assert 'home_device_link_info{parent="second"}' in bench.served()


def test_alarm_wins_over_doorclosed_whichever_is_sent_first() -> None:
    both = {"alarm.alarm": state(False), "report.doorclosed": state(False)}
    for order in (list(both), list(reversed(both))):
        bench = homely({source: both[source] for source in order})
        assert readings(bench.served()) == {"home_contact_open": 0.0}


def test_a_text_does_not_hide_a_number_among_the_others() -> None:
    full = {f"sauna.s{n:02}": state(n) for n in range(50)}
    bench = homely({**full, "sauna.number": state(5), "sauna.text": state("evening")})
    assert bench.served()['home_device_state{feature="other",state="other"}'] == 5.0


@pytest.mark.parametrize("state_of", ["open", "resolved"])
def test_a_late_callback_of_a_leak_that_has_ended_is_no_second_one(state_of: str) -> None:
    bench = WallyBench()
    bench.poll(sensor({"LEAK": trait(0)}))
    bench.clock.advance(60)
    bench.poll(sensor({"LEAK": trait(15, bench.now - 5)}))
    created = bench.ago(2)
    for _ in range(10):
        bench.clock.advance(60)
        bench.poll(sensor({"LEAK": trait(15, bench.now - 5)}))
    bench.clock.advance(60)
    bench.poll(sensor({"LEAK": trait(0, bench.now - 5)}))
    bench.clock.advance(60)
    bench.callback(activity("alarm", state_of, created))
    assert bench.served()[LEAKS] == 1.0


def test_the_next_leak_counts_again_however_it_is_learnt() -> None:
    bench = WallyBench()
    bench.poll(sensor({"LEAK": trait(0)}))
    for _ in range(2):
        bench.clock.advance(60)
        bench.poll(sensor({"LEAK": trait(15, bench.now - 5)}))
        bench.clock.advance(60)
        bench.poll(sensor({"LEAK": trait(0, bench.now - 5)}))
    bench.clock.advance(60)
    bench.callback(activity("alarm", "open", bench.ago(1)))
    assert bench.served()[LEAKS] == 3.0


def test_water_that_comes_and_goes_within_the_delay_of_its_events_counts_each_time() -> None:
    bench = HomelyBench()
    bench.poll(device({"alarm.flood": state(False)}))
    bench.clock.advance(10)
    for number in range(6):
        bench.change("alarm.flood", number % 2 == 0, bench.now - 2 + number * 0.1)
    assert bench.served()[LEAKS] == 3.0


def test_a_callback_about_the_past_is_no_sign_of_life() -> None:
    bench = WallyBench()
    bench.poll(sensor({"TEMP": trait(21), "LEAK": trait(0)}, updated=None))
    created = bench.ago(5 * 86400)
    bench.clock.advance(3 * 3600)
    bench.poll(
        sensor(
            {"TEMP": trait(21, bench.now - 3 * 3600), "LEAK": trait(0, bench.now - 3 * 3600)},
            updated=None,
        )
    )
    bench.callback(activity("alarm", "acknowledged", created))
    assert "home_leak_detected" not in bench.served()
    bench.callback(activity("alarm", "open", bench.ago(1)))
    assert bench.served()["home_leak_alarmed"] == 1.0
