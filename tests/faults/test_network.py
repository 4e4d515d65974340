"""The cloud cannot be reached, or somebody else is there."""

import random
import socket
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from exporter.clock import Clock
from exporter.simulator import Simulator, small_world
from exporter.sources.homely import HomelyVendor
from exporter.sources.homely.stream import Connector
from exporter.sources.vendors import VENDORS
from tests.faults.conftest import Begin
from tests.support.manual_clock import ManualClock
from tests.support.tls import certifier

NAME = "localhost"


async def test_dns_failure(begin: Begin, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drill = await begin(hosts={vendor: NAME})
    resolve = socket.getaddrinfo

    def fail(host: Any, *arguments: Any, **options: Any) -> Any:
        if host == NAME:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **options)

    await drill.strike()
    with monkeypatch.context() as resolver:
        resolver.setattr(socket, "getaddrinfo", fail)
        drill.running.sim.hang_up()  # a connection that is kept needs no name
        await drill.lasts()
    await drill.ends()


async def test_refused(begin: Begin) -> None:
    drill = await begin()
    await drill.strike()
    await drill.running.sim.shut(drill.vendor)
    await drill.lasts()
    await drill.running.sim.reopen(drill.vendor)
    await drill.ends()


async def test_tls_with_a_wrong_name(
    begin: Begin, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    sim = Simulator(clock=clock, world=small_world(), certify=certifier(authority))
    parts = {"vendors": VENDORS | {"homely": trusting(authority)}}
    drill = await begin(sim, use_environment=True, parts=parts)

    await drill.strike()
    await drill.lasts()
    assert all(call.status < 400 for call in sim.calls), "nothing was asked of the stranger"
    await drill.ends()


def trusting(authority: trustme.CA) -> type[HomelyVendor]:
    """Return the Homely vendor with sockets that trust an authority of the test's."""

    class Trusting(Connector):
        @property
        def session(self) -> aiohttp.ClientSession:
            if self._session is None:
                trust = ssl.create_default_context()
                authority.configure_trust(trust)
                connector = aiohttp.TCPConnector(limit=0, ssl=trust)
                self._session = aiohttp.ClientSession(connector=connector)
            return self._session

    class Vendor(HomelyVendor):
        def __init__(self, clock: Clock, rng: random.Random) -> None:
            super().__init__(clock, rng)
            self._connector = Trusting(clock, rng)

    return Vendor
