"""Connections that are opened and never finished: the promises hold, and 10 s later they close."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import trustme

from tests.abuse.conftest import Attack
from tests.abuse.target import (
    MAX_CONNECTIONS,
    REQUEST_TIME,
    SECRET,
    Target,
    is_closed,
    statuses,
)

_MANY = 500
_DRIP = 1.0
# The exporter looks twice a second, and this machine may be busy.
_SLACK = 5.0


@contextmanager
def opened(target: Target, count: int = _MANY) -> Iterator[list[socket.socket]]:
    """Hold many connections."""
    sockets = [target.connect() for _ in range(count)]
    try:
        yield sockets
    finally:
        for sock in sockets:
            sock.close()


def send(sock: socket.socket, data: bytes) -> None:
    """Send what can be sent; the other side may have closed."""
    with suppress(OSError):
        sock.setblocking(False)
        sock.send(data)


def until_closed(target: Target, sockets: dict[socket.socket, bytes]) -> float:
    """Send each its drop now and then until all are closed, and return how long that took."""
    began = dripped = time.monotonic()

    def all_are_closed() -> bool:
        nonlocal dripped
        if time.monotonic() - dripped > _DRIP:
            dripped = time.monotonic()
            for sock, drop in sockets.items():
                send(sock, drop)
        return all(map(is_closed, sockets))

    target.until(all_are_closed)
    return time.monotonic() - began


HALF_OPEN = {
    "nothing at all": (b"", b""),
    "half of a head": (b"GET /metrics HTTP/1.1\r\nHost: x\r\n", b""),
    "a head in drops": (b"GET /metrics HTTP/1.1\r\nHost: x\r\n", b"X-Drop: 1\r\n"),
    "a body in drops": (
        f"POST /callbacks/wally/{SECRET} HTTP/1.1\r\nHost: x\r\n"
        "Content-Length: 60000\r\n\r\n".encode()
        + b" " * 1000,
        b" ",
    ),
    "a body in drops, with a wrong secret": (
        b"POST /callbacks/wally/wrong HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
        b" ",
    ),
    "a chunked body in drops": (
        f"POST /callbacks/wally/{SECRET} HTTP/1.1\r\nHost: x\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode(),
        b"1\r\n \r\n",
    ),
}


def test_500_half_open_connections(target: Attack) -> None:
    exporter = target()
    kinds = [begin for begin, drop in HALF_OPEN.values() if not drop]
    asked = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
    with exporter.abused() as abuse, opened(exporter) as sockets, exporter.connect() as kept:
        kept.sendall(asked)
        assert statuses(kept.recv(65536)) == [200]
        for number, sock in enumerate(sockets):
            send(sock, kinds[number % len(kinds)])
        took = until_closed(exporter, dict.fromkeys(sockets, b""))
        # One that was served may rest for longer than a request may take, as a proxy's does.
        kept.sendall(asked[:20])
        time.sleep(0.1)
        kept.sendall(asked[20:])
        assert statuses(kept.recv(65536)) == [200]
    assert abuse.most_sockets > _MANY / 2, "they were held at the same time"
    assert took < REQUEST_TIME + _SLACK


def test_slow_heads_and_bodies(target: Attack) -> None:
    exporter = target()
    kinds = [(begin, drop) for begin, drop in HALF_OPEN.values() if drop]
    with exporter.abused(), opened(exporter, 400) as sockets:
        drops = {}
        for number, sock in enumerate(sockets):
            begin, drops[sock] = kinds[number % len(kinds)]
            send(sock, begin)
        took = until_closed(exporter, drops)
    assert took < REQUEST_TIME + _SLACK


def test_more_connections_than_are_held(target: Attack) -> None:
    exporter = target()
    with exporter.abused() as abuse, opened(exporter, MAX_CONNECTIONS + 200) as sockets:
        exporter.until(lambda: sum(map(is_closed, sockets)) >= 200)
        assert exporter.request("GET", "/metrics") == 200
    assert abuse.most_sockets > MAX_CONNECTIONS / 2


def test_500_stalled_greetings_of_tls(target: Attack) -> None:
    exporter = target(cost=4, authority=trustme.CA())
    # The beginning of a ClientHello whose rest never comes.
    with exporter.abused(), opened(exporter) as sockets:
        for sock in sockets[::2]:
            send(sock, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        # Who comes new gets in as well.
        assert exporter.request("GET", "/metrics") == 401
        took = until_closed(exporter, dict.fromkeys(sockets, b""))
    assert took < REQUEST_TIME + _SLACK
