"""Connections that cannot be had, or that end too soon."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from exporter.errors import CloudError, Outcome
from exporter.rest import Bearer, Transport
from tests.rest.servers import Act, Peer, Serve, answer, answers, head
from tests.support.tls import server_context

TOKEN = "t0ken-of-the-test"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Trust the test's authority, as a company that has one of its own would."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    return path


@pytest.fixture
def unused_port() -> Iterator[int]:
    """Return a port that is bound, so that nobody else has it, and does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def outcome_of(transport: Transport, url: str) -> Outcome:
    with pytest.raises(CloudError) as caught:
        transport.exchange("GET", url, auth=Bearer(TOKEN))
    assert caught.value.status is None
    return caught.value.outcome


def test_a_refused_connection_is_told_at_once(transport: Transport, unused_port: int) -> None:
    began = time.monotonic()
    assert outcome_of(transport, f"http://127.0.0.1:{unused_port}/") is Outcome.CONNECTION
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_does_not_exist_is_dns(transport: Transport, scheme: str) -> None:
    assert outcome_of(transport, f"{scheme}://cloud.invalid/") is Outcome.DNS


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_is_trusted_and_has_the_name_is_fine(
    transport: Transport, serve: Serve, authority: trustme.CA
) -> None:
    cloud = serve(answers(b"[1]"), server_context(authority.issue_cert("127.0.0.1")))
    assert transport.exchange("GET", cloud.url, auth=Bearer(TOKEN)).body == [1]
    assert TOKEN.encode() in cloud.requests[0]


def test_a_certificate_of_an_authority_that_is_not_trusted_is_tls(
    transport: Transport, serve: Serve, authority: trustme.CA
) -> None:
    cloud = serve(answers(b"[1]"), server_context(authority.issue_cert("127.0.0.1")))
    assert outcome_of(transport, cloud.url) is Outcome.TLS
    assert cloud.requests == [], "the token was not sent"


@pytest.mark.usefixtures("trusted")
def test_a_certificate_with_another_name_is_tls(
    transport: Transport, serve: Serve, authority: trustme.CA
) -> None:
    cloud = serve(answers(b"[1]"), server_context(authority.issue_cert("cloud.example")))
    assert outcome_of(transport, cloud.url) is Outcome.TLS
    assert cloud.requests == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_has_expired_is_tls(
    transport: Transport, serve: Serve, authority: trustme.CA
) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = authority.issue_cert("127.0.0.1", not_before=past, not_after=past)
    cloud = serve(answers(b"[1]"), server_context(certificate))
    assert outcome_of(transport, cloud.url) is Outcome.TLS
    assert cloud.requests == []


def test_a_server_that_does_not_speak_tls_is_tls(transport: Transport, serve: Serve) -> None:
    cloud = serve(answers(b"[]", status="400 Bad Request"), waits=False)
    assert outcome_of(transport, f"https://127.0.0.1:{cloud.port}/") is Outcome.TLS


def short_body(peer: Peer) -> None:
    peer.send(head("Content-Length: 50"), b"[1]")
    peer.hang_up()


BROKEN: dict[str, Act] = {
    "no answer": Peer.hang_up,
    "no status line": lambda peer: peer.send(b"hello\r\n\r\n"),
    "a status that is no number": lambda peer: peer.send(b"HTTP/1.1 abc OK\r\n\r\n"),
    "a body that ends too soon": short_body,
    "a chunk without a size": lambda peer: peer.send(
        head("Transfer-Encoding: chunked"), b"zz\r\n[1]\r\n"
    ),
    "two lengths": lambda peer: peer.send(head("Content-Length: 2", "Content-Length: 3"), b"[]"),
    "a header line too long": lambda peer: peer.send(answer(b"[]", f"X-Long: {'x' * 70_000}")),
    "too many headers": lambda peer: peer.send(
        answer(b"[]", *(f"X-{number}: x" for number in range(200)))
    ),
}


@pytest.mark.parametrize("act", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_conversation_is_a_connection_that_failed(
    transport: Transport, serve: Serve, act: Act
) -> None:
    assert outcome_of(transport, serve(act).url) is Outcome.CONNECTION


def test_a_transport_that_was_closed_makes_no_call(serve: Serve) -> None:
    cloud = serve(answers(b"[1]"))
    transport = Transport()
    transport.close()
    with pytest.raises(CloudError, match=r"^connection$"):
        transport.exchange("GET", cloud.url)
    assert cloud.connections == 0
