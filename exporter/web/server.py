"""The HTTP server: routes, who is let in to them, and one listening address."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from exporter.logs import Log
from exporter.tasks import Tasks
from exporter.web.callbacks import BODY_LIMIT
from exporter.web.connection import PIPELINE_PAUSE, Connection
from exporter.web.listener import Listener
from exporter.web.passwords import Passwords, Verdict
from exporter.web.protection import Protection

_SHUTDOWN = 2.0
_FIRST_REFUSAL = 400
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

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
    """Serves the routes on one address, to those whom the protection lets in."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._protection = Protection()
        self._passwords = Passwords()
        self._tasks = Tasks()
        self._open: set[web.AbstractResource | None] = set()
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None

    async def start(self, address: str, protection: Protection) -> None:
        """Listen; raises StartError where the address cannot be had."""
        self._protection = protection
        self._runner = web.AppRunner(
            self._application(), handle_signals=False, shutdown_timeout=_SHUTDOWN
        )
        await self._runner.setup()
        assert self._runner.server is not None  # noqa: S101  # set up
        self._listener = Listener(self._runner.server, lambda: protection.config.tls)
        await self._listener.start(address)
        self._tasks.start(protection.watch(), "web-config")

    @property
    def port(self) -> int:
        """The port that is listened on, also where 0 was asked for."""
        assert self._listener is not None  # noqa: S101  # started
        return self._listener.port

    async def stop(self) -> None:
        """Close the server and its connections."""
        await self._tasks.stop()
        if self._listener is not None:
            await self._listener.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        self._passwords.close()
        self._protection.close()

    def _application(self) -> web.Application:
        middlewares = [_guarded, self._admitted]
        application = web.Application(client_max_size=BODY_LIMIT, middlewares=middlewares)
        application.on_response_prepare.append(_anonymous)
        application.router.add_routes(self._routes.pages)
        application.router.add_get("/metrics", self._routes.metrics)
        health = application.router.add_get("/-/healthy", self._healthy)
        application.router.add_get("/-/ready", self._ready)
        application.router.add_post("/-/reload", self._routes.reload)
        application.router.add_put("/-/reload", self._routes.reload)
        path = "/callbacks/{vendor}/{secret:.+}"
        callbacks = application.router.add_post(path, self._routes.callbacks)
        # By what a request was found to be for, not by its path, which has many spellings.
        self._open = {
            callbacks.resource,
            *([health.resource] if self._protection.open_health else []),
        }
        return application

    @web.middleware
    async def _admitted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Ask for a password where there are any; a callback has its own secret."""
        users = self._protection.config.users
        if not users or request.match_info.route.resource in self._open:
            return await handler(request)
        verdict = await self._passwords.check(users, request.headers.get("Authorization", ""))
        if verdict is Verdict.RIGHT:
            return await handler(request)
        # Returned, not raised: an exception is a cycle of memory for each that guesses.
        if verdict is Verdict.BUSY:
            text, headers = "too many passwords to check\n", {"Retry-After": "1"}
            return web.Response(status=503, text=text, headers=headers)
        challenge = {"WWW-Authenticate": 'Basic realm="home-exporter", charset="UTF-8"'}
        return web.Response(status=401, text="name and password, please\n", headers=challenge)

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.Response(text="home-exporter is healthy.\n")

    async def _ready(self, _: web.Request) -> web.Response:
        if self._routes.is_ready():
            return web.Response(text="home-exporter is ready.\n")
        text = "home-exporter is starting: not every account has been tried yet.\n"
        return web.Response(status=503, text=text)


async def _anonymous(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "home-exporter"
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 500 for a bug of ours, and log where it is but not what was asked."""
    assert isinstance(request.protocol, Connection)  # noqa: S101  # of the listener's making
    try:
        if request.protocol.is_pipelining:
            await asyncio.sleep(PIPELINE_PAUSE)
        with request.protocol.handling(request):
            response = await handler(request)
            request.protocol.is_known |= response.status < _FIRST_REFUSAL
            return response
    except (web.HTTPException, asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001  # aiohttp would log the request
        _LOG.bug("a request could not be answered", error)
        return web.Response(status=500, text="home-exporter failed; its log says where.\n")
