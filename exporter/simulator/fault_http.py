"""How each fault looks on the wire of an HTTP answer."""

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import lru_cache

from aiohttp import web

from exporter.simulator.faults import Fault

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DATE_OFFSET: ContextVar[float] = ContextVar("date_offset", default=0.0)
_FOREVER = 3600.0
_DRIP_PAUSE = 0.02
_JSON = "application/json"
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_CHUNK = 1024 * 1024


async def serve(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request the way the fault says."""
    return await _WAYS[fault.kind](fault, request, handler)


async def _status(fault: Fault, _request: web.Request, _handler: Handler) -> web.StreamResponse:
    header = fault.retry_after_header
    headers = {} if header is None else {"Retry-After": header}
    if fault.html:
        page = _PAGE.format(f"{fault.status} cloud")
        return web.Response(
            status=fault.status, text=page, content_type="text/html", headers=headers
        )
    body: dict[str, object] = {"statusCode": fault.status, "message": "Simulated fault"}
    if fault.retry_after is not None:
        body["retryAfter"] = fault.retry_after
    return web.json_response(body, status=fault.status, headers=headers)


async def _hang_before(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await asyncio.sleep(fault.lasts(_FOREVER))
    return await handler(request)


async def _hang_body(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    body = await _body(request, handler)
    response = await _open(request, len(body))
    await response.write(body[: len(body) // 2])
    await asyncio.sleep(fault.lasts(_FOREVER))
    _close(request)
    return response


async def _slow_body(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    body = await _body(request, handler)
    response = await _open(request, len(body))
    turns = max(int(fault.lasts(_FOREVER) / _DRIP_PAUSE), 1)
    size = max(len(body) // turns, 1)
    pause = fault.lasts(_FOREVER) / (len(body) / size) if body else 0
    for start in range(0, len(body), size):
        await response.write(body[start : start + size])
        await asyncio.sleep(pause)
    return response


async def _truncated(_fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    body = await _body(request, handler)
    return web.Response(body=body[: len(body) // 2], content_type=_JSON)


async def _gzip_bomb(fault: Fault, _request: web.Request, _handler: Handler) -> web.StreamResponse:
    headers = {"Content-Encoding": "gzip"}
    return web.Response(body=_bomb(fault.size), content_type=_JSON, headers=headers)


async def _html(_fault: Fault, _request: web.Request, _handler: Handler) -> web.StreamResponse:
    return web.Response(text=_PAGE.format("Maintenance"), content_type="text/html")


async def _other_shape(_fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    due = json.loads(await _body(request, handler))
    return web.json_response({"message": "ok"} if isinstance(due, list) else [])


async def _empty(_fault: Fault, _request: web.Request, _handler: Handler) -> web.StreamResponse:
    return web.Response(body=b"", content_type=_JSON)


async def _disconnect(_fault: Fault, request: web.Request, _handler: Handler) -> web.StreamResponse:
    _close(request)
    return web.Response()


async def _redirect(fault: Fault, _request: web.Request, _handler: Handler) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": fault.url})


async def _wrong_date(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    DATE_OFFSET.set(fault.offset)
    return await handler(request)


_WAYS = {
    "status": _status,
    "refuse": _status,
    "hang_before": _hang_before,
    "hang_body": _hang_body,
    "slow_body": _slow_body,
    "truncated_json": _truncated,
    "gzip_bomb": _gzip_bomb,
    "html_200": _html,
    "object_for_list": _other_shape,
    "empty_body": _empty,
    "disconnect": _disconnect,
    "redirect": _redirect,
    "wrong_date": _wrong_date,
}


async def _body(request: web.Request, handler: Handler) -> bytes:
    response = await handler(request)
    body = response.body if isinstance(response, web.Response) else None
    return bytes(body) if isinstance(body, bytes | bytearray) else b""


async def _open(request: web.Request, length: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": _JSON, "Content-Length": str(length)})
    await response.prepare(request)
    return response


def _close(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


@lru_cache(maxsize=4)
def _bomb(size: int) -> bytes:
    """Return gzip data that unpacks to `size` blanks inside a JSON list."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    parts = [packer.compress(b"[")]
    parts += [packer.compress(b" " * _CHUNK) for _ in range(size // _CHUNK)]
    return b"".join((*parts, packer.compress(b"]"), packer.flush()))
