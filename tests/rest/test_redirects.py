"""A redirect is an answer like any other: it is not followed, whatever is in it."""

import gc
import time
import tracemalloc
import zlib

import pytest

from exporter.errors import CloudError, Outcome
from exporter.rest import Bearer, Transport
from tests.rest.servers import Peer, Serve, answer, head

MIB = 1024 * 1024
TOKEN = "t0ken-of-the-test"


def bomb(size: int) -> bytes:
    """Return gzip data that unpacks to so many blanks; each piece of it is packed once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    first, again = (packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * (size // MIB - 1)


def redirect(peer: Peer, location: bytes, body: bytes = b"", *headers: str) -> None:
    whole = answer(body, "Location: @", *headers, status="302 Found")
    peer.send(whole.replace(b"@", location, 1))


def outcome_of(transport: Transport, url: str) -> Outcome:
    with pytest.raises(CloudError, match=r"^HTTP 302$") as caught:
        transport.exchange("GET", url, auth=Bearer(TOKEN))
    return caught.value.outcome


def test_a_redirect_whose_body_unpacks_to_600_mib_takes_little_memory_and_time(
    transport: Transport, serve: Serve
) -> None:
    packed = bomb(600 * MIB)
    cloud = serve(lambda peer: redirect(peer, b"/b", packed, "Content-Encoding: gzip"))
    gc.collect()
    tracemalloc.start()
    began = time.monotonic()
    try:
        assert outcome_of(transport, cloud.url) is Outcome.REDIRECT
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24 * MIB
    assert time.monotonic() - began < 10


def endless(peer: Peer) -> None:
    peer.send(head("Location: /b", "Connection: close", status="302 Found"))
    peer.drip(b" " * 10_000)


def test_a_redirect_whose_body_never_ends_is_cut_at_the_time_limit(
    hasty: Transport, serve: Serve
) -> None:
    assert outcome_of(hasty, serve(endless).url) is Outcome.REDIRECT


@pytest.mark.parametrize(
    "location",
    [b"http://[::1", b"\xff\xfe", b"http://[", b"", b"//", b"http://:x/", b"\xc3\x28", b"?" * 9000],
    ids=repr,
)
def test_a_redirect_to_an_address_that_is_none_is_a_redirect(
    transport: Transport, serve: Serve, location: bytes
) -> None:
    cloud = serve(lambda peer: redirect(peer, location))
    assert outcome_of(transport, cloud.url) is Outcome.REDIRECT
    assert outcome_of(transport, cloud.url) is Outcome.REDIRECT
    assert len(cloud.requests) == 2


def test_a_redirect_is_not_followed_and_carries_no_token_away(
    transport: Transport, serve: Serve
) -> None:
    other = serve(lambda peer: peer.send(answer(b"[1]")))
    cloud = serve(lambda peer: redirect(peer, f"{other.url}/b".encode()))
    assert outcome_of(transport, cloud.url) is Outcome.REDIRECT
    assert other.connections == 0
