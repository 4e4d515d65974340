"""GET /metrics: what is held, as text; a scrape never calls a cloud."""

import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor

from aiohttp import web

from exporter.exposition import Exposition
from exporter.telemetry import Telemetry
from exporter.web.kept import Kept
from exporter.web.negotiation import (
    OPENMETRICS_TYPE,
    PLAIN_TYPE,
    accepts_gzip,
    wants_openmetrics,
)
from exporter.web.own import render_own

#: A larger body is sent piece by piece, as fast as it is taken: it is never held twice.
_LARGE = 256 * 1024


class MetricsHandler:
    """Serves the page: the homes' part as it is kept, and the exporter's own made anew."""

    def __init__(self, exposition: Exposition, telemetry: Telemetry, pool: Executor) -> None:
        self._exposition = exposition
        self._telemetry = telemetry
        self._kept = Kept(exposition, pool)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a scrape."""
        began = time.perf_counter()
        openmetrics = wants_openmetrics(request.headers.get("Accept", ""))
        gzip = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        headers = {"Content-Type": OPENMETRICS_TYPE if openmetrics else PLAIN_TYPE}
        headers["Vary"] = "Accept, Accept-Encoding"
        if gzip:
            headers["Content-Encoding"] = "gzip"
        homes = await self._kept.get(openmetrics=openmetrics, gzip=gzip)
        self._telemetry.series.set(self._exposition.series)
        own = render_own(self._telemetry.registry, openmetrics=openmetrics)
        body = homes.with_end(own)
        self._telemetry.render_duration.observe(time.perf_counter() - began)
        size = sum(map(len, body))
        if size < _LARGE:
            return web.Response(body=b"".join(body), headers=headers)
        headers["Content-Length"] = str(size)
        return web.Response(body=_in_pieces(body), headers=headers)


async def _in_pieces(body: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in body:
        yield piece
