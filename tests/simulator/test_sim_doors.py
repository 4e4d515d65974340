"""Where the clouds listen: connections are hung up, refused, and had again."""

import asyncio
import gc
import socket
from contextlib import suppress

import aiohttp
import pytest
from aiohttp import web

from exporter.simulator.door import Door
from tests.simulator.helpers import PATIENCE, Client
from tests.support.waiting import eventually

PLACES = "/v2/places"


async def test_a_cloud_that_is_shut_refuses_connections_until_it_reopens(small: Client) -> None:
    url = small.sim.wally_url
    await small.sim.shut("wally")
    for _ in range(2):
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await small.wally(PLACES)
        assert isinstance(caught.value.os_error, ConnectionRefusedError)
    assert (await small.post("/homely/oauth/token")).status == 400, "the other cloud is spared"
    await small.sim.reopen("wally")
    assert small.sim.wally_url == url
    assert (await small.wally(PLACES)).status == 200


async def test_a_cloud_that_is_shut_closes_its_sockets(small: Client) -> None:
    location, token = small.sim.world.homes[0].location_id, await small.token()
    socket = await (await small.socket(location, token)).join()
    await eventually(lambda: small.sim.homely.live_sockets(location) == 1)
    await small.sim.shut("homely")
    await socket.until_closed()
    await small.sim.reopen("homely")
    await (await small.socket(location, token)).join()
    await eventually(lambda: small.sim.homely.live_sockets(location) == 1)


async def test_a_simulator_can_be_stopped_while_a_cloud_is_shut(small: Client) -> None:
    await small.sim.shut("homely")
    await small.sim.stop()
    await small.sim.start()
    assert await small.token()


async def test_connections_are_hung_up_and_sockets_spared(small: Client) -> None:
    location, token = small.sim.world.homes[0].location_id, await small.token()
    socket = await (await small.socket(location, token)).join()
    await eventually(lambda: small.sim.homely.live_sockets(location) == 1)
    reader, writer = await asyncio.open_connection(*_address(small.sim.wally_url))
    writer.write(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readline()).endswith(b"404 Not Found\r\n")
    small.sim.hang_up()
    await asyncio.wait_for(reader.read(), PATIENCE)  # up to the end of the connection
    writer.close()
    await small.sim.homely.emit(location, "still here")
    assert await socket.event() == "still here"


def _address(url: str) -> tuple[str, int]:
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


@pytest.mark.parametrize("turns", range(4))
async def test_who_comes_in_as_a_door_closes_is_shown_out(turns: int) -> None:
    door = Door(web.Application)
    await door.open("127.0.0.1", 0)
    port = int(door.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        for _ in range(turns):
            await asyncio.sleep(0)
        await door.close()
        with suppress(ConnectionResetError):  # as good an end as any
            assert client.recv(1) == b""
    gc.collect()  # what was left open tells of itself
