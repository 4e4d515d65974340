"""A leak reaches the phone by the shipped configuration, and is not lost with the data."""

from pathlib import Path

import pytest

from exporter.simulator import demo_world
from exporter.simulator.faults import Fault
from scripts.stack import missing
from tests.real.watched import Told, Watched, floods, watched
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")
LEAK = "HomeWaterLeak"


def hurried(config: str) -> str:
    """Let a leak calm down, and its end be told, in seconds; say where the runbooks are."""
    config = config.replace("[10m]", "[6s]").replace("group_interval: 15s", "group_interval: 1s")
    return config.replace("# external_labels", "external_labels")


async def test_a_leak_is_told_outlives_the_cloud_and_the_exporter_and_ends(tmp_path: Path) -> None:
    world = demo_world()
    async with watched(tmp_path, world, hurried, poll_interval="1s", stale_after="3s") as chain:
        simulator, phone, prometheus = chain.simulator, chain.phone, chain.prometheus
        home, flood = floods(world)[0]
        flat, house = world.places
        sink = flat.sensors[0]
        (drain,) = (sensor for sensor in house.sensors if sensor.data["suspended"])
        for wet in (True, False, True, False, True):  # it flaps, and is told once
            await chain.wet(home, flood, wet=wet)
        for sensor in (drain, sink):
            await simulator.publish(world.set_leak(sensor, wet=True, now=simulator.now()))
        told = await phone.until("firing", alertname=LEAK, device_id=flood.device_id)
        _is_told_well(told, home.name.strip(), flood.name)
        await phone.until("firing", alertname=LEAK, device_id=sink.device_id)

        await _lose_the_data(chain)
        both = f'count(ALERTS{{alertname="{LEAK}",alertstate="firing"}}) == 2'
        assert await prometheus.query(both)

        simulator.clear_faults()
        await simulator.publish(world.set_leak(sink, wet=False, now=simulator.now()))
        await chain.start_exporter()
        await eventually(lambda: simulator.homely.live_sockets(home.location_id) == 1)
        await chain.wet(home, flood, wet=False)
        for device_id in (flood.device_id, sink.device_id):
            await phone.until("resolved", alertname=LEAK, device_id=device_id)
            told_of = [one.status for one in phone.about(device_id=device_id)]
            assert told_of == ["firing", "resolved"]
        assert not phone.about(device_id=drain.device_id)
        assert len({one.labels["device_id"] for one in phone.about(alertname=LEAK)}) == 2


def _is_told_well(told: Told, *names: str) -> None:
    assert told.receiver == "critical"
    # No names: a device that is renamed must not end one alert and begin another.
    assert set(told.labels) == {"alertname", "severity", "vendor", "location_id", "device_id"}
    assert all(name in told.annotations["description"] for name in names)
    page = f"https://git.example.com/me/home-exporter/docs/runbooks/{LEAK}.md"
    assert told.annotations["runbook_url"] == page


async def _lose_the_data(chain: Watched) -> None:
    """Let the cloud fail until nothing of it is served, then end the exporter as well."""
    await chain.simulator.inject(Fault(kind="status", vendor="wally", status=504))
    await chain.prometheus.until('home_leak_detected{vendor="wally"}', empty=True)
    await chain.stop_exporter()
    # A leak that is not held is calm after six seconds without data.
    lost = "count_over_time(home_leak_detected[9s]) or count_over_time(home_events_total[9s])"
    await chain.prometheus.until(lost, empty=True)
