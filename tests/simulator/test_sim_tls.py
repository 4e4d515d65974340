"""TLS of the clouds: a certificate that has their name, and one that has another's."""

import ssl
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
import trustme

from exporter.simulator import Fault, Simulator, small_world
from tests.simulator.helpers import Client, MakeClient
from tests.support.manual_clock import ManualClock
from tests.support.tls import certifier
from tests.support.waiting import eventually

PLACES = "/v2/places"

Secure = Callable[[], Awaitable[Client]]


@pytest.fixture
def secure(clock: ManualClock, make_client: MakeClient) -> Secure:
    """Return what makes a client that trusts the authority of its simulator."""

    async def make() -> Client:
        authority = trustme.CA()
        sim = Simulator(clock=clock, world=small_world(), certify=certifier(authority))
        client = await make_client(sim)
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        await client.http.close()
        # Each call has a connection of its own, and so a handshake.
        connector = aiohttp.TCPConnector(ssl=trust, force_close=True)
        client.http = aiohttp.ClientSession(connector=connector)
        return client

    return make


async def test_the_clouds_are_served_over_tls(secure: Secure) -> None:
    client = await secure()
    assert client.sim.homely_url.startswith("https://")
    assert (await client.wally(PLACES)).status == 200
    location = client.sim.world.homes[0].location_id
    await (await client.socket(location, await client.token())).join()
    await eventually(lambda: client.sim.homely.live_sockets(location) == 1)


async def test_a_certificate_of_another_host_is_shown_to_new_connections(secure: Secure) -> None:
    client = await secure()
    assert (await client.wally(PLACES)).status == 200
    await client.sim.inject(Fault(kind="wrong_name", vendor="wally"))
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await client.wally(PLACES)
    assert client.sim.call_log.count("places") == 1, "the token was not sent"
    await client.token()
    client.sim.clear_faults()
    assert (await client.wally(PLACES)).status == 200


async def test_a_wrong_name_is_refused_without_tls(small: Client) -> None:
    with pytest.raises(ValueError, match="only where the clouds are served over TLS"):
        await small.sim.inject(Fault(kind="wrong_name"))
