"""Homely's Socket.IO side: one socket per location, events out, and what can befall a socket."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

import socketio
from aiohttp import web
from engineio.exceptions import SocketIsClosedError
from engineio.packet import MESSAGE, NOOP, Packet
from socketio.exceptions import (
    ConnectionRefusedError as Refused,
)

from exporter.simulator.faults import SOCKET_KINDS, Fault
from exporter.simulator.gate import CALL, Shared, bearer
from exporter.simulator.tokens import TokenOffice

TurnAway = Literal["drop", "refuse"]
_EVENT = "2"
_FAREWELL = 0.02
_GARBAGE: tuple[str | bytes, ...] = ('42["event",{"type":', "4{{{", b"\xff\x00\xfe", "zzz")


@dataclass(frozen=True, slots=True)
class _Live:
    """One open socket: its two identifiers, and the request it came by."""

    sid: str
    eio_sid: str
    location_id: str
    request: web.Request


@dataclass(slots=True)
class HomelySockets:
    """The Socket.IO server of the Homely cloud."""

    shared: Shared
    tokens: TokenOffice
    ping_interval: float = 25
    ping_timeout: float = 20
    turn_away: TurnAway = "drop"
    drop_delay: float = 0.05
    sio: Any = None
    _is_serving: bool = False
    _live: dict[str, dict[str, _Live]] = field(default_factory=dict)
    _by_sid: dict[str, _Live] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _holes: list[socket.socket] = field(default_factory=list)

    def attach(self, app: web.Application) -> None:
        """Serve Socket.IO at its usual path, from a fresh server."""
        self.sio = socketio.AsyncServer(
            async_mode="aiohttp",
            cors_allowed_origins=[],
            logger=False,
            engineio_logger=False,
            ping_interval=self.ping_interval,
            ping_timeout=self.ping_timeout,
        )
        self.sio.on("connect", self._connect)
        self.sio.on("disconnect", self._gone)
        self.sio.attach(app, socketio_path="socket.io")
        self._is_serving = True

    def count(self, location_id: str | None = None) -> int:
        """Count the live sockets of a location, or of all."""
        if location_id is None:
            return len(self._by_sid)
        return len(self._live.get(location_id, ()))

    def holds(self, connection: web.RequestHandler) -> bool:
        """Tell whether a connection carries a live socket."""
        return any(live.request.protocol is connection for live in self._by_sid.values())

    async def emit(self, location_id: str, payload: Any) -> int:
        """Send one `event` to every socket of a location; return how many there were."""
        live = self._live.get(location_id)
        if not live:
            return 0
        text = json.dumps(["event", payload], separators=(",", ":"), ensure_ascii=False)
        packet = Packet(MESSAGE, _EVENT + text)
        for eio_sid in list(live):
            await self._send(eio_sid, packet)
        return len(live)

    async def drop(self, location_id: str | None = None) -> int:
        """Close the sockets of a location, or all of them, as a restarting cloud does."""
        chosen = self._chosen(location_id)
        await asyncio.gather(*(self._close(live) for live in chosen))
        return len(chosen)

    async def afflict(self, fault: Fault) -> int:
        """Bring a fault upon the sockets that are open; return how many it hit."""
        chosen = self._chosen(fault.location_id)
        for live in chosen:
            await self._hit(fault, live)
        return len(chosen)

    async def stop(self) -> None:
        """Close every socket and end every task."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.drop()
        if self._is_serving:
            self._is_serving = False
            await self.sio.shutdown()
        for hole in self._holes:
            hole.close()
        self._holes.clear()

    def _chosen(self, location_id: str | None) -> list[_Live]:
        if location_id is not None:
            return list(self._live.get(location_id, {}).values())
        return list(self._by_sid.values())

    async def _connect(self, sid: str, environ: dict[str, Any], _auth: Any = None) -> None:
        request: web.Request = environ["aiohttp.request"]
        location, token = request.query.get("locationId", ""), _token(request)
        fault = self.shared.faults.take(
            "homely", "connect", location, self.tokens.owner(token), SOCKET_KINDS
        )
        if fault is not None and fault.kind == "invalid_jwt":
            _log(401)
            raise Refused("Invalid JWT")
        if fault is not None and fault.kind == "expire_during_connect":
            self.tokens.expire(token)
        live = _Live(sid, self.sio.manager.eio_sid_from_sid(sid, "/"), location, request)
        status = self._judge(location, token)
        if status:
            _log(status)
            self._reject(live)
            return
        # The client hears CONNECT first: it is queued when this handler returns.
        asyncio.get_running_loop().call_soon(self._welcome, live, fault)

    def _judge(self, location: str, token: str) -> int:
        login = self.tokens.check(token)
        if login is None:
            return 401
        return 0 if login.home(location) else 403

    def _reject(self, live: _Live) -> None:
        if self.turn_away == "refuse":
            raise Refused("Invalid JWT")
        self._spawn(self._drop_later(live))

    def _welcome(self, live: _Live, fault: Fault | None) -> None:
        if not self.sio.manager.is_connected(live.sid, "/"):
            return
        self._by_sid[live.sid] = live
        self._live.setdefault(live.location_id, {})[live.eio_sid] = live
        if fault is not None and fault.kind != "expire_during_connect":
            self._spawn(self._hit_later(fault, live))

    async def _gone(self, sid: str, _reason: Any = None) -> None:
        live = self._by_sid.pop(sid, None)
        if live is None:
            return
        group = self._live[live.location_id]
        del group[live.eio_sid]
        if not group:
            del self._live[live.location_id]

    async def _drop_later(self, live: _Live) -> None:
        await asyncio.sleep(self.drop_delay)
        await self._close(live)

    async def _hit_later(self, fault: Fault, live: _Live) -> None:
        await asyncio.sleep(fault.lasts(self.drop_delay))
        await self._hit(fault, live)

    async def _hit(self, fault: Fault, live: _Live) -> None:
        if fault.kind == "black_hole":
            self._swallow(live)
        elif fault.kind == "garbage":
            for frame in _GARBAGE:
                await self._send(live.eio_sid, _raw(frame))
        elif fault.kind == "engineio_close":
            await self._leave(live)
        else:
            await self._close(live)

    def _swallow(self, live: _Live) -> None:
        transport = live.request.transport
        if transport is None:
            return
        # A second descriptor keeps the connection open, unread and silent, while
        # everything above it is torn down: the peer sees neither data nor FIN.
        held = transport.get_extra_info("socket")
        self._holes.append(socket.socket(fileno=os.dup(held.fileno())))
        transport.abort()

    async def _close(self, live: _Live) -> None:
        await self.sio.disconnect(live.sid)
        await self._leave(live)

    async def _leave(self, live: _Live) -> None:
        held = self.sio.eio.sockets.get(live.eio_sid)
        if held is not None:
            with contextlib.suppress(SocketIsClosedError):
                await held.close(wait=False)
        await asyncio.sleep(_FAREWELL)
        if live.request.transport is not None:
            live.request.transport.close()

    async def _send(self, eio_sid: str, packet: Packet) -> None:
        held = self.sio.eio.sockets.get(eio_sid)
        if held is not None:
            with contextlib.suppress(SocketIsClosedError):
                await held.send(packet)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _token(request: web.Request) -> str:
    return bearer(request.query.get("token", ""))


def _log(status: int) -> None:
    call = CALL.get()
    if call is not None:
        call.status = status


def _raw(frame: str | bytes) -> Packet:
    """Return a packet that goes out as it is, whether or not it means anything."""
    packet = Packet(NOOP)
    packet.encode_cache = frame
    return packet
