"""Tokens: what the documents say, on the simulator's clock."""

import pytest

from tests.simulator.helpers import Client
from tests.support.manual_clock import ManualClock

TOKEN = "/homely/oauth/token"
REFRESH = "/homely/oauth/refresh-token"


async def test_login_answers_201_with_every_documented_field(small: Client) -> None:
    body = await small.login()
    assert set(body) == {
        "access_token",
        "expires_in",
        "refresh_expires_in",
        "refresh_token",
        "token_type",
        "not-before-policy",
        "session_state",
        "scope",
    }
    assert (body["expires_in"], body["refresh_expires_in"]) == (60, 1800)
    assert body["access_token"].count(".") == 2
    assert body["access_token"].startswith("eyJ")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"username": "a"}, ["password must be a string"]),
        ({"password": "a"}, ["username must be a string"]),
        ({"username": 1}, ["username must be a string", "password must be a string"]),
    ],
)
async def test_missing_field_is_400(
    small: Client, body: dict[str, object], message: object
) -> None:
    answer = await small.post(TOKEN, **body)
    assert answer.status == 400
    assert answer.json == {"statusCode": 400, "message": message}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff"])
async def test_unreadable_body_is_400(small: Client, raw: bytes) -> None:
    answer = await small.call("POST", small.sim.homely_url + TOKEN, data=raw)
    assert answer.status == 400


async def test_bad_password_is_401(small: Client) -> None:
    username, _ = small.sim.homely_logins[0]
    answer = await small.post(TOKEN, username=username, password="wrong")
    assert answer.status == 401
    assert answer.json == {"statusCode": 401, "message": "Unauthorized"}


async def test_access_token_expires_on_the_simulators_clock(
    small: Client, clock: ManualClock
) -> None:
    token = await small.token()
    clock.advance(59.9)
    assert (await small.get("/homely/locations", token)).status == 200
    clock.advance(0.1)
    answer = await small.get("/homely/locations", token)
    assert (answer.status, answer.json) == (401, {"statusCode": 401, "message": "Unauthorized"})


async def test_a_jump_of_the_wall_clock_expires_nothing(small: Client, clock: ManualClock) -> None:
    token = await small.token()
    clock.jump_wall(86_400)
    assert (await small.get("/homely/locations", token)).status == 200


async def test_refresh_token_rotates(small: Client) -> None:
    first = await small.login()
    answer = await small.post(REFRESH, refresh_token=first["refresh_token"])
    assert answer.status == 201
    assert answer.json["refresh_token"] != first["refresh_token"]
    again = await small.post(REFRESH, refresh_token=first["refresh_token"])
    assert (again.status, again.json) == (
        400,
        {"statusCode": 400, "message": "Refresh token expired"},
    )
    renewed = await small.post(REFRESH, refresh_token=answer.json["refresh_token"])
    assert renewed.status == 201
    assert (await small.get("/homely/locations", renewed.json["access_token"])).status == 200


async def test_refresh_token_expires(small: Client, clock: ManualClock) -> None:
    first = await small.login()
    clock.advance(1800)
    answer = await small.post(REFRESH, refresh_token=first["refresh_token"])
    assert answer.json == {"statusCode": 400, "message": "Refresh token expired"}


async def test_missing_refresh_token_is_400(small: Client) -> None:
    answer = await small.post(REFRESH)
    assert answer.json == {"statusCode": 400, "message": ["refresh_token must be a string"]}


async def test_tokens_can_be_ended_by_hand(small: Client) -> None:
    body = await small.login()
    small.sim.homely.tokens.expire_all(refresh=True)
    assert (await small.get("/homely/locations", body["access_token"])).status == 401
    assert (await small.post(REFRESH, refresh_token=body["refresh_token"])).status == 400


async def test_old_tokens_are_forgotten(small: Client, clock: ManualClock) -> None:
    for _ in range(20):
        await small.login()
        clock.advance(600)
    assert len(small.sim.homely.tokens._access) < 10
