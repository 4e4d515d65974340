"""A served page of one full home, and of a home too large to be compressed on the loop."""

from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from exporter.exposition import Exposition
from exporter.telemetry import Telemetry
from exporter.web.metrics import MetricsHandler

Client = TestClient[web.Request, web.Application]
Serve = Callable[[Exposition, Telemetry], Awaitable[Client]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Return a function that serves a page at /metrics of a loopback server."""
    clients: list[Client] = []
    with ThreadPoolExecutor(1) as pool:

        async def start(page: Exposition, telemetry: Telemetry) -> Client:
            application = web.Application()
            application.router.add_get("/metrics", MetricsHandler(page, telemetry, pool).handle)
            client = TestClient(TestServer(application, host="127.0.0.1"), auto_decompress=False)
            await client.start_server()
            clients.append(client)
            return client

        yield start
        for client in clients:
            await client.close()
