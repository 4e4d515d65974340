"""A crowd that scrapes at the same moment costs one page, and nobody is given an older one."""

import asyncio
import threading
import tracemalloc
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
from tests.exposition.conftest import Serve
from tests.mapping.payloads import device, state
from tests.store.bench import HomelyBench

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


async def test_connections_at_rest_hold_no_page(serve: Serve) -> None:
    bench = HomelyBench()
    states = {f"sauna.s{number}": state(number) for number in range(40)}
    bench.poll(*(device(states, id=f"dev-{number}") for number in range(20)))
    client = await serve(bench.page, Telemetry(Exposition()))
    size = len(bench.page.render(openmetrics=False))
    writers: list[asyncio.StreamWriter] = []

    async def scrape() -> None:
        # Another page for each, as where something happens between two scrapes.
        bench.page.put(BASE[:2], BASE, [Sample(UP, (), float(len(writers)))])
        reader, writer = await asyncio.open_connection("127.0.0.1", int(client.port or 0))
        writers.append(writer)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.splitlines() if line.startswith(b"Content-Length"))
        await reader.readexactly(int(length.split()[1]))

    await scrape()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(30):
            await scrape()
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    for writer in writers:
        writer.close()
    assert held < 10 * size
