"""Where the token goes: to the cloud that was meant, and nowhere else."""

import base64
import threading
from pathlib import Path

import pytest
import requests

from exporter import __version__
from exporter.errors import CloudError, Outcome
from exporter.rest import Bearer, Transport
from tests.rest.servers import Cloud, Peer, Serve, answer, answers

TOKEN = "t0ken-of-the-test"


def headers_of(request: bytes) -> dict[str, str]:
    lines = request.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


@pytest.fixture
def cloud(serve: Serve) -> Cloud:
    return serve(answers(b"[]"))


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a ~/.netrc in force that has a password for this machine."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".netrc"
    path.write_text("machine 127.0.0.1 login me password of-netrc\ndefault login x password y\n")
    path.chmod(0o600)


def test_a_call_says_who_asks_and_what_it_wants(transport: Transport, cloud: Cloud) -> None:
    transport.exchange("GET", f"{cloud.url}/homely/locations", auth=Bearer(TOKEN))
    assert cloud.requests[0].startswith(b"GET /homely/locations HTTP/1.1\r\n")
    headers = headers_of(cloud.requests[0])
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["user-agent"] == f"home-exporter/{__version__}"
    assert headers["accept"] == "application/json"


def test_a_body_is_sent_as_json(transport: Transport, cloud: Cloud) -> None:
    transport.exchange("POST", cloud.url, body={"username": "me", "password": "blåbær"})
    assert cloud.requests[0].startswith(b"POST / HTTP/1.1\r\n")
    assert headers_of(cloud.requests[0])["content-type"] == "application/json"


def test_a_call_without_a_token_has_no_authorization(transport: Transport, cloud: Cloud) -> None:
    transport.exchange("POST", cloud.url, body={})
    assert "authorization" not in headers_of(cloud.requests[0])


@pytest.mark.usefixtures("netrc")
def test_netrc_does_not_replace_the_token(transport: Transport, cloud: Cloud) -> None:
    requests.get(cloud.url, timeout=5)
    basic = base64.b64encode(b"me:of-netrc").decode()
    assert headers_of(cloud.requests[0])["authorization"] == f"Basic {basic}", "it is in force"

    transport.exchange("GET", cloud.url, auth=Bearer(TOKEN))
    transport.exchange("POST", cloud.url, body={})

    assert headers_of(cloud.requests[1])["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in headers_of(cloud.requests[2])


@pytest.mark.usefixtures("netrc")
def test_without_the_environment_neither_proxy_nor_netrc_counts(
    serve: Serve, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(answers(b"[]"))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    transport = Transport(use_environment=False)
    transport.exchange("GET", cloud.url, auth=Bearer(TOKEN))
    transport.close()
    assert headers_of(cloud.requests[0])["authorization"] == f"Bearer {TOKEN}"
    assert proxy.connections == 0


def test_no_cookie_is_kept(transport: Transport, serve: Serve) -> None:
    cloud = serve(answers(b"[]", "Set-Cookie: session=s3cr3t"))
    for _ in range(2):
        transport.exchange("GET", cloud.url)
    assert "cookie" not in headers_of(cloud.requests[1])


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 Other", "307 Temp", "308 Perm"])
def test_a_redirect_is_not_followed(transport: Transport, serve: Serve, status: str) -> None:
    thief = serve(answers(b"[]"))
    cloud = serve(answers(b"", f"Location: {thief.url}/stolen", status=status))
    with pytest.raises(CloudError) as caught:
        transport.exchange("GET", cloud.url, auth=Bearer(TOKEN))
    assert caught.value.outcome is Outcome.REDIRECT
    assert len(cloud.requests) == 1
    assert thief.connections == 0


def test_one_connection_serves_many_calls(transport: Transport, cloud: Cloud) -> None:
    for _ in range(5):
        transport.exchange("GET", cloud.url, auth=Bearer(TOKEN))
    assert (len(cloud.requests), cloud.connections) == (5, 1)


def test_a_connection_that_the_cloud_closed_meanwhile_costs_no_call(
    transport: Transport, serve: Serve
) -> None:
    gone = threading.Event()

    def answer_and_hang_up(peer: Peer) -> None:
        peer.send(answer(b"[1]"))
        peer.hang_up()
        gone.set()

    cloud = serve(answer_and_hang_up)
    for _ in range(3):
        gone.clear()
        assert transport.exchange("GET", cloud.url).body == [1]
        assert gone.wait(5)
    assert cloud.connections == 3
