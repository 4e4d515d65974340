"""Takes connections: how many, and over TLS with the certificate of the moment."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Callable
from typing import Any

from aiohttp import web

from exporter.address import parse_address
from exporter.errors import StartError
from exporter.tasks import Tasks
from exporter.web.connection import ANSWER_TIME, REQUEST_TIME, Connection, Places

MAX_CONNECTIONS = 512
# Until it has sent one good request, a connection over TLS costs the memory of several.
_MAX_STRANGERS_TLS = 128
_MAX_UNREAD = 16
_LOOK = 0.5
_WAIT = 0.02
_BACKLOG = 1024
_AT_ONCE = 64
# Requests are small, and what lies here for each of them is memory.
_RECEIVE_BUFFER = 16 * 1024
_UNREAD_TIME = round(ANSWER_TIME * 1000)
_TLS_LIMITS = {"ssl_handshake_timeout": REQUEST_TIME, "ssl_shutdown_timeout": 2.0}
_OUT_OF = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NOT_HERE = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)

#: Returns the server's side of TLS as it is now, None for none.
Tls = Callable[[], ssl.SSLContext | None]


class Listener:
    """Listens on one address and gives each connection to the web server."""

    def __init__(self, server: web.Server, tls: Tls) -> None:
        self._server = server
        self._tls = tls
        # Those that make room close a moment after those that come in are taken.
        places = MAX_CONNECTIONS - _AT_ONCE
        strangers = places if tls() is None else _MAX_STRANGERS_TLS
        self._places = Places(places, strangers, _MAX_UNREAD)
        self._sockets: list[socket.socket] = []
        self._tasks = Tasks()

    @property
    def port(self) -> int:
        """The port that is listened on, also where 0 was asked for."""
        return int(self._sockets[0].getsockname()[1])

    async def start(self, address: str) -> None:
        """Listen; raises StartError where the address cannot be had."""
        try:
            self._sockets = await _bound(*parse_address(address))
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "the address cannot be used"
            raise StartError(f"cannot listen on {address}: {reason}") from None
        for sock in self._sockets:
            self._tasks.start(self._accept(sock), "accept")
        self._tasks.start(self._watch(), "connections")

    async def stop(self) -> None:
        """Take no more connections; the web server closes those that it has."""
        await self._tasks.stop()
        for sock in self._sockets:
            sock.close()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK)
            self._places.drop_overdue(loop.time())

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            # Several at a time, or a crowd at the door would hide who comes behind it.
            for _ in range(_AT_ONCE):
                try:
                    sock, _address = await loop.sock_accept(listening)
                except OSError as error:
                    if error.errno in _OUT_OF:
                        await asyncio.sleep(_LOOK)
                    continue
                while self._places.are_full(loop.time()):  # noqa: ASYNC110  # time alone frees one
                    await asyncio.sleep(_WAIT)
                self._take(sock)
            await asyncio.sleep(0)

    def _take(self, sock: socket.socket) -> None:
        connection = Connection(self._server, self._places, asyncio.get_running_loop())
        if not self._places.enter(connection):
            sock.close()
            return
        connection.opening = self._tasks.start(self._open(sock, connection), "connection")
        # Cancelled before it ran, it would leave the socket open.
        connection.opening.add_done_callback(
            lambda task: sock.close() if task.cancelled() else None
        )

    async def _open(self, sock: socket.socket, connection: Connection) -> None:
        tls = self._tls()
        limits = {} if tls is None else _TLS_LIMITS
        try:
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux has it
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_TIME)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, sock, ssl=tls, **limits
            )
        except (OSError, asyncio.CancelledError):
            # No greeting, one that is not TLS, or too late: what it holds goes with it at once.
            connection.connection_lost(None)
        finally:
            connection.opening = None


async def _bound(host: str | None, port: int) -> list[socket.socket]:
    """Return a listening socket for every address of a host that this machine has."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    # In the order of the addresses, each once.
    for family, address in dict.fromkeys((one[0], one[4]) for one in found):
        try:
            sockets.append(_listening(family, address))
        except OSError as error:
            if error.errno not in _NOT_HERE:
                for sock in sockets:
                    sock.close()
                raise OSError(error.errno, os.strerror(error.errno or 0)) from None
            missing = error
    if missing and not sockets:
        raise missing
    return sockets


def _listening(family: int, address: Any) -> socket.socket:
    sock = socket.create_server(address, family=family, backlog=_BACKLOG)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    sock.settimeout(0)
    return sock
