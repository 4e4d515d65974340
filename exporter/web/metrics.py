"""GET /metrics: what is held, as text; a scrape never calls a cloud."""

import asyncio
import time
from concurrent.futures import Executor

from aiohttp import web

from exporter.exposition import Exposition
from exporter.telemetry import Telemetry
from exporter.web.kept import Form, Kept
from exporter.web.negotiation import (
    OPENMETRICS_TYPE,
    PLAIN_TYPE,
    accepts_gzip,
    wants_openmetrics,
)
from exporter.web.own import OwnPart
from exporter.web.sending import Pieces, Sending

#: A larger body is sent in chunks, as fast as it is taken: it is never held twice.
_LARGE = 256 * 1024


class _Page(web.Response):
    """Lets go of its body once that is sent: aiohttp holds an answer until the next request."""

    async def write_eof(self, data: bytes = b"") -> None:
        await super().write_eof(data)
        self.body = None


class MetricsHandler:
    """Serves the page: the homes' part and the exporter's own, each as it is kept."""

    def __init__(self, exposition: Exposition, telemetry: Telemetry, pool: Executor) -> None:
        self._exposition = exposition
        self._telemetry = telemetry
        self._kept = Kept(exposition, pool)
        self._own = OwnPart(telemetry.watched)
        self._sending = Sending()
        # One after the other: a crowd that scrapes must not hold up what else the loop does, nor
        # one of them that came last. So whoever asked before a page was begun is given that page.
        self._turn = asyncio.Lock()
        self._begun = self._asking = 0
        self._shared: dict[Form, tuple[int, Pieces]] = {}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a scrape."""
        form = Form(
            is_openmetrics=wants_openmetrics(request.headers.get("Accept", "")),
            is_gzip=accepts_gzip(request.headers.get("Accept-Encoding", "")),
        )
        headers = {"Content-Type": OPENMETRICS_TYPE if form.is_openmetrics else PLAIN_TYPE}
        headers["Vary"] = "Accept, Accept-Encoding"
        if form.is_gzip:
            headers["Content-Encoding"] = "gzip"
        page = await self._page(form)
        size = sum(map(len, page))
        if size < _LARGE:
            return _Page(body=b"".join(page), headers=headers)
        if request.transport is None:
            raise ConnectionResetError("nobody is there any more")
        headers["Content-Length"] = str(size)
        chunks = self._sending.chunks(page, request.transport)
        return web.Response(body=chunks, headers=headers)

    async def _page(self, form: Form) -> Pieces:
        """Return a page that was begun after it was asked for."""
        asked = self._begun
        self._asking += 1
        try:
            async with self._turn:
                number, page = self._shared.get(form, (0, ()))
                if number <= asked:
                    # Those who ask at the same moment are heard first.
                    await asyncio.sleep(0)
                    self._begun = number = self._begun + 1
                    page = await self._made(form)
                    self._shared[form] = number, page
                return page
        finally:
            self._asking -= 1
            if not self._asking:
                self._shared.clear()

    async def _made(self, form: Form) -> Pieces:
        began = time.perf_counter()
        homes = await self._kept.get(form)
        self._telemetry.series.set(self._exposition.series)
        page = homes.with_end(self._own.render(openmetrics=form.is_openmetrics))
        self._telemetry.render_duration.observe(time.perf_counter() - began)
        return page
