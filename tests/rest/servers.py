"""Clouds that answer byte by byte what a test says, on real sockets of this machine."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

_PATIENCE = 5.0
_READ = 65_536


@dataclass
class Peer:
    """The server's side of one connection, after its request has come."""

    connection: socket.socket
    closing: threading.Event

    def send(self, *pieces: bytes) -> None:
        """Send pieces one after the other."""
        for piece in pieces:
            self.connection.sendall(piece)

    def drip(self, data: bytes, pause: float = 0.02) -> None:
        """Send byte by byte, with a pause after each."""
        for number in range(len(data)):
            self.send(data[number : number + 1])
            if self.closing.wait(pause):
                return

    def hang_up(self) -> None:
        """End the connection."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def hang(self) -> None:
        """Say nothing more until the test is over, or the client gives up."""
        self.connection.settimeout(0.05)
        while not self.closing.is_set():
            with suppress(TimeoutError):
                if not self.connection.recv(_READ):
                    return


Act = Callable[[Peer], None]


@dataclass
class Cloud:
    """A server on loopback; every request is remembered, then its act is played.

    One that does not wait plays its act once more, before any request.
    """

    act: Act
    tls: ssl.SSLContext | None = None
    waits: bool = True
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    asked: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._threads = [threading.Thread(target=self._listen)]

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Begin to listen."""
        self._threads[0].start()
        return self

    def stop(self) -> None:
        """End every connection and every thread."""
        self._closing.set()
        for thread in self._threads:
            thread.join(_PATIENCE)
            assert not thread.is_alive(), "a thread of the server did not end"
        self._listener.close()

    def _listen(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(_PATIENCE)
        with connection, suppress(OSError):
            if self.tls is None:
                self._converse(connection)
                return
            with self.tls.wrap_socket(connection, server_side=True) as wrapped:
                self._converse(wrapped)

    def _converse(self, connection: socket.socket) -> None:
        if not self.waits:
            self.act(Peer(connection, self._closing))
        while (request := self._request(connection)) and not self._closing.is_set():
            self.requests.append(request)
            self.asked.set()
            self.act(Peer(connection, self._closing))

    def _request(self, connection: socket.socket) -> bytes:
        """Return the next request of the connection, nothing once the client is gone."""
        head = b""
        connection.settimeout(0.05)
        while b"\r\n\r\n" not in head and not self._closing.is_set():
            with suppress(TimeoutError):
                piece = connection.recv(_READ)
                if not piece:
                    return b""
                head += piece
        connection.settimeout(_PATIENCE)
        return head


Serve = Callable[..., Cloud]


def answer(body: bytes = b"[]", *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole answer as it goes over the wire."""
    return head(*headers, f"Content-Length: {len(body)}", status=status) + body


def head(*headers: str, status: str = "200 OK") -> bytes:
    """Return the head of an answer."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def answers(body: bytes = b"[]", *headers: str, status: str = "200 OK") -> Act:
    """Return the act of a cloud that gives the same answer each time."""
    whole = answer(body, *headers, status=status)
    return lambda peer: peer.send(whole)
