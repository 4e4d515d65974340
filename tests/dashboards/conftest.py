"""A real Prometheus with a past, which scrapes the demo."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.dashboards.history import Past
from tests.dashboards.read import Asked
from tests.real.conftest import Demo, demo, serving

__all__ = ["demo"]

HOURS = 7.0
_PATIENCE = 40.0
_LABELS = {"job": "home", "instance": "demo"}


class Prometheus:
    """A running Prometheus that answers as Grafana asks."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def ask(self, query: Asked) -> list[dict[str, Any]]:
        """Return the series of an answer that have a number in them."""
        now = time.time()
        if query.instant:
            return await self._get("query", query=query.promql, time=now)
        # Steps of 1d and 1h go back to whole days and hours, as Grafana lets them.
        step = {"1d": 86_400, "1h": 3600, "": 240}[query.step]
        end = now // step * step if query.step else now
        begin = end - max(6 * 3600, 8 * step)
        return await self._get("query_range", query=query.promql, start=begin, end=end, step=step)

    async def value(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an expression now."""
        return await self._get("query", query=expression, time=time.time())

    async def _get(self, path: str, **params: Any) -> list[dict[str, Any]]:
        async with self._http.get(f"{self._url}/api/v1/{path}", params=params) as answer:
            document: Any = await answer.json()
        assert document["status"] == "success", (params, document)
        found = document["data"]["result"]
        assert isinstance(found, list)
        return [one for one in found if _is_a_number(one)]


def _is_a_number(series: dict[str, Any]) -> bool:
    values = series.get("values") or [series["value"]]
    return any(value != "NaN" for _, value in values)


@pytest.fixture
async def prometheus(demo: Demo, tmp_path: Path) -> AsyncIterator[Prometheus]:
    """Start Debian's Prometheus with a past of some hours, on the demo."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("prometheus is not installed")
    past, data = tmp_path / "past.txt", tmp_path / "data"
    labels = ",".join(f'{name}="{value}"' for name, value in _LABELS.items())
    Past(time.time()).write(past, labels, HOURS)
    command = (promtool, "tsdb", "create-blocks-from", "openmetrics", "-q", str(past), str(data))
    done = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    assert await done.wait() == 0
    targets = [{"targets": [demo.url.removeprefix("http://")], "labels": {"instance": "demo"}}]
    jobs: list[dict[str, object]] = [{"job_name": "home", "static_configs": targets}]
    async with serving(jobs, tmp_path) as url, aiohttp.ClientSession() as http:
        made = Prometheus(url, http)
        await _until_scraped(made)
        yield made


async def _until_scraped(prometheus: Prometheus) -> None:
    """Wait until there is something to make a rate of: events, callbacks and scrapes."""
    wanted = (
        "count_over_time(home_exporter_build_info[1m]) > 5"
        " and on () increase(home_exporter_event_lag_seconds_count[1m]) > 0"
        " and on () increase(home_exporter_render_duration_seconds_count[1m]) > 0"
    )
    async with asyncio.timeout(_PATIENCE):
        while True:
            try:
                if await prometheus.value(wanted):
                    return
            except (aiohttp.ClientError, AssertionError):
                pass
            await asyncio.sleep(0.2)
