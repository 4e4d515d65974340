"""Connections of urllib3 whose sockets another thread can cut."""

import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Sockets:
    """The sockets a transport has in use, so that another thread can cut them."""

    def __init__(self) -> None:
        self._live: set[socket.socket] = set()
        self.is_cut = False

    def allow(self) -> None:
        """Let new sockets live again."""
        self.is_cut = False

    def add(self, sock: socket.socket) -> None:
        """Remember an open socket; closed ones are forgotten, one that comes too late is cut."""
        self._live = {known for known in self._live if known.fileno() >= 0} | {sock}
        if self.is_cut:
            self.cut()

    def cut(self) -> None:
        """End whatever is under way on them, and what begins before they are allowed again."""
        self.is_cut = True
        for sock in self._live:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _Plain(HTTPConnection):
    """A connection that tells of its socket."""

    def __init__(self, *args: Any, sockets: Sockets, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sockets = sockets

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self._sockets.add(sock)
        return sock


class _Secure(HTTPSConnection):
    """A connection that tells of its socket, before and after TLS."""

    _twin: socket.socket | None = None

    def __init__(self, *args: Any, sockets: Sockets, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sockets = sockets

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        # The TLS handshake takes the descriptor out of `sock`; through its twin it can be cut.
        self._twin = sock.dup()
        self._sockets.add(self._twin)
        return sock

    def connect(self) -> None:
        try:
            super().connect()
            self._sockets.add(self.sock)
        finally:
            if self._twin is not None:
                self._twin.close()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


def tracked_pools(sockets: Sockets) -> dict[str, Callable[..., HTTPConnectionPool]]:
    """Return what makes connection pools, by scheme, whose connections report to `sockets`."""

    def pool(made: type[HTTPConnectionPool], *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        # What a pool does not know it hands to its connections.
        return made(*args, sockets=sockets, **kwargs)

    return {"http": partial(pool, _PlainPool), "https": partial(pool, _SecurePool)}
