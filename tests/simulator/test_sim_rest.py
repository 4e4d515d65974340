"""REST: locations, homes, places and sensors as documented and as homes were seen to answer."""

import json
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from exporter.simulator import PRIVATE_MARKERS
from exporter.simulator.models import MODELS
from tests.simulator.helpers import Client
from tests.support.manual_clock import ManualClock

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def homes(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(len(client.sim.homely_logins)):
        token = await client.token(number)
        locations = (await client.get("/homely/locations", token)).json
        for location in locations:
            answer = await client.get(f"/homely/home/{location['locationId']}", token)
            assert answer.status == 200
            found.append(answer.json)
    return found


def states(home: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (feature, name, state)
        for device in home["devices"]
        for feature, held in device["features"].items()
        for name, state in held["states"].items()
    ]


async def test_locations_as_documented(client: Client) -> None:
    answer = await client.get("/homely/locations", await client.token())
    assert [item["name"] for item in answer.json] == ["Hytta ", "Villa Solbakken"]
    assert set(answer.json[0]) == {"name", "role", "userId", "locationId", "gatewayserial"}


async def test_second_login_has_a_home_of_the_same_name(client: Client) -> None:
    answer = await client.get("/homely/locations", await client.token(1))
    assert [item["name"] for item in answer.json] == ["Hytta"]


async def test_every_model_is_present(client: Client) -> None:
    seen = {device["modelName"] for home in await homes(client) for device in home["devices"]}
    assert seen == set(MODELS)


async def test_states_have_the_real_shapes(client: Client) -> None:
    found = [state for home in await homes(client) for _, _, state in states(home)]
    assert {} in found
    assert {"value": None, "lastUpdated": None} in found
    for state in found:
        if state.get("lastUpdated"):
            assert STAMP.fullmatch(state["lastUpdated"])


async def test_defect_comes_in_all_four_forms(client: Client) -> None:
    forms = {
        json.dumps(device["features"]["battery"]["states"].get("defect", "absent"))[:14]
        for home in await homes(client)
        for device in home["devices"]
        if "battery" in device["features"]
    }
    assert forms == {'{"value": fals', '{"value": null', "{}", '"absent"'}


async def test_three_devices_share_a_name(client: Client) -> None:
    villa = (await homes(client))[1]
    names = [device["name"] for device in villa["devices"]]
    assert names.count("Window Sensor") == 3
    models = {d["modelId"] for d in villa["devices"] if d["modelName"] == "Window Sensor"}
    assert len(models) == 2


async def test_first_ages_are_plausible(client: Client, clock: ManualClock) -> None:
    ages: dict[str, list[float]] = {}
    for home in await homes(client):
        for _, name, state in states(home):
            if state.get("lastUpdated"):
                moment = _seconds(state["lastUpdated"])
                ages.setdefault(name, []).append(clock.wall() - moment)
    assert max(ages["temperature"]) < 600
    assert max(ages["networklinkstrength"]) < 3 * 3600
    assert min(ages["low"]) > 20 * 86_400
    assert min(age for held in ages.values() for age in held) >= 0


@pytest.mark.parametrize("token", ["", "nonsense"])
async def test_no_token_is_401(client: Client, token: str) -> None:
    for path in ("/homely/locations", "/homely/home/abc"):
        answer = await client.get(path, token)
        assert answer.status == 401
        assert answer.json == {"statusCode": 401, "message": "Unauthorized"}


async def test_someone_elses_home_is_403(client: Client) -> None:
    token = await client.token(1)
    location = client.sim.world.logins[0].homes[0].location_id
    answer = await client.get(f"/homely/home/{location}", token)
    user = client.sim.world.logins[1].user_id
    assert answer.status == 403
    assert answer.json["message"] == f"User {user} has no access to location {location}"


async def test_unknown_routes_are_404(client: Client) -> None:
    assert (await client.get("/homely/none")).json["statusCode"] == 404
    assert (await client.get("/homely/oauth/token")).status == 404
    assert (await client.wally("/v1/places")).status == 404
    assert (await client.wally("/v2/places/none/sensors")).status == 404


async def test_places_and_sensors_as_documented(client: Client) -> None:
    places = (await client.wally("/v2/places")).json
    assert len(places) == 2
    sensors = [
        sensor
        for place in places
        for sensor in (await client.wally(f"/v2/places/{place['id']}/sensors")).json
    ]
    assert [s["snid"] for s in sensors] == [i for p in places for i in p["sensorIds"]]
    assert {s["hardwareType"] for s in sensors} == {"FourInOneSensor", "WaterSensor"}
    assert any(s["suspended"] for s in sensors)
    assert any(s["offline"] for s in sensors)
    assert {s["state"]["SENSOR"]["value"] for s in sensors} == {0, 1}
    assert any("hardware" not in s for s in sensors)
    assert {len(s["snid"]) for s in sensors} == {17, 23}
    for sensor in sensors:
        newest = max(trait["at"] for trait in sensor["state"].values())
        assert sensor["updated"] >= newest


async def test_wally_refuses_a_bad_token(client: Client) -> None:
    assert (await client.wally("/v2/places", "bad")).status == 401
    client.sim.wally.revoked.add(client.sim.wally_tokens[0])
    assert (await client.wally("/v2/places")).status == 401
    place = client.sim.world.places[0].place_id
    assert (await client.wally(f"/v2/places/{place}/sensors")).status == 401


async def test_wally_hides_the_places_of_another_account(client: Client) -> None:
    assert (await client.wally("/v2/places/0123/sensors")).status == 404


async def test_private_markers_are_in_the_payloads(client: Client) -> None:
    token = await client.token(0)
    location = client.sim.world.logins[0].homes[1].location_id
    home = (await client.get(f"/homely/home/{location}", token)).body.decode()
    places = (await client.wally("/v2/places")).body.decode()
    everything = home + places + client.sim.homely_logins[0][0]
    told = {marker for marker in PRIVATE_MARKERS if marker in everything}
    people = {login.person for login in client.sim.world.logins}
    assert told | people == set(PRIVATE_MARKERS)


async def test_date_header_follows_the_clock(client: Client, clock: ManualClock) -> None:
    clock.advance(1000)
    answer = await client.wally("/v2/places")
    assert parsedate_to_datetime(answer.headers["Date"]).timestamp() == int(clock.wall())


async def test_hidden_devices_and_alarm_are_left_out(small: Client) -> None:
    home = small.sim.world.homes[0]
    home.hidden.add(home.devices[0].device_id)
    home.alarm_state = None
    body = (await small.get(f"/homely/home/{home.location_id}", await small.token())).json
    assert len(body["devices"]) == len(home.devices) - 1
    assert "alarmState" not in body


async def test_calls_are_logged_and_counted(small: Client, clock: ManualClock) -> None:
    token, home = await small.token(), small.sim.world.homes[0].location_id
    clock.advance(1)
    await small.get(f"/homely/home/{home}", token)
    await small.get("/homely/locations", "bad")
    await small.wally("/v2/places")
    seen = [(c.vendor, c.endpoint, c.status) for c in small.sim.calls]
    assert seen == [
        ("homely", "token", 201),
        ("homely", "home", 200),
        ("homely", "locations", 401),
        ("wally", "places", 200),
    ]
    username = small.sim.homely_logins[0][0]
    assert small.sim.call_log.count("home", account=username, location=home) == 1
    assert small.sim.call_log.count("token", account="other") == 0
    assert small.sim.calls[1].monotonic == clock.monotonic()
    small.sim.call_log.reset()
    assert small.sim.calls == []


async def test_secrets_name_all_that_must_not_leak(small: Client) -> None:
    token = await small.token()
    secrets = small.sim.secrets()
    assert {token, small.sim.homely_logins[0][1], *small.sim.wally_tokens} <= set(secrets)
    assert set(PRIVATE_MARKERS) <= set(secrets)


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
