"""A transport in its pool of threads: exchanges that the event loop can await."""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from requests.auth import AuthBase

from exporter.errors import CloudError, Outcome
from exporter.rest.transport import Answer, Transport


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a cloud; its secrets do not show."""

    method: str
    path: str
    auth: AuthBase | None = field(default=None, repr=False)
    body: Any = field(default=None, repr=False)


class _Call:
    """One exchange as a job; one that is cancelled while it waits for a thread is not made."""

    def __init__(self, transport: Transport, base_url: str, request: Request) -> None:
        self._transport = transport
        self._base_url = base_url
        self._request = request
        self.has_begun = self.is_cancelled = False

    def __call__(self) -> Answer:
        self.has_begun = True
        if self.is_cancelled:
            raise CloudError(Outcome.TIMEOUT)
        request = self._request
        return self._transport.exchange(
            request.method, self._base_url + request.path, auth=request.auth, body=request.body
        )


class Worker:
    """Runs the exchanges of one account in a pool that it shares with its vendor's others."""

    def __init__(self, transport: Transport, pool: Executor, base_url: str) -> None:
        self._transport = transport
        self._pool = pool
        self._base_url = base_url

    async def exchange(self, request: Request) -> Answer:
        """Return the answer; raises CloudError as the transport does."""
        call = _Call(self._transport, self._base_url, request)
        exchange = asyncio.get_running_loop().run_in_executor(self._pool, call)
        try:
            return await asyncio.shield(exchange)
        except asyncio.CancelledError:
            call.is_cancelled = True
            # The session is for one call at a time: this one ends before another may begin.
            self._transport.abort()
            if call.has_begun:
                await asyncio.wait([exchange])
            exchange.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise

    def close(self) -> None:
        """Cut an exchange that is under way and free the connections."""
        self._transport.abort()
        self._transport.close()
