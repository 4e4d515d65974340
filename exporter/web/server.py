"""The HTTP server: routes, and one listening address."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from exporter.address import parse_address
from exporter.errors import StartError
from exporter.logs import Log
from exporter.web.callbacks import BODY_LIMIT

_KEEPALIVE = 10.0
_SHUTDOWN = 2.0

_LOG = Log("web")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Routes:
    """Who answers what."""

    pages: Sequence[web.RouteDef]
    metrics: Handler
    callbacks: Handler
    reload: Handler
    is_ready: Callable[[], bool]


class Server:
    """Serves the routes on one address."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._runner: web.AppRunner | None = None

    async def start(self, address: str) -> None:
        """Listen; raises StartError where the address cannot be had."""
        host, port = parse_address(address)
        self._runner = web.AppRunner(
            self._application(),
            access_log=None,
            handle_signals=False,
            keepalive_timeout=_KEEPALIVE,
            shutdown_timeout=_SHUTDOWN,
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "the address cannot be used"
            raise StartError(f"cannot listen on {address}: {reason}") from None

    @property
    def port(self) -> int:
        """The port that is listened on, also where 0 was asked for."""
        assert self._runner is not None  # noqa: S101  # started
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close the server and its connections."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_LIMIT, middlewares=[_guarded])
        application.on_response_prepare.append(_anonymous)
        application.router.add_routes(self._routes.pages)
        application.router.add_get("/metrics", self._routes.metrics)
        application.router.add_get("/-/healthy", self._healthy)
        application.router.add_get("/-/ready", self._ready)
        application.router.add_post("/-/reload", self._routes.reload)
        application.router.add_put("/-/reload", self._routes.reload)
        application.router.add_post("/callbacks/{vendor}/{secret:.+}", self._routes.callbacks)
        return application

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.Response(text="home-exporter is healthy.\n")

    async def _ready(self, _: web.Request) -> web.Response:
        if self._routes.is_ready():
            return web.Response(text="home-exporter is ready.\n")
        text = "home-exporter is starting: not every account has been tried yet.\n"
        return web.Response(status=503, text=text)


async def _anonymous(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "home-exporter"
    response.headers["X-Content-Type-Options"] = "nosniff"


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 500 for a bug of ours, and log where it is but not what was asked."""
    try:
        return await handler(request)
    except (web.HTTPException, asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001  # aiohttp would log the request
        _LOG.bug("a request could not be answered", error)
        return web.Response(status=500, text="home-exporter failed; its log says where.\n")
