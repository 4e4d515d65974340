"""A leak reaches the phone by the shipped configuration, and is not lost with the data."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from exporter.simulator import demo_world
from exporter.simulator.faults import Fault
from scripts.stack import missing
from tests.real.watched import PATIENCE, Told, Watched, floods, watched

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")
LEAK = "HomeWaterLeak"


def hurried(rules: str) -> str:
    """Let a leak calm down in seconds; all else of the rules is as shipped."""
    return rules.replace("[10m]", "[10s]")


async def until_query(chain: Watched, expression: str, *, empty: bool = False) -> None:
    """Query Prometheus until something, or nothing any more, comes back."""
    url = f"http://127.0.0.1:{chain.ports.prometheus}/api/v1/query"
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as http:
        while True:
            async with http.get(url, params={"query": expression}) as answer:
                document = await answer.json()
            if bool(document["data"]["result"]) is not empty:
                return
            await asyncio.sleep(0.2)


async def test_a_leak_is_told_outlives_the_cloud_and_the_exporter_and_ends(tmp_path: Path) -> None:
    world = demo_world()
    async with watched(tmp_path, world, hurried, poll_interval="1s", stale_after="3s") as chain:
        simulator, phone = chain.simulator, chain.phone
        await until_query(chain, "count(home:leak_detected:held) >= 5")
        home, flood = floods(world)[0]
        flat, house = world.places
        sink = flat.sensors[0]
        (drain,) = (sensor for sensor in house.sensors if sensor.data["suspended"])
        await chain.wet(home, flood, wet=True)
        for sensor in (drain, sink):
            await simulator.publish(world.set_leak(sensor, wet=True, now=simulator.now()))
        told = await phone.until("firing", alertname=LEAK, device_id=flood.device_id)
        _is_told_well(told, home.name.strip(), flood.name)
        await phone.until("firing", alertname=LEAK, device_id=sink.device_id)

        await _lose_the_data(chain)
        await until_query(chain, f'count(ALERTS{{alertname="{LEAK}",alertstate="firing"}}) == 2')
        assert "resolved" not in {one.status for one in phone.about(alertname=LEAK)}

        simulator.clear_faults()
        await simulator.publish(world.set_leak(sink, wet=False, now=simulator.now()))
        await chain.start_exporter()
        await until_query(chain, "home_exporter_stream_connected == 1")
        await chain.wet(home, flood, wet=False)
        for device_id in (flood.device_id, sink.device_id):
            await phone.until("resolved", alertname=LEAK, device_id=device_id)
        assert not phone.about(device_id=drain.device_id)
        assert len({one.labels["device_id"] for one in phone.about(alertname=LEAK)}) == 2


def _is_told_well(told: Told, *names: str) -> None:
    assert told.receiver == "critical"
    # No names: a device that is renamed must not end one alert and begin another.
    assert set(told.labels) == {"alertname", "severity", "vendor", "location_id", "device_id"}
    assert all(name in told.annotations["description"] for name in names)


async def _lose_the_data(chain: Watched) -> None:
    """Let the cloud fail until nothing of it is served, then end the exporter as well."""
    await chain.simulator.inject(Fault(kind="status", vendor="wally", status=504))
    await until_query(chain, 'home_leak_detected{vendor="wally"}', empty=True)
    await chain.stop_exporter()
    await until_query(chain, "home_leak_detected or home_leak_alarmed", empty=True)
    # A leak that is not held is calm, and its end told, sooner than this.
    await asyncio.sleep(30)
