"""A crowd that scrapes at the same moment costs one page, and nobody is given an older one."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from exporter.catalog.readings import UP
from exporter.exposition import Exposition
from exporter.series import Sample
from exporter.telemetry import Telemetry
from exporter.web import kept
from exporter.web.metrics import MetricsHandler

RENDERED = "home_exporter_render_duration_seconds_count"
BASE = ("homely", "home-1", "Hytta")


def body_of(answer: web.Response) -> bytes:
    assert isinstance(answer.body, bytes)
    return answer.body


async def test_those_who_ask_at_once_share_a_page_of_their_form() -> None:
    exposition = Exposition()
    telemetry = Telemetry(exposition)
    with ThreadPoolExecutor(1) as pool:
        handler = MetricsHandler(exposition, telemetry, pool)
        plain = make_mocked_request("GET", "/metrics")
        gzip = make_mocked_request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
        answers = await asyncio.gather(*(handler.handle(one) for one in [plain, gzip] * 100))
        assert len({body_of(answer) for answer in answers}) == 2
        assert telemetry.registry.get_sample_value(RENDERED) == 2
        await handler.handle(plain)
        assert telemetry.registry.get_sample_value(RENDERED) == 3, "none is kept for later"
        assert not handler._shared, "nor held"


async def test_who_asks_while_a_page_is_made_is_given_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept, "_SMALL", -1)
    exposition, let_go = Exposition(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        handler = MetricsHandler(exposition, Telemetry(exposition), pool)
        request = make_mocked_request("GET", "/metrics")
        pool.submit(let_go.wait)
        first = asyncio.ensure_future(handler.handle(request))
        for _ in range(3):
            await asyncio.sleep(0)
        exposition.put(BASE[:2], BASE, [Sample(UP, (), 1.0)])
        second = asyncio.ensure_future(handler.handle(request))
        await asyncio.sleep(0)
        let_go.set()
        assert b"home_up{" not in body_of(await first)
        assert b"home_up{" in body_of(await second)
