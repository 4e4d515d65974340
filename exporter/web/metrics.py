"""GET /metrics: what is held, as text; a scrape never calls a cloud."""

import asyncio
import time
import zlib
from concurrent.futures import Executor

from aiohttp import web
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics_exposition

from exporter.exposition import Exposition
from exporter.telemetry import Telemetry
from exporter.web.negotiation import (
    OPENMETRICS_TYPE,
    PLAIN_TYPE,
    accepts_gzip,
    wants_openmetrics,
)

_GZIP_LEVEL = 1
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
#: A larger page is compressed in a thread: the loop must stay free for events.
_LARGE = 128 * 1024


class MetricsHandler:
    """Serves the page; the homes' part is joined again only when it has changed."""

    def __init__(self, exposition: Exposition, telemetry: Telemetry, pool: Executor) -> None:
        self._exposition = exposition
        self._telemetry = telemetry
        self._pool = pool
        self._kept: dict[bool, tuple[int, bytes]] = {}
        # One after the other: a crowd that scrapes must not hold up what else the loop does.
        self._turn = asyncio.Lock()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a scrape."""
        async with self._turn:
            return await self._answer(request)

    async def _answer(self, request: web.Request) -> web.Response:
        began = time.perf_counter()
        openmetrics = wants_openmetrics(request.headers.get("Accept", ""))
        page = self._homes(openmetrics=openmetrics) + self._own(openmetrics=openmetrics)
        headers = {"Content-Type": OPENMETRICS_TYPE if openmetrics else PLAIN_TYPE}
        headers["Vary"] = "Accept, Accept-Encoding"
        if accepts_gzip(request.headers.get("Accept-Encoding", "")):
            headers["Content-Encoding"] = "gzip"
            page = await self._compressed(page)
        self._telemetry.render_duration.observe(time.perf_counter() - began)
        return web.Response(body=page, headers=headers)

    def _homes(self, *, openmetrics: bool) -> bytes:
        generation = self._exposition.generation
        kept = self._kept.get(openmetrics)
        if kept is None or kept[0] != generation:
            kept = (generation, self._exposition.render(openmetrics=openmetrics))
            self._kept[openmetrics] = kept
        return kept[1]

    def _own(self, *, openmetrics: bool) -> bytes:
        """Return the own metrics, which prometheus_client renders, and the end of the page."""
        self._telemetry.series.set(self._exposition.series)
        if openmetrics:
            rendered: bytes = openmetrics_exposition.generate_latest(self._telemetry.registry)  # type: ignore[no-untyped-call]  # unannotated upstream
            return rendered
        return generate_latest(self._telemetry.registry)

    async def _compressed(self, page: bytes) -> bytes:
        if len(page) < _LARGE:
            return _gzip(page)
        return await asyncio.get_running_loop().run_in_executor(self._pool, _gzip, page)


def _gzip(page: bytes) -> bytes:
    compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return compressor.compress(page) + compressor.flush()
