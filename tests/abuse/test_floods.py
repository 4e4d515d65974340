"""Guessing as fast as the machine allows: passwords, and secrets of callbacks."""

import base64
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.abuse.conftest import Attack
from tests.abuse.target import SECRET, USER, Target

_FLOOD = Path(__file__).parent / "flood.py"


def flooded(target: Target, count: int, request: str) -> dict[int, int]:
    """Flood the target and return how often it answered with each status."""
    arguments = (str(target.port), str(count), request.encode().hex())
    command = (sys.executable, str(_FLOOD), *arguments)
    with target.abused():
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    print(done.stdout)
    pairs = (pair.split(":") for pair in done.stdout.split())
    return {int(status): int(count) for status, count in pairs}


def test_wrong_passwords_by_the_thousand(target: Attack) -> None:
    exporter = target(cost=10)
    basic = base64.b64encode(f"{USER}:wrong".encode()).decode()
    request = f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\n\r\n"
    seen = flooded(exporter, 3000, request)
    assert set(seen) == {401, 503}
    assert seen[503] > seen[401], "the queue is short"


def first_of(sock: socket.socket) -> bytes:
    """Return how an answer begins, nothing where the connection was closed."""
    try:
        return sock.recv(len("HTTP/1.1 200"))
    except ConnectionError:
        return b""


def test_a_crowd_that_scrapes(running: Target) -> None:
    """Each of many asks at once for a page: who comes after them does not wait for theirs."""
    asked = b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
    with running.abused(), ExitStack() as stack:
        crowd = [stack.enter_context(running.connect()) for _ in range(450)]
        for sock in crowd:
            sock.sendall(asked)
        # Some may have had to make room: what counts is the scrape beside them.
        answers = [first_of(sock) for sock in crowd]
    assert answers.count(b"HTTP/1.1 200") > len(crowd) / 2


def test_callbacks_with_the_wrong_secret_by_the_ten_thousand(target: Attack) -> None:
    exporter = target()
    body = '{"snid": "x", "type": "alarm"}'
    request = (
        f"POST /callbacks/wally/{SECRET[:-1]}X HTTP/1.1\r\nHost: x\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    seen = flooded(exporter, 10_000, request)
    assert set(seen) == {404}
