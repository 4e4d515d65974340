"""What a snapshot brings back, and what it must not."""

import json
from typing import Any

import pytest
from hypothesis import given

from exporter.errors import CloudError
from exporter.exposition import Exposition
from exporter.model import LocationRef
from exporter.sources.homely.mapping import map_home
from exporter.state.documents import LocationDocument
from exporter.state.snapshot import dump, restore
from exporter.store import Store
from tests.exposition.pages import homely_home, wally_place
from tests.mapping.full import full_home
from tests.mapping.mutations import MODEST, mutated
from tests.mapping.payloads import activity, device, sensor, state, trait
from tests.store.bench import Bench, HomelyBench, WallyBench

ENERGY = ("home_energy_imported_joules_total", "home_energy_exported_joules_total")
COUNTERS = ("home_events_total", "home_activities_total", "home_alarm_state_changes_total")


def reborn(bench: Bench, seconds: float = 0.0) -> None:
    """Let the bench's process end and another begin that knows only what is on disk."""
    location = bench.store.locations[bench.key]
    policy = location.policy
    text = dump(location, "account", bench.now, bench.clock.monotonic()).model_dump_json()
    bench.clock.advance(seconds)
    bench.page = Exposition()
    bench.store = Store(bench.clock, bench.page)
    document = LocationDocument.model_validate_json(text)
    wall, monotonic = bench.now, bench.clock.monotonic()
    bench.store.remember(restore(document, location.account, policy, wall, monotonic))


def lines(bench: Bench) -> set[str]:
    """Return the samples but for what a restart withholds or begins anew."""
    mine = ("home_exporter_", *ENERGY)
    return {
        line.rpartition(" ")[0] if line.startswith(COUNTERS) else line
        for line in bench.text().splitlines()
        if not line.startswith(("#", *mine))
    }


@pytest.mark.parametrize("make", [homely_home, wally_place])
def test_a_full_home_is_served_as_it_was(make: Any) -> None:
    bench = make()
    before = lines(bench)
    reborn(bench)
    assert lines(bench) == before
    counters = [line for line in bench.text().splitlines() if line.startswith(COUNTERS)]
    assert counters
    assert all(line.endswith(" 0.0") for line in counters)
    assert not any(name in bench.text() for name in ENERGY)


@MODEST
@given(mutated(full_home()))
def test_whatever_is_held_comes_back(payload: Any) -> None:
    bench = HomelyBench()
    try:
        bench.take(map_home(payload, bench.reader()))
    except CloudError:
        return
    before = lines(bench)
    reborn(bench)
    assert lines(bench) == before


def test_a_leak_that_a_callback_told_of_goes_on_and_ends() -> None:
    bench = WallyBench()
    bench.poll(sensor({"LEAK": trait(0)}))
    bench.clock.advance(30)
    created = bench.ago(0)
    bench.callback(activity("alarm", "open", created))
    reborn(bench, 20)
    assert bench.served()["home_leak_alarmed"] == 1.0
    bench.callback(activity("alarm", "open", created))
    bench.poll(sensor({"LEAK": trait(15, bench.now)}, alarmed=True))
    assert bench.served()["home_leak_detected"] == 1.0
    assert bench.served()['home_events_total{event="leak"}'] == 0.0, "it was counted before"
    bench.callback(activity("alarm", "resolved", created))
    assert bench.served()["home_leak_alarmed"] == 0.0


def test_an_activity_is_counted_by_one_process_alone() -> None:
    bench = WallyBench()
    bench.poll(sensor({}))
    listed = [activity("mold_risk", "open", bench.ago(5))]
    bench.poll(sensor({}, activities=listed))
    reborn(bench, 60)
    bench.poll(sensor({}, activities=listed))
    assert bench.served()['home_activities_total{activity="mold_risk"}'] == 0.0
    assert bench.served()['home_activities{activity="mold_risk",state="open"}'] == 1.0


def test_an_alarm_state_that_changed_meanwhile_is_counted() -> None:
    bench = HomelyBench()
    bench.poll(alarmState="DISARMED")
    reborn(bench, 60)
    bench.poll(alarmState="ARMED_AWAY")
    changes = bench.location()['home_alarm_state_changes_total{state="ARMED_AWAY"}']
    assert changes == 1.0


def test_the_name_of_a_place_and_its_silence_come_back() -> None:
    bench = WallyBench()
    bench.store.describe(bench.key, LocationRef(bench.key[1], "Cabin", suspended=True))
    reborn(bench)
    assert bench.location()["home_location_suspended"] == 1.0
    assert 'location="Cabin"' in bench.text()


def test_of_a_snapshot_from_the_future_nothing_is_served_but_what_is_new_is_known() -> None:
    bench = HomelyBench()
    bench.poll(device({"alarm.flood": state(value=False, at=bench.now - 60)}))
    location, monotonic = bench.store.locations[bench.key], bench.clock.monotonic()
    document = dump(location, "account", bench.now + 86_400, monotonic)
    bench = HomelyBench()
    bench.store.remove(bench.key)
    policy = location.policy
    bench.store.remember(restore(document, "account", policy, bench.now, monotonic))
    assert "home_leak_detected" not in bench.served()
    assert bench.location()["home_up"] == 0
    bench.poll(device({"alarm.flood": state(value=True, at=bench.now - 1)}))
    assert bench.served()['home_events_total{event="leak"}'] == 1


@pytest.mark.parametrize("skew", [-86_400.0, 86_400.0])
def test_what_is_held_never_looks_younger_than_it_is(skew: float) -> None:
    """The machine's clock was wrong by a day when it was written, and is right now."""
    bench = HomelyBench()
    bench.poll(device({"temperature.temperature": state(21, bench.now - 23 * 3600)}))
    location = bench.store.locations[bench.key]
    location.offset += skew
    reborn(bench, 2 * 3600)
    assert "home_temperature_celsius" not in bench.served()


def test_a_metric_that_another_version_knew_is_left_out() -> None:
    bench = homely_home()
    location, monotonic = bench.store.locations[bench.key], bench.clock.monotonic()
    raw = json.loads(dump(location, "account", bench.now, monotonic).model_dump_json())
    for one in raw["devices"]:
        one["readings"]["new.state"] = ["home_new_metric", 1.0, None, None, [], 0]
        one["edges"]["home_new_metric"] = [None, True]
    document = LocationDocument.model_validate_json(json.dumps(raw))
    restored = restore(document, "account", location.policy, bench.now, monotonic)
    assert len(restored.devices) == len(location.devices)
    assert all("new.state" not in device.readings for device in restored.devices.values())
