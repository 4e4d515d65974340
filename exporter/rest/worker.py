"""A transport in its pool of threads: exchanges that the event loop can await."""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from requests.auth import AuthBase

from exporter.rest.transport import Answer, Transport


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a cloud; its secrets do not show."""

    method: str
    path: str
    auth: AuthBase | None = field(default=None, repr=False)
    body: Any = field(default=None, repr=False)


class Worker:
    """Runs the exchanges of one account in a pool that it shares with its vendor's others."""

    def __init__(self, transport: Transport, pool: Executor, base_url: str) -> None:
        self._transport = transport
        self._pool = pool
        self._base_url = base_url

    async def exchange(self, request: Request) -> Answer:
        """Return the answer; raises CloudError as the transport does."""
        exchange = asyncio.get_running_loop().run_in_executor(
            self._pool,
            lambda: self._transport.exchange(
                request.method,
                self._base_url + request.path,
                auth=request.auth,
                body=request.body,
            ),
        )
        try:
            return await asyncio.shield(exchange)
        except asyncio.CancelledError:
            # The session is for one call at a time: this one ends before another may begin.
            self._transport.abort()
            await asyncio.wait([exchange])
            if not exchange.cancelled():
                exchange.exception()
            raise

    def close(self) -> None:
        """Cut an exchange that is under way and free the connections."""
        self._transport.abort()
        self._transport.close()
