"""What is asked of a token endpoint, and odd answers of it."""

from typing import Any

import pytest

from exporter.errors import AuthError, CloudError, Outcome
from exporter.rest import Answer
from exporter.simulator import Fault, Simulator
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.homely.source import HomelySource
from tests.care.rig import Call, ScriptedTransport, Surroundings, nothing_known
from tests.care.tokens.clouds import GOOD, office
from tests.support.manual_clock import ManualClock


async def test_what_is_sent_is_what_the_document_says(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock
) -> None:
    answers = [GOOD, GOOD | {"access_token": "second", "refresh_token": "rotated"}, GOOD]
    transport = ScriptedTransport(office(lambda number: answers[number]))
    source = around.homely(homely_config, transport)
    for _ in range(3):
        await source.locations()
        clock.advance(55)
    login = {"username": "me@example.com", "password": "s3cr3t-word"}
    assert transport.calls == [
        Call("POST", "/homely/oauth/token", "", login),
        Call("GET", "/homely/locations", "Bearer access", None),
        Call("POST", "/homely/oauth/refresh-token", "", {"refresh_token": "refresh"}),
        Call("GET", "/homely/locations", "Bearer second", None),
        Call("POST", "/homely/oauth/refresh-token", "", {"refresh_token": "rotated"}),
        Call("GET", "/homely/locations", "Bearer access", None),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        None,
        "token",
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": ["a"]},
        {"access_token": "two\r\nlines: here"},
        {"access_token": "t\u00f8ken"},
    ],
    ids=repr,
)
async def test_an_answer_without_a_usable_token_is_unusable(
    around: Surroundings, homely_config: HomelyConfig, answer: object
) -> None:
    transport = ScriptedTransport(office(lambda _: Answer(answer, None)))
    source = around.homely(homely_config, transport)
    with pytest.raises(CloudError) as caught:
        await source.locations()
    assert caught.value.outcome is Outcome.UNUSABLE
    assert transport.paths() == ["token"]


@pytest.mark.parametrize("life", [None, 0, -60, True, "60", [], float("nan")], ids=repr)
async def test_a_life_of_nonsense_counts_as_the_documented_60_s(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock, life: object
) -> None:
    transport = ScriptedTransport(office(lambda _: GOOD | {"expires_in": life}))
    source = around.homely(homely_config, transport)
    await source.locations()
    clock.advance(49)
    await source.locations()
    clock.advance(2)
    await source.locations()
    assert transport.paths() == ["token", "locations", "locations", "refresh-token", "locations"]


async def test_a_longer_life_is_believed(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock
) -> None:
    transport = ScriptedTransport(office(lambda _: GOOD | {"expires_in": 1800}))
    source = around.homely(homely_config, transport)
    for _ in range(4):
        await source.locations()
        clock.advance(590)
    assert transport.paths() == ["token"] + ["locations"] * 4


async def test_a_life_under_10_s_costs_a_token_for_each_call_and_works(
    around: Surroundings, homely_config: HomelyConfig
) -> None:
    transport = ScriptedTransport(office(lambda _: GOOD | {"expires_in": 5}))
    source = around.homely(homely_config, transport)
    for _ in range(3):
        assert await source.locations() == []
    assert transport.paths() == ["token", "locations"] + ["refresh-token", "locations"] * 2


async def test_a_login_without_a_refresh_token_logs_in_each_time(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock
) -> None:
    transport = ScriptedTransport(office(lambda _: GOOD | {"refresh_token": None}))
    source = around.homely(homely_config, transport)
    for _ in range(2):
        await source.locations()
        clock.advance(60)
    assert transport.paths() == ["token", "locations"] * 2


async def test_a_tokens_life_begins_when_it_was_asked_for(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock
) -> None:
    def slow_token(_: int) -> Any:
        clock.advance(20)  # so long the answer takes
        return GOOD

    transport = ScriptedTransport(office(slow_token))
    source = around.homely(homely_config, transport)
    await source.locations()
    clock.advance(31)
    await source.locations()
    assert transport.paths() == ["token", "locations", "refresh-token", "locations"]


async def test_tokens_are_in_no_log_line(
    sim: Simulator,
    source: HomelySource,
    home: str,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await source.poll(home, nothing_known)
    await sim.inject(Fault(kind="status", endpoint="home", status=401, times=2))
    with pytest.raises(AuthError):
        await source.poll(home, nothing_known)
    clock.advance(300)
    await source.poll(home, nothing_known)
    assert len(sim.homely.tokens.issued) >= 4
    assert caplog.records
    told = str([vars(record) for record in caplog.records])
    assert [secret for secret in sim.secrets() if secret in told] == []
