"""Callbacks: activities arrive at a tiny receiver as the vendor sends them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from exporter.simulator import Delivery
from tests.simulator.helpers import Client


@dataclass
class Receiver:
    url: str = ""
    bodies: list[Any] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        return web.Response(status=204)


@pytest.fixture
async def receiver(small: Client) -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/callbacks", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callbacks"
    small.sim.callback_targets.append(made.url)
    yield made
    await runner.cleanup()


async def leak(client: Client, *, wet: bool) -> None:
    sensor = client.sim.world.places[0].sensors[0]
    await client.sim.publish(client.sim.world.set_leak(sensor, wet=wet, now=client.sim.now()))


async def test_a_leak_posts_its_activity(small: Client, receiver: Receiver) -> None:
    await leak(small, wet=True)
    await leak(small, wet=False)
    assert [body["state"] for body in receiver.bodies] == ["open", "resolved"]
    assert set(receiver.bodies[0]) == {"snid", "created", "type", "state", "viewParams"}
    assert receiver.bodies[0]["created"] == receiver.bodies[1]["created"]


async def test_twice_and_in_an_array(small: Client, receiver: Receiver) -> None:
    small.sim.wally.sender.delivery = Delivery(copies=2, as_array=True)
    await leak(small, wet=True)
    assert [body[0]["type"] for body in receiver.bodies] == ["alarm", "alarm"]


async def test_out_of_order(small: Client, receiver: Receiver) -> None:
    small.sim.wally.sender.delivery = Delivery(out_of_order=True)
    await leak(small, wet=True)
    assert receiver.bodies == []
    await leak(small, wet=False)
    assert [body["state"] for body in receiver.bodies] == ["resolved", "open"]


async def test_what_is_held_back_can_be_flushed(small: Client, receiver: Receiver) -> None:
    small.sim.wally.sender.delivery = Delivery(out_of_order=True)
    await leak(small, wet=True)
    await small.sim.wally.sender.flush()
    assert len(receiver.bodies) == 1


async def test_any_activity_can_be_sent(small: Client, receiver: Receiver) -> None:
    receipts = await small.sim.wally.send_callback({"snid": "x", "type": "new"})
    assert [receipt.status for receipt in receipts] == [204]
    assert receiver.bodies == [{"snid": "x", "type": "new"}]


async def test_nobody_listening_is_only_noted(small: Client) -> None:
    small.sim.callback_targets.append("http://127.0.0.1:1/none")
    await leak(small, wet=True)
    assert [receipt.status for receipt in small.sim.wally.sender.receipts] == [None]


async def test_no_target_no_post(small: Client) -> None:
    assert await small.sim.wally.send_callback({}) == []
