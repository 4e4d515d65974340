"""Faults of REST: each one as bytes on the wire."""

import asyncio
import contextlib
import json
import zlib
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from exporter.simulator import Fault
from exporter.simulator.faults import REST_KINDS, SOCKET_KINDS, fault_from
from tests.simulator.helpers import Client
from tests.support.manual_clock import ManualClock

PLACES = "/v2/places"


async def broken(client: Client, **options: Any) -> None:
    await client.sim.inject(Fault(vendor="wally", endpoint="places", **options))


async def test_status_with_retry_after(small: Client) -> None:
    await broken(small, kind="status", status=429, retry_after=4, retry_after_header="4")
    answer = await small.wally(PLACES)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "4")
    assert answer.json["retryAfter"] == 4
    assert small.sim.calls[-1].status == 429


async def test_status_with_html(small: Client) -> None:
    await broken(small, kind="status", status=502, html=True)
    answer = await small.wally(PLACES)
    assert answer.status == 502
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"<html>" in answer.body


async def test_hang_before_the_answer(small: Client) -> None:
    await broken(small, kind="hang_before", times=2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(small.wally(PLACES), 0.1)
    assert small.sim.calls[-1].status == 0
    small.sim.clear_faults()
    await broken(small, kind="hang_before", seconds=0.01)
    assert (await small.wally(PLACES)).status == 200


async def test_hang_in_the_body(small: Client) -> None:
    await broken(small, kind="hang_body", times=1)
    headers = {"Authorization": f"Bearer {small.sim.wally_tokens[0]}"}
    async with small.http.get(small.sim.wally_url + PLACES, headers=headers) as answer:
        assert answer.status == 200
        half = await answer.content.readany()
        assert 0 < len(half) < int(answer.headers["Content-Length"])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer.content.readany(), 0.1)


async def test_hang_in_the_body_ends_in_a_torn_connection(small: Client) -> None:
    await broken(small, kind="hang_body", seconds=0.01)
    with pytest.raises(aiohttp.ClientPayloadError):
        await small.wally(PLACES)


async def test_slow_body_drips(small: Client) -> None:
    await broken(small, kind="slow_body", seconds=0.3)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    answer = await small.wally(PLACES)
    assert loop.time() - begun > 0.2
    assert answer.json[0]["label"] == "Flat"


async def test_truncated_json(small: Client) -> None:
    await broken(small, kind="truncated_json")
    answer = await small.wally(PLACES)
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        _ = answer.json


async def test_gzip_bomb(small: Client) -> None:
    await broken(small, kind="gzip_bomb", size=8 * 1024 * 1024)
    url = small.sim.wally_url + PLACES
    async with (
        aiohttp.ClientSession(auto_decompress=False) as http,
        http.get(url) as answer,
    ):
        packed = await answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 100_000
    assert len(zlib.decompress(packed, 31)) > 8_000_000


async def test_html_with_200(small: Client) -> None:
    await broken(small, kind="html_200")
    answer = await small.wally(PLACES)
    assert answer.status == 200
    assert b"<html>" in answer.body


async def test_object_for_a_list_and_a_list_for_an_object(small: Client) -> None:
    await small.sim.inject(Fault(kind="object_for_list"))
    assert (await small.wally(PLACES)).json == {"message": "ok"}
    assert (await small.post("/homely/oauth/token")).json == []


async def test_empty_body(small: Client) -> None:
    await broken(small, kind="empty_body")
    answer = await small.wally(PLACES)
    assert (answer.status, answer.body) == (200, b"")


async def test_disconnect(small: Client) -> None:
    await broken(small, kind="disconnect")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await small.wally(PLACES)


async def test_redirect(small: Client) -> None:
    await broken(small, kind="redirect", url="http://127.0.0.2:1/stolen")
    answer = await small.wally(PLACES)
    assert (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.2:1/stolen")


async def test_wrong_date(small: Client, clock: ManualClock) -> None:
    await broken(small, kind="wrong_date", offset=-3600)
    answer = await small.wally(PLACES)
    dated = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    assert dated == int(clock.wall() - 3600)
    assert answer.json


async def test_times_and_clear(small: Client) -> None:
    await broken(small, kind="empty_body", times=2)
    assert [len((await small.wally(PLACES)).body) for _ in range(2)] == [0, 0]
    assert (await small.wally(PLACES)).body
    await broken(small, kind="empty_body")
    small.sim.clear_faults()
    assert (await small.wally(PLACES)).body


async def test_a_fault_hits_one_account_alone(client: Client) -> None:
    first, second = (login[0] for login in client.sim.homely_logins)
    await client.sim.inject(Fault(kind="status", status=500, account=first))
    with pytest.raises(AssertionError):
        await client.login(0)
    token = await client.token(1)
    assert (await client.get("/homely/locations", token)).status == 200
    assert client.sim.call_log.count("token", account=second) == 1


async def test_a_fault_hits_one_location_alone(client: Client) -> None:
    token = await client.token()
    hit, spared = client.sim.world.logins[0].homes
    await client.sim.inject(Fault(kind="status", status=500, location_id=hit.location_id))
    assert (await client.get(f"/homely/home/{hit.location_id}", token)).status == 500
    assert (await client.get(f"/homely/home/{spared.location_id}", token)).status == 200


@pytest.mark.parametrize("kind", sorted(REST_KINDS - {"hang_before", "hang_body"}))
async def test_the_next_call_is_whole_again(small: Client, kind: str) -> None:
    await broken(small, kind=kind, times=1, seconds=0.01)
    with contextlib.suppress(aiohttp.ClientError):
        await small.wally(PLACES)
    assert (await small.wally(PLACES)).json[0]["label"] == "Flat"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, "kind: "),
        ({"kind": "nope"}, "kind: .*'status'"),
        ({"kind": "status", "status": "500"}, "status: "),
        ({"kind": "status", "html": 1}, "html: "),
        ({"kind": "status", "times": True, "size": 1.5}, "times: .*; size: "),
        ({"kind": "status", "vendor": "acme"}, "vendor: 'acme'"),
        ({"kind": "status", "endpoint": "x"}, "endpoint: 'x'"),
        ({"kind": "status", "colour": 1}, "colour: Unexpected keyword"),
        ({"kind": "status", "times": "two"}, "times: "),
        ({"kind": "status", "now": True}, "now: only for"),
        ({"kind": "wrong_name", "endpoint": "home"}, "wrong_name: has no endpoint"),
    ],
)
def test_bad_faults_are_refused(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^{complaint}"):
        fault_from(data)


def test_every_socket_kind_is_one_a_fault_can_have() -> None:
    assert {fault_from({"kind": kind}).kind for kind in SOCKET_KINDS} == SOCKET_KINDS
