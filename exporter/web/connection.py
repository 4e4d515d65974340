"""One client's connection: how long it may take, how much it may send, who must make room."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

#: Seconds from the first byte of a request until all of it is here, a TLS greeting included.
REQUEST_TIME = 10.0
#: Seconds that an answer may take on its way.
ANSWER_TIME = 30.0
# Longer than a reverse proxy keeps one: it must not send a callback into a closing connection.
_IDLE_TIME = 130.0
_LINGER_TIME = 1.0
# How long a connection is held at the least before it makes room: time for a greeting of TLS.
_GRACE = 0.2
_HEAD_LIMIT = 16 * 1024
_LINE_LIMIT = 8190
_HEADERS = 64
# A head, and as much of a body as may have come before the head was read.
_AHEAD_LIMIT = 96 * 1024
_HEAD_END = b"\r\n\r\n"
_BAD_REQUEST = 400
#: Seconds between the answers to requests that were sent without waiting for them, which no
#: client of ours does.
PIPELINE_PAUSE = 0.25


class Places:
    """The connections that are held; where there are too many, the longest waiting one goes.

    To close the newest instead would let whoever opens enough of them lock everybody out. One
    that was answered well goes after all that were not.
    """

    def __init__(self, limit: int, strangers: int, unread: int) -> None:
        self._limit = limit
        self._stranger_limit = strangers
        self._unread_limit = unread
        self._all: set[Connection] = set()
        self._strangers: dict[Connection, None] = {}
        self._known: dict[Connection, None] = {}
        self._unread: dict[Connection, None] = {}

    def __len__(self) -> int:
        """Return how many connections are held."""
        return len(self._all)

    def are_full(self, now: float) -> bool:
        """Return whether nobody can make room yet."""
        if len(self._strangers) < self._stranger_limit and len(self._all) < self._limit:
            return False
        first = next(iter(self._strangers or self._known), None)
        return first is not None and now - first.since < _GRACE

    def enter(self, connection: "Connection") -> bool:
        """Hold a new connection; False where all others have a request under way."""
        if len(self._strangers) >= self._stranger_limit:
            self._drop_first(self._strangers)
        if len(self._all) >= self._limit:
            waiting = self._strangers or self._known
            if not waiting:
                return False
            self._drop_first(waiting)
        self._all.add(connection)
        self._strangers[connection] = None
        return True

    def wait(self, connection: "Connection", *, known: bool) -> None:
        """Note that a connection has nothing under way."""
        if connection in self._all:
            (self._known if known else self._strangers)[connection] = None

    def work(self, connection: "Connection") -> None:
        """Note that a request of a connection is being answered."""
        self._strangers.pop(connection, None)
        self._known.pop(connection, None)

    def leave_unread(self, connection: "Connection") -> None:
        """Note that an answer is larger than what the client has taken yet."""
        if len(self._unread) >= self._unread_limit:
            self._drop_first(self._unread)
        self._unread[connection] = None

    def read(self, connection: "Connection") -> None:
        """Note that the client took its answer."""
        self._unread.pop(connection, None)

    def leave(self, connection: "Connection") -> None:
        """Forget a connection that is closed."""
        self._all.discard(connection)
        self.work(connection)
        self.read(connection)

    def drop_overdue(self, now: float) -> None:
        """Close what has taken too long."""
        for connection in [each for each in self._all if each.is_overdue(now)]:
            connection.drop()

    def _drop_first(self, connections: "dict[Connection, None]") -> None:
        first = next(iter(connections))
        self.leave(first)
        first.drop()


class Connection(web.RequestHandler):
    """aiohttp's protocol with limits; what it refuses it answers without a word about it."""

    __slots__ = (
        "_ahead",
        "_asked",
        "_handling",
        "_has_begun",
        "_head_ended",
        "_last",
        "_places",
        "_request",
        "_wire",
        "is_known",
        "opening",
        "since",
    )

    def __init__(self, server: web.Server, places: Places, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # as AppRunner allows
            keepalive_timeout=_IDLE_TIME,
            lingering_time=_LINGER_TIME,
            max_line_size=_LINE_LIMIT,
            max_field_size=_LINE_LIMIT,
            max_headers=_HEADERS,
            # Nobody compresses a callback, and what unpacks to much costs memory.
            auto_decompress=False,
        )
        self._places = places
        self._wire: asyncio.Transport | None = None
        #: The task that opens it, TLS greeting and all.
        self.opening: asyncio.Task[None] | None = None
        self._request: web.BaseRequest | None = None
        self._handling = self._head_ended = False
        #: Whether it has been answered well, not only refused.
        self.is_known = False
        #: When it began with what it does, in the loop's time.
        self.since = loop.time()
        self._has_begun = self._asked = True
        self._ahead = 0
        self._last = b""

    @contextmanager
    def handling(self, request: web.BaseRequest) -> Iterator[None]:
        """Mark that a request is being handled."""
        self._request, self._handling = request, True
        self._ahead, self._last, self._head_ended = 0, b"", False
        self._places.work(self)
        try:
            yield
        finally:
            self._handling = False
            self.since = self._loop.time()
            # What came meanwhile belongs to a request that has begun.
            self._has_begun = self._ahead > 0
            self._asked = False
            self._places.wait(self, known=self.is_known)

    @property
    def is_pipelining(self) -> bool:
        """Whether nothing has come since the last answer, so that the next request came before."""
        return not self._asked

    def is_overdue(self, now: float) -> bool:
        """Return whether the client has taken too long with what it does."""
        waited = now - self.since
        if self._is_in_body():
            return waited > REQUEST_TIME
        if self._handling:
            return False
        if self._wire is not None and self._wire.get_write_buffer_size():
            return waited > ANSWER_TIME
        return waited > (REQUEST_TIME if self._has_begun else _IDLE_TIME)

    def drop(self) -> None:
        """Close it at once."""
        if self._wire is not None:
            self._wire.abort()
        elif self.opening is not None:
            self.opening.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker
        self._wire = transport
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._places.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it is too much for a request."""
        if not self._is_in_body():
            if not self._has_begun and not self._handling:
                self.since, self._has_begun = self._loop.time(), True
            self._asked = self._asked or not self._handling
            self._ahead += len(data)
            if not self._head_ended:
                self._head_ended = _HEAD_END in self._last + data
                self._last = (self._last + data)[1 - len(_HEAD_END) :]
            if self._ahead > (_AHEAD_LIMIT if self._head_ended else _HEAD_LIMIT):
                self.drop()
                return
        try:
            super().data_received(data)
        except Exception:  # noqa: BLE001  # what no parser foresaw would be logged for each attempt
            self.drop()

    def pause_writing(self) -> None:
        """Note that the client reads more slowly than it is written to."""
        super().pause_writing()
        self._places.leave_unread(self)

    def resume_writing(self) -> None:
        """Note that the client has caught up."""
        super().resume_writing()
        self._places.read(self)

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002  # its signature
        status: int = 500,
        exc: BaseException | None = None,  # noqa: ARG002  # same
        message: str | None = None,  # noqa: ARG002  # same
    ) -> web.StreamResponse:
        """Answer what is no request without repeating it, and without a line in the log."""
        said = "bad request\n" if status == _BAD_REQUEST else "failed\n"
        response = web.Response(status=status, text=said, headers={"Server": "home-exporter"})
        response.force_close()
        return response

    def _is_in_body(self) -> bool:
        return self._request is not None and not self._request.content.is_eof()
