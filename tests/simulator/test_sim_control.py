"""The control interface: it mirrors the Python one and explains what it cannot do."""

from typing import Any

import pytest

from tests.simulator.helpers import Client
from tests.support.waiting import eventually


async def test_world_tells_what_a_client_needs(client: Client) -> None:
    answer = await client.call("GET", client.sim.control_url + "/control/world")
    assert answer.json["homely"]["url"] == client.sim.homely_url
    assert answer.json["homely"]["logins"][0]["password"] == client.sim.homely_logins[0][1]
    assert len(answer.json["homely"]["homes"]) == 3
    assert answer.json["homely"]["homes"][0]["sockets"] == 0
    assert answer.json["wally"]["tokens"] == client.sim.wally_tokens
    assert len(answer.json["wally"]["places"][0]["sensors"]) == 3


async def test_state_is_set_and_emitted(small: Client) -> None:
    home = small.sim.world.homes[0]
    socket = await (await small.socket(home.location_id, await small.token())).join()
    await eventually(lambda: small.sim.homely.live_sockets() == 1)
    body = {"location": "Home", "device": "Under the sink", "feature": "alarm", "state": "flood"}
    assert (await small.control("state", {**body, "value": True, "hold": 60})).status == 200
    event = await socket.event()
    assert event["data"]["changes"][0]["value"] is True
    shown = await small.get(f"/homely/home/{home.location_id}", await small.token())
    assert shown.json["devices"][0]["features"]["alarm"]["states"]["flood"]["value"] is True


async def test_state_of_a_wally_sensor(small: Client) -> None:
    place = small.sim.world.places[0]
    snid = place.sensors[0].device_id
    body = {"location": place.label, "device": snid, "feature": "state", "state": "TEMP"}
    assert (await small.control("state", {**body, "value": -5})).status == 200
    assert place.sensors[0].read("state", "TEMP") == -5


async def test_emit_alarm_and_drop(small: Client) -> None:
    home = small.sim.world.homes[0]
    socket = await (await small.socket(home.location_id, await small.token())).join()
    await eventually(lambda: small.sim.homely.live_sockets() == 1)
    sent = await small.control("emit", {"location": home.location_id, "payload": {"type": "odd"}})
    assert sent.json == {"sockets": 1}
    assert await socket.event() == {"type": "odd"}
    await small.control("alarm", {"location": "Home", "state": "ARMED_AWAY"})
    assert (await socket.event())["data"]["state"] == "ARMED_AWAY"
    assert (await small.control("drop-sockets", {"location": "Home"})).json == {"dropped": 1}
    assert (await small.control("drop-sockets")).json == {"dropped": 0}


async def test_faults_are_set_and_cleared(small: Client) -> None:
    await small.control("fault", {"kind": "status", "vendor": "wally", "status": 500})
    assert (await small.wally("/v2/places")).status == 500
    await small.control("clear")
    assert (await small.wally("/v2/places")).status == 200


async def test_scenario_is_started(small: Client) -> None:
    answer = await small.control("scenario", {"name": "leak"})
    assert answer.json["steps"][0]["at"] == 10
    assert small.sim.scenario.name == "leak"
    assert (await small.control("advance")).status == 200


async def test_wally_by_hand(small: Client) -> None:
    sensor = small.sim.world.places[0].sensors[0]
    target = {"url": "http://127.0.0.1:1/none"}
    assert (await small.control("wally/target", target)).json == {"targets": [target["url"]]}
    await small.control("wally/leak", {"snid": sensor.device_id, "wet": True})
    assert sensor.read("state", "LEAK") == 15
    move = {"snid": sensor.device_id, "type": "alarm", "state": "acknowledged"}
    assert (await small.control("wally/activity", move)).json == move
    raw = await small.control("wally/activity", {"activity": {"snid": "new"}})
    assert raw.json == {"statuses": [None]}
    assert len(small.sim.wally.sender.receipts) == 3


async def test_calls_are_listed_and_forgotten(small: Client) -> None:
    await small.token()
    url = small.sim.control_url + "/control/calls"
    assert [call["endpoint"] for call in (await small.call("GET", url)).json] == ["token"]
    await small.call("DELETE", url)
    assert (await small.call("GET", url)).json == []


STATE = {
    "location": "Home",
    "device": "Front door",
    "feature": "alarm",
    "state": "alarm",
    "value": True,
}


@pytest.mark.parametrize(
    ("path", "body", "complaint"),
    [
        ("state", {}, "location: missing"),
        ("state", {**STATE, "location": "Moon"}, "location: no home 'Moon'"),
        ("state", {**STATE, "device": "None"}, "device: no 'None' in this location"),
        ("state", {**STATE, "feature": 3}, "feature: expected a string"),
        ("state", {**STATE, "hold": "x"}, "hold: expected a number of seconds"),
        ("state", [1], "the body must be a JSON object"),
        ("emit", {"location": "Home"}, "payload: missing"),
        ("fault", {"kind": "status", "colour": "red"}, "colour: Unexpected keyword"),
        ("scenario", {"name": "war"}, "name: expected one of calm"),
        ("wally/activity", {"activity": 1}, "activity: expected an object"),
        ("wally/activity", {"snid": "x", "type": "a"}, "snid: no sensor 'x'"),
        ("wally/target", {"url": "x", "token": "y"}, "token: no such Wally account"),
        ("drop-sockets", {"location": 1}, "location: expected a string"),
    ],
)
async def test_bad_input_is_explained(small: Client, path: str, body: Any, complaint: str) -> None:
    answer = await small.control(path, body)
    assert answer.status == 400
    assert answer.json["error"].startswith(complaint)


async def test_bad_activity_state_and_leak(small: Client) -> None:
    snid = small.sim.world.places[0].sensors[0].device_id
    odd = await small.control("wally/activity", {"snid": snid, "type": "alarm", "state": "odd"})
    assert odd.json["error"].startswith("state: expected one of open")
    wet = await small.control("wally/leak", {"snid": snid, "wet": 1})
    assert wet.json["error"] == "wet: expected true or false"


async def test_a_body_that_is_not_json(small: Client) -> None:
    url = small.sim.control_url + "/control/fault"
    answer = await small.call("POST", url, data=b"{")
    assert (answer.status, answer.json["error"]) == (400, "the body is not JSON")
