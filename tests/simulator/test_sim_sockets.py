"""Sockets: events arrive, bad tokens are turned away, and every misfortune reaches the wire."""

import asyncio

import aiohttp
import pytest
import socketio

from exporter.simulator import EventForm, Fault, Simulator, small_world
from tests.simulator.helpers import Client, MakeClient, Socket
from tests.support.manual_clock import ManualClock
from tests.support.waiting import eventually


async def joined(client: Client) -> tuple[str, Socket]:
    location = client.sim.world.homes[0].location_id
    socket = await (await client.socket(location, await client.token())).join()
    await eventually(lambda: client.sim.homely.live_sockets(location) == 1)
    return location, socket


async def test_event_reaches_a_real_client(small: Client) -> None:
    location, token = small.sim.world.homes[0].location_id, await small.token()
    got: asyncio.Queue[object] = asyncio.Queue()
    client = socketio.AsyncClient(reconnection=False, http_session=small.http)
    client.on("event", got.put)
    await client.connect(
        f"{small.sim.homely_url}?locationId={location}&token=Bearer%20{token}",
        transports=["websocket"],
    )
    await eventually(lambda: small.sim.homely.live_sockets(location) == 1)
    assert await small.sim.homely.emit(location, {"type": "x", "payload": 1}) == 1
    assert await asyncio.wait_for(got.get(), 5) == {"type": "x", "payload": 1}
    await client.disconnect()
    await eventually(lambda: small.sim.homely.live_sockets() == 0)


async def test_changes_arrive_as_events(small: Client, clock: ManualClock) -> None:
    location, socket = await joined(small)
    clock.advance(4 * 3600)
    await small.sim.advance()
    event = await socket.event()
    assert event["type"] == "device-state-changed"
    assert event["data"]["rootLocationId"] == location
    assert event["data"]["change"] == event["data"]["changes"][0]
    assert {"feature", "stateName", "value", "lastUpdated"} == set(event["data"]["change"])


async def test_several_features_in_one_event(small: Client, clock: ManualClock) -> None:
    _, socket = await joined(small)
    clock.advance(4 * 3600)
    await small.sim.advance()
    events = [await socket.event() for _ in small.sim.world.homes[0].devices]
    features = [{c["feature"] for c in event["data"]["changes"]} for event in events]
    assert any({"temperature", "diagnostic"} <= found for found in features)


async def test_other_forms_of_an_event(small: Client, clock: ManualClock) -> None:
    small.sim.world.homes[0].form = EventForm("payload", with_change=False, with_partner=False)
    _, socket = await joined(small)
    clock.advance(600)
    await small.sim.advance()
    event = await socket.event()
    assert set(event["payload"]) == {
        "deviceId",
        "gatewayId",
        "locationId",
        "modelId",
        "rootLocationId",
        "changes",
    }


async def test_alarm_event_carries_the_user(small: Client) -> None:
    location, socket = await joined(small)
    world = small.sim.world
    await small.sim.publish([world.set_alarm(world.homes[0], "ARMED_NIGHT", small.sim.now())])
    event = await socket.event()
    assert event["type"] == "alarm-state-changed"
    assert event["data"]["locationId"] == location
    assert event["data"]["userName"] == "Kari Eksempel"
    assert event["data"]["eventId"] == 1


async def test_a_connected_socket_survives_token_expiry(small: Client, clock: ManualClock) -> None:
    location, socket = await joined(small)
    clock.advance(3600)
    await small.sim.homely.emit(location, "still here")
    assert await socket.event() == "still here"


async def test_bad_token_connects_and_is_dropped(small: Client) -> None:
    location = small.sim.world.homes[0].location_id
    socket = await (await small.socket(location, "bad")).join()
    await socket.until_closed()
    assert [c.status for c in small.sim.calls if c.endpoint == "connect"] == [401]
    assert small.sim.homely.live_sockets() == 0


async def test_expired_token_is_dropped(small: Client, clock: ManualClock) -> None:
    token = await small.token()
    clock.advance(60)
    socket = await (await small.socket(small.sim.world.homes[0].location_id, token)).join()
    await socket.until_closed()


async def test_unknown_location_is_dropped(small: Client) -> None:
    socket = await (await small.socket("nowhere", await small.token())).join()
    await socket.until_closed()
    assert small.sim.calls[-1].status == 403


async def test_bad_token_can_be_refused_instead(
    clock: ManualClock, make_client: MakeClient
) -> None:
    sim = Simulator(clock=clock, world=small_world(), turn_away="refuse")
    client = await make_client(sim)
    socket = await client.socket("any", "bad")
    await socket.text()
    await socket.ws.send_str("40")
    assert await socket.text() == '44{"message":"Invalid JWT"}'


async def test_sockets_can_be_dropped(small: Client) -> None:
    location, socket = await joined(small)
    assert await small.sim.homely.drop_sockets("elsewhere") == 0
    assert await small.sim.homely.drop_sockets(location) == 1
    assert await socket.until_closed() == ["41", "1"]
    assert small.sim.homely.live_sockets() == 0


async def test_pings_follow_the_configured_interval(
    clock: ManualClock, make_client: MakeClient
) -> None:
    sim = Simulator(clock=clock, world=small_world(), ping_interval=1, ping_timeout=1)
    client = await make_client(sim)
    location = sim.world.homes[0].location_id
    socket = await client.socket(location, await client.token())
    assert '"pingTimeout":1000,"pingInterval":1000' in await socket.text()
    await socket.ws.send_str("40")
    await socket.frame()
    assert (await socket.frame()).data == "2"


async def test_emitting_to_a_dead_socket_raises_nothing(small: Client) -> None:
    location, socket = await joined(small)
    transport = socket.ws._response.connection.transport  # type: ignore[union-attr]
    transport.abort()  # type: ignore[union-attr]
    for number in range(100):
        await small.sim.homely.emit(location, {"number": number})
    await eventually(lambda: small.sim.homely.live_sockets() == 0)
    assert await small.sim.homely.emit(location, {}) == 0


async def test_refused_handshake(small: Client) -> None:
    await small.sim.inject(Fault(kind="refuse", endpoint="connect", times=1))
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await small.socket(small.sim.world.homes[0].location_id, await small.token())
    assert caught.value.status == 503
    assert small.sim.calls[-1].status == 503
    await joined(small)


@pytest.mark.parametrize("now", [False, True])
@pytest.mark.parametrize("kind", ["drop_after_connect", "engineio_close"])
async def test_server_closes(small: Client, kind: str, now: bool) -> None:  # noqa: FBT001
    fault = Fault(kind=kind, seconds=0.01, times=1, now=now)  # type: ignore[arg-type]
    if not now:
        await small.sim.inject(fault)
    location = small.sim.world.homes[0].location_id
    socket = await (await small.socket(location, await small.token())).join()
    if now:
        await small.sim.inject(fault)
    assert (await socket.until_closed())[-1] == "1"
    await eventually(lambda: small.sim.homely.live_sockets() == 0)


async def test_garbage_frames_arrive(small: Client) -> None:
    _, socket = await joined(small)
    await small.sim.inject(Fault(kind="garbage", now=True))
    frames = [(await socket.frame()).data for _ in range(4)]
    assert frames == ['42["event",{"type":', "4{{{", b"\xff\x00\xfe", "zzz"]


async def test_black_hole_says_nothing_and_does_not_close(
    clock: ManualClock, make_client: MakeClient
) -> None:
    sim = Simulator(clock=clock, world=small_world(), ping_interval=1, ping_timeout=1)
    client = await make_client(sim)
    location, socket = await joined(client)
    await sim.inject(Fault(kind="black_hole", now=True))
    await eventually(lambda: sim.homely.live_sockets() == 0)
    assert await sim.homely.emit(location, "lost") == 0
    await socket.ws.send_str("3")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(socket.ws.receive(), 2.5)
    assert not socket.ws.closed


async def test_invalid_jwt_is_a_connect_error(small: Client) -> None:
    await small.sim.inject(Fault(kind="invalid_jwt", vendor="homely", times=1))
    socket = await small.socket(small.sim.world.homes[0].location_id, await small.token())
    await socket.text()
    await socket.ws.send_str("40")
    assert await socket.text() == '44{"message":"Invalid JWT"}'


async def test_token_expires_during_connect(small: Client) -> None:
    await small.sim.inject(Fault(kind="expire_during_connect", times=1))
    token = await small.token()
    location = small.sim.world.homes[0].location_id
    socket = await (await small.socket(location, token)).join()
    await socket.until_closed()
    assert (await small.get("/homely/locations", token)).status == 401


async def test_a_fault_for_one_location_spares_another(client: Client) -> None:
    spared, hit = client.sim.world.logins[0].homes
    token = await client.token()
    await client.sim.inject(Fault(kind="refuse", location_id=hit.location_id))
    await (await client.socket(spared.location_id, token)).join()
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.socket(hit.location_id, token)


async def test_stop_with_sockets_in_every_state(
    clock: ManualClock, make_client: MakeClient
) -> None:
    client = await make_client(Simulator(clock=clock, world=small_world()))
    await joined(client)
    await client.socket("nowhere", "bad")
    await client.sim.inject(Fault(kind="black_hole", seconds=60))
    await client.sim.stop()
    await client.sim.stop()
    assert client.sim.homely.live_sockets() == 0


async def test_the_clouds_can_be_restarted_on_their_port(small: Client) -> None:
    location, socket = await joined(small)
    port = int(small.sim.homely_url.rsplit(":", 1)[1])
    await small.sim.stop()
    await socket.until_closed()
    await small.sim.start(port=port)
    again = await (await small.socket(location, await small.token())).join()
    await eventually(lambda: small.sim.homely.live_sockets() == 1)
    await small.sim.homely.emit(location, "back")
    assert await again.event() == "back"
