"""The way into each cloud: every request is logged, meets its fault, and is dated."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import formatdate

from aiohttp import web

from exporter.clock import Clock
from exporter.simulator import fault_http
from exporter.simulator.calls import Call, CallLog
from exporter.simulator.fault_http import DATE_OFFSET, Handler
from exporter.simulator.faults import ANSWER_KINDS, REST_KINDS, FaultBook
from exporter.simulator.world import World

CALL: ContextVar[Call | None] = ContextVar("call", default=None)
_SWITCHING = 101
_BEARER = "Bearer"


@dataclass(slots=True)
class Shared:
    """What every part of the simulator works on."""

    clock: Clock
    world: World
    faults: FaultBook
    calls: CallLog


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request is about, for the log and for the faults."""

    endpoint: str
    account: str
    location: str


Reader = Callable[[web.Request], Awaitable[Visit | None]]


def bearer(text: str) -> str:
    """Return the token of `Bearer <token>`, with or without the blank."""
    return text.removeprefix(_BEARER).strip()


def gated_app(
    vendor: str, shared: Shared, read: Reader, not_found: Callable[[web.Request], web.Response]
) -> web.Application:
    """Return an application whose requests pass the gate."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        visit = await read(request)
        if visit is None:
            return await _plain(request, handler, not_found)
        connect = visit.endpoint == "connect"
        call = _logged(vendor, shared, visit)
        call.status = _SWITCHING if connect else 0
        CALL.set(call)
        DATE_OFFSET.set(0.0)
        kinds = ANSWER_KINDS if connect else REST_KINDS
        fault = shared.faults.take(vendor, visit.endpoint, visit.location, visit.account, kinds)
        if fault is None:
            response = await handler(request)
        else:
            response = await fault_http.serve(fault, request, handler)
        if not connect or fault is not None:
            call.status = response.status
        return response

    async def date(_request: web.Request, response: web.StreamResponse) -> None:
        now = shared.clock.wall() + DATE_OFFSET.get()
        response.headers["Date"] = formatdate(now, usegmt=True)

    app = web.Application(middlewares=[gate])
    app.on_response_prepare.append(date)
    return app


async def _plain(
    request: web.Request, handler: Handler, not_found: Callable[[web.Request], web.Response]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return not_found(request)


def _logged(vendor: str, shared: Shared, visit: Visit) -> Call:
    clock = shared.clock
    call = Call(
        clock.monotonic(), clock.wall(), vendor, visit.endpoint, visit.account, visit.location
    )
    return shared.calls.add(call)
