"""No answer holds a thread for long or takes much memory, however it comes."""

import gc
import time
import tracemalloc
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from exporter.errors import CloudError, Outcome
from exporter.rest import Transport
from tests.rest.servers import Act, Peer, Serve, answer, answers, head

MIB = 1024 * 1024
# The limit of `hasty` is half a second; a slow machine may take its time all the same.
AT_LEAST, AT_MOST = 0.4, 4.0


def bomb(size: int) -> bytes:
    """Return gzip data that unpacks to a JSON list of blanks."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    parts = [packer.compress(b" " * MIB) for _ in range(size // MIB)]
    return b"".join((packer.compress(b"["), *parts, packer.compress(b"]"), packer.flush()))


def slow_body(peer: Peer) -> None:
    peer.send(head("Content-Length: 10000"))
    peer.drip(b" " * 10_000)


def slow_body_without_a_length(peer: Peer) -> None:
    peer.send(head("Connection: close"), b"[]")  # what has come so far would do
    peer.drip(b" " * 10_000)


def slow_chunks(peer: Peer) -> None:
    peer.send(head("Transfer-Encoding: chunked"))
    peer.drip(b"1\r\n \r\n" * 2000)


def slow_gzip(peer: Peer) -> None:
    peer.send(head("Content-Length: 10000", "Content-Encoding: gzip"))
    peer.drip(bomb(MIB))


def hang_in_the_headers(peer: Peer) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nContent-")
    peer.hang()


def hang_in_the_body(peer: Peer) -> None:
    peer.send(head("Content-Length: 10"), b"[1,")
    peer.hang()


SLOW: list[Act] = [
    Peer.hang,
    hang_in_the_headers,
    hang_in_the_body,
    lambda peer: peer.drip(answer(b" " * 10_000)),
    slow_body,
    slow_body_without_a_length,
    slow_chunks,
    slow_gzip,
]
SLOW_IDS = [
    "hang before",
    "hang in the headers",
    "hang in the body",
    "dripping headers",
    "dripping body",
    "dripping body without a length",
    "dripping chunks",
    "dripping gzip",
]


@pytest.mark.parametrize("act", SLOW, ids=SLOW_IDS)
def test_a_slow_answer_is_cut_at_the_time_limit(hasty: Transport, serve: Serve, act: Act) -> None:
    cloud = serve(act)
    began = time.monotonic()
    with pytest.raises(CloudError, match=r"^timeout$") as caught:
        hasty.exchange("GET", cloud.url)
    assert AT_LEAST < time.monotonic() - began < AT_MOST
    assert caught.value.outcome is Outcome.TIMEOUT


def test_a_slow_answer_through_a_proxy_is_cut_at_the_time_limit(
    hasty: Transport, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(lambda peer: peer.drip(answer(), 0.2))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    began = time.monotonic()
    with pytest.raises(CloudError, match=r"^timeout$"):
        hasty.exchange("GET", "http://cloud.invalid/")
    assert AT_LEAST < time.monotonic() - began < AT_MOST
    assert proxy.requests[0].startswith(b"GET http://cloud.invalid/ ")


def test_the_call_after_one_that_was_cut_is_whole(hasty: Transport, serve: Serve) -> None:
    acts: list[Act] = [Peer.hang, answers(b"[1]")]

    def hang_once(peer: Peer) -> None:
        acts.pop(0)(peer)

    cloud = serve(hang_once)
    with pytest.raises(CloudError):
        hasty.exchange("GET", cloud.url)
    assert hasty.exchange("GET", cloud.url).body == [1]


def test_a_limit_that_is_over_does_not_cut_later_calls(serve: Serve) -> None:
    cloud = serve(answers(b"[1]"))
    transport = Transport(time_limit=0.05)
    assert transport.exchange("GET", cloud.url).body == [1]
    time.sleep(0.1)  # the watchdog of the first call would bite by now
    assert transport.exchange("GET", cloud.url).body == [1]
    assert cloud.connections == 1, "the connection was kept, so nothing has cut it"
    transport.close()


@pytest.mark.parametrize("size", [8 * MIB - 1, 8 * MIB])
def test_a_body_of_8_mib_is_read(transport: Transport, serve: Serve, size: int) -> None:
    cloud = serve(answers(b"[" + b" " * (size - 2) + b"]"))
    assert transport.exchange("GET", cloud.url).body == []


@pytest.mark.parametrize(
    "framed",
    [
        answer,
        lambda body: head("Connection: close") + body,
        lambda body: (
            head("Transfer-Encoding: chunked") + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
        ),
    ],
    ids=["with a length", "until the end", "in chunks"],
)
def test_a_larger_body_is_too_large(
    transport: Transport, serve: Serve, framed: Callable[[bytes], bytes]
) -> None:
    whole = framed(b"[" + b" " * (8 * MIB - 1) + b"]")
    cloud = serve(lambda peer: peer.send(whole))
    with pytest.raises(CloudError, match=r"^too large$") as caught:
        transport.exchange("GET", cloud.url)
    assert caught.value.outcome is Outcome.TOO_LARGE


def test_an_endless_body_is_too_large(transport: Transport, serve: Serve) -> None:
    def endless(peer: Peer) -> None:
        peer.send(head("Connection: close"))
        while not peer.closing.is_set():
            peer.send(b" " * MIB)

    cloud = serve(endless)
    with pytest.raises(CloudError, match=r"^too large$"):
        transport.exchange("GET", cloud.url)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_gzip_bomb_takes_little_memory(transport: Transport, serve: Serve, layers: int) -> None:
    packed = bomb(64 * MIB)
    if layers == 2:
        outer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        packed = outer.compress(packed) + outer.flush()
    whole = answer(packed, f"Content-Encoding: {', '.join(['gzip'] * layers)}")
    cloud = serve(lambda peer: peer.send(whole))
    gc.collect()
    tracemalloc.start()
    try:
        with pytest.raises(CloudError, match=r"^too large$"):
            transport.exchange("GET", cloud.url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24 * MIB


def test_abort_frees_a_hung_call(serve: Serve) -> None:
    cloud = serve(Peer.hang)
    transport = Transport(time_limit=60)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(transport.exchange, "GET", cloud.url)
        assert cloud.asked.wait(AT_MOST)
        assert not call.done()
        transport.abort()
        assert isinstance(call.exception(AT_MOST), CloudError)
    transport.close()


def test_abort_frees_a_call_that_hangs_in_its_body(serve: Serve) -> None:
    cloud = serve(hang_in_the_body)
    transport = Transport(time_limit=60)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(transport.exchange, "GET", cloud.url)
        assert cloud.asked.wait(AT_MOST)
        transport.abort()
        assert isinstance(call.exception(AT_MOST), CloudError)
    transport.close()


def test_abort_without_a_call_does_no_harm(transport: Transport, serve: Serve) -> None:
    cloud = serve(answers(b"[1]"))
    transport.abort()
    assert transport.exchange("GET", cloud.url).body == [1]
    transport.abort()
    assert transport.exchange("GET", cloud.url).body == [1]
