"""A real Prometheus scrapes the demo, in both formats, and its queries find what is there."""

import asyncio
import time

import aiohttp

from tests.real.asked import Prometheus
from tests.real.conftest import Demo
from tests.support.running import Page

_FORMATS = {"openmetrics", "plain"}


async def test_the_demo_serves_metrics_within_five_seconds(demo: Demo) -> None:
    assert time.monotonic() - demo.started < 5
    async with aiohttp.ClientSession() as http, http.get(f"{demo.url}/metrics") as answer:
        page = Page(await answer.text())
    assert page.all("home_up") == [1] * 5
    assert len(page.all("home_temperature_celsius")) > 10


async def test_prometheus_reads_both_formats_to_the_same_values(prometheus: Prometheus) -> None:
    up = await prometheus.until("count(up == 1) == 2")
    assert up
    for metric in ("home_up", "home_battery_low", "home_lock_locked", "home_device_info"):
        expression = f"sum by (job) ({metric}) and on(job) (count by (job) (home_up) == 5)"
        found: list[tuple[dict[str, str], float]] = []
        while len(found) < 2:
            found = await prometheus.until(expression)
        assert {labels["job"] for labels, _ in found} == _FORMATS
        assert len({value for _, value in found}) == 1, metric


async def test_joins_by_ids_and_state_sets_work_in_queries(prometheus: Prometheus) -> None:
    armed = await prometheus.until("sum by (job, location_id) (home_alarm_state) == 1")
    assert len(armed) >= 3
    joined = await prometheus.until(
        "home_temperature_celsius * on(job, vendor, device_id) group_left(model)"
        ' home_device_info{model="Flood Alarm"}'
    )
    assert all(labels["model"] == "Flood Alarm" for labels, _ in joined)
    types = await prometheus.until('{__name__=~"home_energy_.*"}')
    assert {labels["__name__"] for labels, _ in types} <= {
        "home_energy_imported_joules_total",
        "home_energy_exported_joules_total",
    }


async def test_the_leak_is_on_the_page_within_a_second_and_in_prometheus(
    demo: Demo, prometheus: Prometheus
) -> None:
    assert demo.process.stdout is not None
    line = ""
    while "Water reaches the Homely flood alarm" not in line or line.startswith(" "):
        line = (await asyncio.wait_for(demo.process.stdout.readline(), 30)).decode()
    told = time.monotonic()
    async with aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"{demo.url}/metrics") as answer:
                page = Page(await answer.text())
            if 1 in page.all("home_leak_detected", vendor="homely"):
                break
            assert time.monotonic() - told < 1, "the leak is not on the page"
    found = await prometheus.until('home_leak_detected{vendor="homely"} == 1')
    assert found[0][0]["device"] == "Under the sink"
    events = await prometheus.until('home_events_total{event="leak",vendor="homely"} == 1')
    assert events
