"""Requests that are too large, too many at once, or not what they seem."""

import gzip
import http.client
import socket
import time
from contextlib import suppress

import pytest

from tests.abuse.target import PASSWORD, REQUEST_TIME, SECRET, USER, Target, read_all, statuses

_GET = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
_SERVED = {"/": 200, "/metrics": 200, "/-/healthy": 200, "/-/ready": 200}


def pushed(target: Target, data: bytes) -> tuple[int, bytes]:
    """Send as much as is taken, and return how much that was and what came back."""
    with target.connect() as sock:
        sent = 0
        with suppress(OSError):
            while sent < len(data):
                sent += sock.send(data[sent : sent + 4096])
        return sent, read_all(sock)


def push(sock: socket.socket, data: bytes) -> None:
    """Send what is taken now."""
    with suppress(OSError):
        sock.send(data)


HUGE = {
    "a line without end": b"GET /" + b"a" * 4_000_000,
    "a long path": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "one long field": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 4_000_000,
    "many fields": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 200_000 + b"\r\n",
    "many long fields": b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"a: " + b"b" * 8000 + b"\r\n") * 500,
    "a field in many lines": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n" + b" a\r\n" * 200_000,
}


@pytest.mark.parametrize("huge", HUGE)
def test_huge_heads(running: Target, huge: str) -> None:
    with running.abused():
        for _ in range(20):
            sent, answer = pushed(running, HUGE[huge])
            assert sent < 3_000_000 or statuses(answer) == [400]
            assert set(statuses(answer)) <= {400}


def test_500_heads_that_are_as_large_as_they_may_be(running: Target) -> None:
    fields = b"".join(b"n%d: %s\r\n" % (number, b"v" * 245) for number in range(62))
    head = b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + fields
    assert 15_000 < len(head) < 16_384
    with running.abused():
        sockets = [running.connect() for _ in range(500)]
        for sock in sockets:
            sock.sendall(head)
        time.sleep(0.15)
        for sock in sockets:
            sock.close()


def test_a_body_without_end_that_nobody_asked_for(running: Target) -> None:
    head = b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n"
    with running.abused(), running.connect() as sock:
        sock.sendall(head)
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - began < REQUEST_TIME:
                sock.sendall(b"a" * 65536)
        assert time.monotonic() - began < REQUEST_TIME
        assert set(statuses(read_all(sock))) <= {405}


def test_a_callback_that_unpacks_to_much(running: Target) -> None:
    activity = gzip.compress(b'{"snid": "x", "type": "alarm"}')
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 64 * 1024
    with running.abused():
        path = f"/callbacks/wally/{SECRET}"
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        for body in (activity, bomb):
            # Not 204, nor 413: nothing was unpacked.
            assert running.request("POST", path, body, headers=headers) == 400


def test_pipelining_without_reading(running: Target) -> None:
    scrapes = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 2000
    with running.abused() as abuse:
        sockets = [running.connect() for _ in range(50)]
        for sock in sockets:
            sock.setblocking(False)
        while len(abuse.scrapes) < 7:
            for sock in sockets:
                push(sock, scrapes)
            time.sleep(0.05)
        for sock in sockets:
            sock.close()


def test_a_few_requests_in_one_go_are_answered_in_turn(running: Target) -> None:
    last = _GET.replace(b"Host: x", b"Host: x\r\nConnection: close")
    assert statuses(running.exchange(_GET * 9 + last)) == [200] * 10


TRICKS = [
    "//metrics",
    "/metrics/",
    "/./metrics",
    "/x/../metrics",
    "/%2e%2e/metrics",
    "/callbacks/../metrics",
    "/callbacks/wally/../../metrics",
    "/callbacks/wally/%2e%2e/%2e%2e/metrics",
    "/callbacks/wally/..%2f..%2fmetrics",
    "/-/healthy/../../metrics",
    "/-/healthy;/metrics",
    "/-/healthy%2f..%2f..%2fmetrics",
    "/-/healthy%00/metrics",
    "/metrics%00",
    "/%6detrics",
    "/metrics%23",
    "/metrics#x",
    "/metrics?x=/-/healthy",
    "/METRICS",
    "/-/healthy\\..\\metrics",
    "/%",
    "/%zz",
    "/%ff%fe",
    "*",
    "metrics",
    "http://elsewhere.example/metrics",
    "http://x:y@127.0.0.1/metrics",
    "http://[::1/metrics",
    "http://elsewhere.example:99999/metrics",
    "//elsewhere.example/metrics",
    "/" + "a/" * 3000,
    "/callbacks/wally/" + "a" * 8000,
    "/callbacks/wally/\x7f",
    "/\x00metrics",
    "/metrics\x00",
    "/m\xc3\xa6trics",
    "",
]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "FOO"]


def test_path_tricks_let_nobody_in(locked: Target) -> None:
    refused = []
    with locked.abused():
        for path in TRICKS:
            for method in METHODS:
                line = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                answer = locked.exchange(line.encode("latin-1"))
                refused += statuses(answer)
                assert b"home_" not in answer, (method, path)
                assert b"aiohttp" not in answer, (method, path)
    assert set(refused) == {400, 401, 404}
    # What makes the parser itself fail is closed without an answer.
    assert len(refused) > 0.9 * len(TRICKS) * len(METHODS)


def test_odd_methods_get_plain_answers(running: Target) -> None:
    with running.abused():
        for path, status in _SERVED.items():
            for method in METHODS:
                wanted = {status} if method in ("GET", "HEAD") else {400, 404, 405}
                line = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                answer = running.exchange(line.encode())
                assert statuses(answer)[0] in wanted, (method, path)
                assert method != "HEAD" or answer.endswith(b"\r\n\r\n")


SMUGGLED = {
    "both lengths": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
    "a signed length": b"Content-Length: +4\r\n\r\nabcd",
    "a negative length": b"Content-Length: -1\r\n\r\n",
    "a length in another script": "Content-Length: \u0664\r\n\r\nabcd".encode(),
    "an odd coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"Content-Length : 4\r\n\r\nabcd",
    "a line feed alone": b"X: y\nContent-Length: 4\r\n\r\nabcd",
    "a null in a field": b"X: a\x00b\r\n\r\n",
}


@pytest.mark.parametrize("kind", SMUGGLED)
def test_requests_that_two_servers_would_read_differently_are_refused(
    running: Target, kind: str
) -> None:
    head = f"POST /callbacks/wally/{SECRET} HTTP/1.1\r\nHost: x\r\n".encode()
    answer = running.exchange(head + SMUGGLED[kind] + _GET)
    assert statuses(answer) == [400], answer


def test_what_is_not_http_is_answered_in_few_words(running: Target) -> None:
    with running.abused():
        for data in (
            b"\x16\x03\x01\x02\x00\x01",
            b"SSH-2.0-x\r\n\r\n",
            b"\x00" * 64,
        ):
            answer = running.exchange(data)
            assert len(answer) < 1000
            assert b"aiohttp" not in answer
            assert b"Python" not in answer


def test_headers_tell_a_browser_to_keep_things_to_itself(running: Target) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    for path in ("/", "/metrics", "/nowhere"):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.headers["Server"] == "home-exporter"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers
    connection.close()


def test_only_the_right_password_opens(locked: Target) -> None:
    assert locked.request("GET", "/metrics") == 401
    for scheme in ("Basic", "Basic ", "Basic !", "Basic Og==", "Basic dXNlcg==", "Bearer x", ""):
        assert locked.request("GET", "/metrics", headers={"Authorization": scheme}) == 401
    assert USER not in locked.log
    assert PASSWORD not in locked.log
