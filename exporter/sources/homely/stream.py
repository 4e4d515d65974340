"""One location's Socket.IO connection: had, kept, and had again with a fresh token."""

import asyncio
import json
import logging
import random
import re
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import aiohttp
import socketio

from exporter.backoff import full_jitter
from exporter.clock import Clock
from exporter.errors import CloudError, OnHoldError
from exporter.logs import Log
from exporter.secret import Secret
from exporter.sources.base import Reason, StreamListener
from exporter.sources.values import mapping

_CONNECT_LIMIT = 30.0
_CLOSE_LIMIT = 2.0
#: A connection that lives shorter than this counts as a failed try: a bad token connects too.
_SHORT_LIFE = 30.0
_BACKOFF_BASE, _BACKOFF_CAP = 2.0, 300.0
_CONNECTS_PER_SECOND = 100.0
_INVALID_TOKEN = re.compile(r"jwt|token|unauthori[sz]ed", re.IGNORECASE)
#: After so many short lives in a row the token itself is suspected.
_SUSPICIOUS_FAILURES = 3


# Left to itself the library prints to standard error what it received, and the URL.
_MUTED = logging.Logger("socketio")  # noqa: LOG001  # outside of the tree on purpose
_MUTED.disabled = True


class TokenHolder(Protocol):
    """Where a stream gets the token of each new connection."""

    async def stream_token(self) -> Secret:
        """Return a token; raises CloudError or OnHoldError where none can be had."""
        ...

    def stream_refused(self, token: Secret) -> None:
        """Take that the cloud refused the token."""
        ...


class Connector:
    """What all streams of the process share: one HTTP session, and the spread of connects."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self.clock = clock
        self.rng = rng
        self.streams = 0
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The shared session; without a limit of connections, without cookies or redirects."""
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_redirect.append(_refuse_redirect)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[trace],
            )
        return self._session

    def client(self) -> socketio.AsyncClient:
        """Return a new client on the shared session, for one connection."""
        return socketio.AsyncClient(
            reconnection=False,
            http_session=self.session,
            handle_sigint=False,
            logger=_MUTED,
            engineio_logger=_MUTED,
            # The library's own builds a decoder for each event.
            json=json,
        )

    def spread(self) -> float:
        """Return how long a stream waits more, so that thousands do not connect at once."""
        return self.rng.uniform(0.0, self.streams / _CONNECTS_PER_SECOND)

    async def close(self) -> None:
        """Close the shared session."""
        if self._session is not None:
            await self._session.close()


async def _refuse_redirect(*_: object) -> None:
    # A redirect could carry the token in the query to another host.
    raise aiohttp.ClientConnectionError("redirected")


class Stream:
    """Keeps one location's socket up."""

    def __init__(
        self,
        connector: Connector,
        base_url: str,
        location_id: str,
        tokens: TokenHolder,
        listener: StreamListener,
    ) -> None:
        self._connector = connector
        self._clock = connector.clock
        self._base_url = base_url
        self._location_id = location_id
        self._tokens = tokens
        self._listener = listener
        self._failures = 0
        self._log = Log("stream", location_id=location_id)

    async def run(self) -> None:
        """Connect, and connect again after each loss, until cancelled."""
        self._connector.streams += 1
        try:
            await self._clock.sleep(self._connector.spread())
            while True:
                await self._clock.sleep(await self._once_safely())
        finally:
            self._connector.streams -= 1

    async def _once_safely(self) -> float:
        try:
            return await self._once()
        except Exception as error:  # noqa: BLE001  # whatever it was, the stream must come back
            self._log.bug("a stream failed", error)
            return self._backoff()

    async def _once(self) -> float:
        """Have one connection for as long as it lives; return how long to wait before the next."""
        try:
            token = await self._tokens.stream_token()
        except OnHoldError as hold:
            # Nothing was tried, so it is no failure; the cloud said when to come back.
            return max(0.0, hold.until - self._clock.monotonic()) + self._connector.spread()
        except CloudError:
            self._listener.disconnected(Reason.NO_TOKEN)
            return self._backoff()
        connection = _Connection(self._connector.client(), self._listener, self._clock)
        reason = Reason.CONNECT_FAILED
        try:
            reason = await connection.live(self._url(token), token)
        except asyncio.CancelledError:
            reason = Reason.SHUTDOWN
            raise
        finally:
            await connection.close()
            self._listener.disconnected(reason)
        if connection.age() >= _SHORT_LIFE:
            self._failures = 0
        wait = self._backoff()
        dropped = reason is Reason.SERVER and self._failures >= _SUSPICIOUS_FAILURES
        if reason is Reason.REFUSED or dropped:
            self._tokens.stream_refused(token)
        return wait

    def _backoff(self) -> float:
        self._failures += 1
        base = max(_BACKOFF_BASE, self._connector.streams / _CONNECTS_PER_SECOND)
        return full_jitter(self._failures - 1, base, _BACKOFF_CAP, self._connector.rng)

    def _url(self, token: Secret) -> str:
        query = {"locationId": self._location_id, "token": f"Bearer {token.reveal()}"}
        return f"{self._base_url}?{urlencode(query, quote_via=quote)}"


class _Connection:
    """One connection, from its handshake to its end."""

    def __init__(
        self, client: socketio.AsyncClient, listener: StreamListener, clock: Clock
    ) -> None:
        self._listener = listener
        self._clock = clock
        self._since: float | None = None
        self._is_refused = False
        self._settled: asyncio.Future[Reason | None] = asyncio.get_running_loop().create_future()
        self._ended: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
        self._client = client
        self._client.on("connect", self._on_connect)
        self._client.on("connect_error", self._on_connect_error)
        self._client.on("disconnect", self._on_disconnect)
        self._client.on("event", self._on_event)
        self._client.on("*", self._on_other)
        self._read = self._client.eio.handlers["message"]
        self._client.eio.on("message", self._on_message)

    async def live(self, url: str, token: Secret) -> Reason:
        """Connect and return why the connection ended."""
        try:
            async with asyncio.timeout(_CONNECT_LIMIT):
                # wait=True would lose a disconnect that follows the connect at once.
                # The document has the token in the header, the cloud wants it in the query.
                headers = {"Authorization": f"Bearer {token.reveal()}"}
                await self._client.connect(
                    url, headers=headers, transports=["websocket"], wait=False
                )
                failure = await self._settled
        except TimeoutError:
            return Reason.CONNECT_TIMEOUT
        except Exception:  # noqa: BLE001  # a handshake can fail in more ways than are documented
            return Reason.CONNECT_FAILED
        if failure is not None:
            return failure
        self._since = self._clock.monotonic()
        self._listener.connected()
        return await self._end()

    def age(self) -> float:
        """Return for how many seconds it has been connected, 0 where it never was."""
        return 0.0 if self._since is None else self._clock.monotonic() - self._since

    async def close(self) -> None:
        """Close what is left of the connection; a dead peer does not hold it up."""
        with suppress(Exception):
            async with asyncio.timeout(_CLOSE_LIMIT):
                await self._client.disconnect()
        websocket: aiohttp.ClientWebSocketResponse | None = self._client.eio.ws
        # The library leaves it open where it gave up on the peer, whose farewell is not awaited.
        with suppress(Exception):
            async with asyncio.timeout(0):
                if websocket is not None:
                    await websocket.close()

    async def _end(self) -> Reason:
        # The engine's read loop can also die without a word to the handlers.
        engine: asyncio.Task[None] = self._client.eio.read_loop_task
        ends: set[asyncio.Future[Any]] = {self._ended, engine}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if engine.done() and not engine.cancelled():
            engine.exception()
        reason = self._ended.result() if self._ended.done() else Reason.TRANSPORT
        return Reason.REFUSED if self._is_refused else reason

    def _on_connect(self) -> None:
        self._settle(None)

    def _on_connect_error(self, *_: object) -> None:
        self._settle(Reason.REFUSED)

    def _on_disconnect(self, reason: object = None) -> None:
        is_server = reason == self._client.reason.SERVER_DISCONNECT
        ended = Reason.SERVER if is_server else Reason.TRANSPORT
        self._settle(ended)
        if not self._ended.done():
            self._ended.set_result(ended)

    async def _on_message(self, message: Any) -> None:
        try:
            await self._read(message)
        except Exception:  # noqa: BLE001  # the library raises whatever the garbage leads it to
            self._listener.event(None)

    def _on_event(self, *arguments: Any) -> None:
        self._listener.event(arguments[0] if arguments else None)

    def _on_other(self, _: str, *arguments: Any) -> None:
        """Take what the cloud says beside events: that it does not like the token."""
        if any(_INVALID_TOKEN.search(str(mapping(said).get("message"))) for said in arguments):
            self._is_refused = True

    def _settle(self, failure: Reason | None) -> None:
        if not self._settled.done():
            self._settled.set_result(failure)
