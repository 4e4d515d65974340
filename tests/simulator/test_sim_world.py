"""The world: it repeats with its seed, adds up, and moves as homes do."""

from itertools import pairwise
from typing import Any

import pytest

from exporter.simulator import DeviceChange, World, demo_world, fleet_world, small_world
from exporter.simulator.changes import AlarmChange, Change, alarm_event, device_event
from tests.support.manual_clock import START

DAY = 86_400


def history(world: World, seconds: int, step: int = 10) -> list[Change]:
    world.begin(START)
    found: list[Change] = []
    for elapsed in range(step, seconds + 1, step):
        found += world.advance(START + elapsed)
    return found


def entries(changes: list[Change], feature: str, state: str) -> list[tuple[float, Any]]:
    return [
        (entry.moment, entry.value)
        for change in changes
        if isinstance(change, DeviceChange)
        for entry in change.entries
        if (entry.feature, entry.state) == (feature, state)
    ]


def payloads(world: World) -> list[Any]:
    events = [
        device_event(world.home(change.location_id), change)
        for change in history(world, 3600)
        if isinstance(change, DeviceChange) and change.vendor == "homely"
    ]
    return [*events, *(home.payload() for home in world.homes)]


def test_same_seed_same_world() -> None:
    assert payloads(demo_world(7)) == payloads(demo_world(7))


def test_other_seed_other_world() -> None:
    assert payloads(demo_world(7)) != payloads(demo_world(8))


def test_steps_do_not_change_the_values() -> None:
    fine, coarse = demo_world(3), demo_world(3)
    history(fine, 7200, step=1)
    history(coarse, 7200, step=60)
    assert [home.payload() for home in fine.homes] == [home.payload() for home in coarse.homes]


def test_advance_with_no_time_gone_changes_nothing() -> None:
    world = demo_world()
    world.advance(START)
    assert world.advance(START) == []
    assert world.advance(START - DAY) == []


def test_energy_adds_up_with_demand() -> None:
    changes = history(small_world(), DAY // 2)
    demand = entries(changes, "metering", "demand")
    readings = entries(changes, "metering", "summationdelivered")
    assert len(readings) in (11, 12)
    for (begun, before), (ended, after) in pairwise(readings):
        spent = sum(
            watts * (end - start)
            for (start, watts), (end, _) in pairwise(demand)
            if begun <= start < ended
        )
        assert after - before == pytest.approx(spent / 3600, abs=1.01)
        assert ended - begun == pytest.approx(3600, abs=11)


def test_energy_adds_up_over_a_jump() -> None:
    stepped, jumped = small_world(), small_world()
    history(stepped, 6 * 3600)
    history(jumped, 6 * 3600, step=6 * 3600)
    meters = [world.homes[0].devices[3] for world in (stepped, jumped)]
    assert meters[0].read("metering", "demand") == meters[1].read("metering", "demand")
    readings = [meter.read("metering", "summationdelivered") for meter in meters]
    assert abs(readings[0] - readings[1]) <= 1


def test_temperatures_follow_the_day() -> None:
    values = [value for _, value in entries(history(small_world(), DAY, 60), "state", "TEMP")]
    assert 1 < max(values) - min(values) < 6


def test_bools_change_only_when_they_change() -> None:
    changes = history(demo_world(), DAY, 5)
    seen: dict[str, list[Any]] = {}
    for change in changes:
        if isinstance(change, DeviceChange):
            for entry in change.entries:
                if entry.state == "alarm":
                    seen.setdefault(change.device_id, []).append(entry.value)
    assert len(seen) >= 6
    for values in seen.values():
        assert all(a != b for a, b in pairwise(values))


def test_batteries_fall() -> None:
    world = fleet_world(1)
    world.begin(START)
    device = world.homes[0].devices[0]
    before = device.read("battery", "voltage")
    world.advance(START + 150 * DAY)
    assert device.read("battery", "voltage") != before
    assert 2 < device.read("battery", "voltage") < 3.3


def test_speed_compresses_the_day() -> None:
    world = small_world()
    world.speed = 60
    moved = entries(history(world, 300, 1), "temperature", "temperature")
    assert len(moved) > 100
    assert max(moment for moment, _ in moved) <= START + 300
    assert max(v for _, v in moved) - min(v for _, v in moved) > 0.5


def test_a_state_set_by_hand_is_held() -> None:
    world = small_world()
    world.begin(START)
    home = world.homes[0]
    sensor = home.devices[1]
    world.set_state(home, sensor, "temperature", "temperature", -4, now=START, hold=900)
    assert {v for _, v in _own(world, 800, sensor.device_id)} == {-4}
    assert _own(world, 2000, sensor.device_id)[-1][1] > 10


def _own(world: World, seconds: int, device_id: str) -> list[tuple[float, Any]]:
    mine = [
        change
        for change in world.advance(START + seconds)
        if isinstance(change, DeviceChange) and change.device_id == device_id
    ]
    return entries(list(mine), "temperature", "temperature")


def test_demand_set_by_hand_is_counted() -> None:
    world = small_world()
    world.begin(START)
    home = world.homes[0]
    plug = home.devices[3]
    before = plug.read("metering", "summationdelivered")
    world.set_state(home, plug, "metering", "demand", 36_000, now=START)
    world.advance(START + 7200)
    assert plug.read("metering", "summationdelivered") - before > 36_000


def test_header_fields_can_be_set() -> None:
    world = small_world()
    world.begin(START)
    home = world.homes[0]
    world.set_state(home, home.devices[0], "", "name", "Renamed", now=START)
    assert home.payload()["devices"][0]["name"] == "Renamed"


def test_leak_opens_and_resolves_an_activity() -> None:
    world = small_world()
    world.begin(START)
    sensor = world.places[0].sensors[0]
    world.set_leak(sensor, wet=True, now=START)
    assert sensor.data["alarmed"]
    assert sensor.data["state"]["LEAK"]["value"] == 15
    assert [a["state"] for a in sensor.data["activities"]] == ["open"]
    world.set_activity(sensor, "alarm", "acknowledged", START + 5)
    world.set_leak(sensor, wet=False, now=START + 10)
    assert [a["state"] for a in sensor.data["activities"]] == ["resolved"]
    world.advance(START + 200)
    assert sensor.data["activities"] == []


def test_drying_a_dry_sensor_reports_no_activity() -> None:
    world = small_world()
    world.begin(START)
    assert len(world.set_leak(world.places[0].sensors[0], wet=False, now=START)) == 1


def test_alarm_of_a_home_that_two_logins_share() -> None:
    world = demo_world()
    shared = world.logins[0].homes[0]
    world.logins[1].homes.append(shared)
    assert len(world.homes) == 3
    change = world.set_alarm(shared, "BREACHED", START)
    assert isinstance(change, AlarmChange)
    assert alarm_event(change, shared.form)["data"]["state"] == "BREACHED"


def test_an_unknown_home_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        demo_world().home("nowhere")


def test_fleet_has_the_size_asked_for_and_speaks_as_often() -> None:
    world = fleet_world(4, 3, 10, report_every=10)
    assert (len(world.logins), len(world.homes)) == (4, 12)
    assert {len(home.devices) for home in world.homes} == {10}
    assert len(entries(history(world, 100), "temperature", "temperature")) == 1200


@pytest.mark.parametrize("seed", range(5))
def test_values_stay_physical(seed: int) -> None:
    world = demo_world(seed)
    changes = history(world, DAY, 300)
    for feature, state, low, high in (
        ("temperature", "temperature", -10, 40),
        ("diagnostic", "networklinkstrength", 0, 100),
        ("metering", "demand", 0, 20_000),
        ("state", "RH", 5, 95),
    ):
        values = [value for _, value in entries(changes, feature, state)]
        assert low <= min(values)
        assert max(values) <= high
