"""Connections of urllib3 whose sockets another thread can cut."""

import socket
from contextlib import suppress

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


def tracked_pools(sockets: Sockets) -> dict[str, type[HTTPConnectionPool]]:
    """Return connection pools whose connections report their sockets, before and after TLS."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            sockets.add(sock)
            return sock

    class Secure(HTTPSConnection):
        _twin: socket.socket | None = None

        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            # The TLS handshake takes the descriptor out of `sock`; through its twin it can be cut.
            self._twin = sock.dup()
            sockets.add(self._twin)
            return sock

        def connect(self) -> None:
            try:
                super().connect()
                sockets.add(self.sock)
            finally:
                if self._twin is not None:
                    self._twin.close()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
