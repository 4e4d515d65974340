"""POST /-/reload: the configuration is taken anew, where that is allowed over HTTP."""

from collections.abc import Awaitable, Callable

from aiohttp import web


class ReloadHandler:
    """Answers as Prometheus does: 200 when taken, 500 with the faults when not."""

    def __init__(self, reload: Callable[[], Awaitable[list[str]]], *, is_enabled: bool) -> None:
        self._reload = reload
        self._is_enabled = is_enabled

    async def handle(self, _: web.Request) -> web.Response:
        """Reload and tell what came of it; 403 where it is not enabled."""
        if not self._is_enabled:
            raise web.HTTPForbidden(text="Lifecycle API is not enabled.\n")
        faults = await self._reload()
        if faults:
            text = "".join(f"failed to reload config: {fault}\n" for fault in faults)
            return web.Response(status=500, text=text)
        return web.Response(text="home-exporter has reloaded its configuration.\n")
