"""Where a server listens: opened, shut so that connections are refused, and opened again."""

import asyncio
import socket
import ssl
from collections.abc import Callable

from aiohttp import web

_GRACE = 0.2
#: So many turns of the loop until who was let in is known to the server.
_TURNS = 5
_BACKLOG = 4096


class Door:
    """One server at one address; its application is made anew each time it opens."""

    def __init__(
        self,
        make_app: Callable[[], web.Application],
        make_tls: Callable[[str], ssl.SSLContext] | None = None,
    ) -> None:
        self._make_app = make_app
        self._make_tls = make_tls
        self._runner: web.AppRunner | None = None
        self._listening: socket.socket | None = None
        self._address = ("", 0)
        self._reserved: socket.socket | None = None

    @property
    def url(self) -> str:
        """Return the base address, also while nobody listens there."""
        host, port = self._address
        return f"{'https' if self._make_tls else 'http'}://{host}:{port}"

    async def open(self, host: str, port: int) -> None:
        """Listen; raises OSError where the address cannot be had."""
        self._runner = web.AppRunner(self._make_app(), access_log=None, shutdown_timeout=_GRACE)
        await self._runner.setup()
        tls = self._make_tls(host) if self._make_tls else None
        self._listening = socket.create_server((host, port), family=_family(host), backlog=_BACKLOG)
        await web.SockSite(self._runner, self._listening, ssl_context=tls).start()
        self._address = (host, self._listening.getsockname()[1])

    async def close(self) -> None:
        """Listen no more and let the address go."""
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
        listening, self._listening = self._listening, None
        if listening is not None:
            # Before the rest: asyncio loses a connection that it has just accepted when it closes.
            asyncio.get_running_loop().remove_reader(listening)
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def shut(self) -> None:
        """Refuse connections at the address until `reopen`."""
        await self.close()
        # Bound and not listening: nobody else may take the port meanwhile.
        self._reserved = socket.socket(_family(self._address[0]))
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(self._address)

    async def reopen(self) -> None:
        """Listen again at the address that was shut."""
        await self.open(*self._address)
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    def hang_up(self, is_spared: Callable[[web.RequestHandler], bool]) -> None:
        """Close the connections, except those that are spared."""
        server = self._runner.server if self._runner else None
        for connection in server.connections if server else ():
            if not is_spared(connection):
                connection.force_close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
