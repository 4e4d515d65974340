"""Transports, and real servers for them to call."""

import ssl
from collections.abc import Iterator

import pytest

from exporter.rest import Transport
from tests.rest.servers import Act, Cloud, Serve


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies and the certificates of who runs the tests out of them."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what starts a server that plays an act for each request."""
    clouds: list[Cloud] = []

    def start(act: Act, tls: ssl.SSLContext | None = None, *, waits: bool = True) -> Cloud:
        clouds.append(Cloud(act, tls, waits).start())
        return clouds[-1]

    yield start
    for cloud in clouds:
        cloud.stop()


@pytest.fixture
def transport() -> Iterator[Transport]:
    """Return a transport as the exporter makes it."""
    made = Transport()
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[Transport]:
    """Return a transport that gives a call half a second."""
    made = Transport(time_limit=0.5)
    yield made
    made.close()
