"""GET /metrics: what is held, as text; a scrape never calls a cloud."""

import asyncio
import time
import zlib
from concurrent.futures import Executor
from typing import NamedTuple

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


class _Form(NamedTuple):
    """What a client can read."""

    is_openmetrics: bool
    is_gzip: bool


class MetricsHandler:
    """Serves the page; the homes' part is joined again only when it has changed."""

    def __init__(self, exposition: Exposition, telemetry: Telemetry, pool: Executor) -> None:
        self._exposition = exposition
        self._telemetry = telemetry
        self._pool = pool
        self._kept: dict[bool, tuple[int, bytes]] = {}
        # One after the other: a crowd that scrapes must not hold up what else the loop does, nor
        # one of them that came last. So whoever asked before a page was begun is given that page.
        self._turn = asyncio.Lock()
        self._begun = self._asking = 0
        self._shared: dict[_Form, tuple[int, bytes]] = {}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a scrape."""
        form = _Form(
            wants_openmetrics(request.headers.get("Accept", "")),
            accepts_gzip(request.headers.get("Accept-Encoding", "")),
        )
        headers = {"Content-Type": OPENMETRICS_TYPE if form.is_openmetrics else PLAIN_TYPE}
        headers["Vary"] = "Accept, Accept-Encoding"
        if form.is_gzip:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=await self._page(form), headers=headers)

    async def _page(self, form: _Form) -> bytes:
        """Return a page that was begun after it was asked for."""
        asked = self._begun
        self._asking += 1
        try:
            async with self._turn:
                number, page = self._shared.get(form, (0, b""))
                if number <= asked:
                    # Those who ask at the same moment are heard first.
                    await asyncio.sleep(0)
                    self._begun = number = self._begun + 1
                    page = await self._rendered(form)
                    self._shared[form] = number, page
                return page
        finally:
            self._asking -= 1
            if not self._asking:
                self._shared.clear()

    async def _rendered(self, form: _Form) -> bytes:
        began = time.perf_counter()
        openmetrics = form.is_openmetrics
        page = self._homes(openmetrics=openmetrics) + self._own(openmetrics=openmetrics)
        if form.is_gzip:
            page = await self._compressed(page)
        self._telemetry.render_duration.observe(time.perf_counter() - began)
        return page

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
