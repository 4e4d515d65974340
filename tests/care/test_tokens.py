"""The token of a Homely login, from the real answers of the simulated cloud."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.errors import AuthError, CloudError, OnHoldError, Outcome, RateLimitedError
from exporter.rest import Answer
from exporter.simulator import Fault, Simulator
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.homely.source import HomelySource
from tests.care.conftest import homely_at
from tests.care.rig import (
    HOUR,
    MINUTE,
    Call,
    ScriptedTransport,
    Surroundings,
    eventually,
    nothing_known,
    told_records,
)
from tests.support.manual_clock import ManualClock

ACCOUNT = {"vendor": "homely", "account": "homely-1"}


@pytest.fixture
def source(sim: Simulator, around: Surroundings, tmp_path: Path) -> HomelySource:
    """Return a source with a budget for many calls; the budget itself is tested elsewhere."""
    often = {"poll_interval": "1s", "locations_refresh": "1s"}
    return around.homely(homely_at(sim.homely_url, sim.homely_logins[0], tmp_path, **often))


@pytest.fixture
def home(sim: Simulator) -> str:
    return sim.world.homes[0].location_id


def calls(sim: Simulator) -> list[str]:
    return [call.endpoint for call in sim.calls]


async def refuses(source: HomelySource, home: str, outcome: Outcome) -> None:
    with pytest.raises(CloudError) as caught:
        await source.poll(home, nothing_known)
    assert caught.value.outcome is outcome


# --- only when a call needs one


async def test_no_token_is_fetched_before_a_call_needs_one(
    sim: Simulator, source: HomelySource, clock: ManualClock
) -> None:
    clock.advance(HOUR)
    await asyncio.sleep(0.02)
    assert calls(sim) == []
    await source.locations()
    assert calls(sim) == ["token", "locations"]


async def test_one_token_serves_every_call_of_its_life(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock
) -> None:
    await source.locations()
    for _ in range(10):
        clock.advance(5)
        await source.poll(home, nothing_known)
    assert calls(sim) == ["token", "locations"] + ["home"] * 10


async def test_a_token_with_under_10_s_left_is_renewed(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock
) -> None:
    await source.poll(home, nothing_known)
    clock.advance(50)
    await source.poll(home, nothing_known)
    assert calls(sim) == ["token", "home", "home"], "exactly 10 s are enough"
    clock.advance(0.1)
    await source.poll(home, nothing_known)
    assert calls(sim)[3:] == ["refresh", "home"]


async def test_a_token_is_not_renewed_while_nobody_needs_one(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock
) -> None:
    await source.poll(home, nothing_known)
    for _ in range(100):
        clock.advance(10)
        await clock.settle()
    assert calls(sim) == ["token", "home"]


async def test_a_jump_of_the_wall_clock_renews_nothing(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock
) -> None:
    await source.poll(home, nothing_known)
    for jump in (86_400, -2 * 86_400):
        clock.jump_wall(jump)
        await source.poll(home, nothing_known)
    assert calls(sim) == ["token", "home", "home", "home"]


async def test_calls_at_the_same_time_share_one_token(
    sim: Simulator, source: HomelySource, home: str
) -> None:
    await asyncio.gather(*(source.poll(home, nothing_known) for _ in range(8)))
    assert calls(sim) == ["token"] + ["home"] * 8


# --- renewal


async def test_the_rotated_refresh_token_is_the_one_used_next(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock
) -> None:
    for _ in range(6):
        await source.poll(home, nothing_known)
        clock.advance(20 * MINUTE)
    assert calls(sim) == ["token", "home"] + ["refresh", "home"] * 5
    assert all(call.status in (200, 201) for call in sim.calls)


@pytest.mark.parametrize("poll_every", [30, 5 * MINUTE, 20 * MINUTE])
async def test_tokens_that_live_for_60_s_work_for_hours(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock, poll_every: float
) -> None:
    for _ in range(int(8 * HOUR / poll_every) if poll_every > MINUTE else 240):
        await source.poll(home, nothing_known)
        clock.advance(poll_every)
    assert sim.call_log.count("token") == 1
    assert all(call.status in (200, 201) for call in sim.calls)


async def test_after_the_life_of_the_refresh_token_one_login_is_made(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock
) -> None:
    await source.poll(home, nothing_known)
    clock.advance(30 * MINUTE + 1)
    await source.poll(home, nothing_known)
    assert calls(sim) == ["token", "home", "token", "home"], "no refresh that must fail"


async def test_a_refused_refresh_token_leads_to_one_full_login(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock, around: Surroundings
) -> None:
    await source.poll(home, nothing_known)
    sim.homely.tokens.expire_all(refresh=True)
    clock.advance(55)
    assert (await source.poll(home, nothing_known)).snapshot.devices
    assert calls(sim) == ["token", "home", "refresh", "token", "home"]
    assert around.sample("auth_failures_total", **ACCOUNT) == 0
    clock.advance(55)
    await source.poll(home, nothing_known)
    assert calls(sim)[5:] == ["refresh", "home"]


async def test_a_refused_refresh_token_is_nothing_to_log(
    sim: Simulator,
    source: HomelySource,
    home: str,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await source.poll(home, nothing_known)
    sim.homely.tokens.expire_all(refresh=True)
    clock.advance(55)
    await source.poll(home, nothing_known)
    assert told_records(caplog) == []


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_whatever_way_a_refresh_is_refused_one_login_follows(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock, status: int
) -> None:
    await source.poll(home, nothing_known)
    clock.advance(55)
    await sim.inject(Fault(kind="status", endpoint="refresh", status=status))
    await source.poll(home, nothing_known)
    assert calls(sim) == ["token", "home", "refresh", "token", "home"]


@pytest.mark.parametrize("kind", ["html_200", "object_for_list", "empty_body", "truncated_json"])
async def test_a_refresh_that_brings_no_token_leads_to_one_login(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock, kind: Any
) -> None:
    await source.poll(home, nothing_known)
    clock.advance(55)
    await sim.inject(Fault(kind=kind, endpoint="refresh"))
    await source.poll(home, nothing_known)
    assert calls(sim) == ["token", "home", "refresh", "token", "home"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_refresh_that_a_broken_cloud_fails_is_no_reason_to_log_in(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock, status: int
) -> None:
    await source.poll(home, nothing_known)
    clock.advance(55)
    await sim.inject(Fault(kind="status", endpoint="refresh", status=status, html=True, times=2))
    for _ in range(2):
        await refuses(source, home, Outcome.SERVER_ERROR)
        clock.advance(16)
    await source.poll(home, nothing_known)
    assert calls(sim) == ["token", "home", "refresh", "refresh", "refresh", "home"]


async def test_a_refresh_whose_connection_breaks_is_no_reason_to_log_in(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock
) -> None:
    await source.poll(home, nothing_known)
    clock.advance(55)
    await sim.inject(Fault(kind="disconnect", endpoint="refresh", times=1))
    await refuses(source, home, Outcome.CONNECTION)
    clock.advance(11)
    await source.poll(home, nothing_known)
    assert calls(sim) == ["token", "home", "refresh", "refresh", "home"]


@pytest.mark.parametrize("endpoint", ["token", "refresh", "home", "locations"])
async def test_in_a_penalty_neither_a_call_nor_a_token_is_asked_for(
    sim: Simulator,
    source: HomelySource,
    home: str,
    clock: ManualClock,
    endpoint: str,
) -> None:
    if endpoint != "token":
        await source.poll(home, nothing_known)
        clock.advance(55)
    await sim.inject(Fault(kind="status", endpoint=endpoint, status=429, retry_after=4, times=1))
    with pytest.raises(RateLimitedError):
        await (source.locations() if endpoint == "locations" else source.poll(home, nothing_known))
    sim.call_log.reset()
    for _ in range(11):
        clock.advance(10)
        for ask in (source.locations, lambda: source.poll(home, nothing_known)):
            with pytest.raises(OnHoldError):
                await ask()
    assert calls(sim) == []
    clock.advance(30)
    await source.poll(home, nothing_known)
    assert calls(sim)[-1] == "home"


# --- refused access


async def test_one_401_renews_and_tries_again(
    sim: Simulator, source: HomelySource, home: str, around: Surroundings
) -> None:
    await source.poll(home, nothing_known)
    sim.homely.tokens.expire_all()
    assert (await source.poll(home, nothing_known)).snapshot.devices
    assert calls(sim) == ["token", "home", "home", "refresh", "home"]
    assert around.sample("auth_failures_total", **ACCOUNT) == 0
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_401_twice_is_an_auth_failure_and_slows_down(
    sim: Simulator, source: HomelySource, around: Surroundings, clock: ManualClock
) -> None:
    await sim.inject(Fault(kind="status", endpoint="locations", status=401, times=2))
    with pytest.raises(AuthError):
        await source.locations()
    assert calls(sim) == ["token", "locations", "refresh", "locations"]
    assert around.sample("auth_failures_total", **ACCOUNT) == 1
    assert around.sample("account_up", **ACCOUNT) == 0
    assert await around.hold_of(source.locations) == 300
    clock.advance(300)
    sim.call_log.reset()
    await source.locations()
    assert calls(sim) == ["token", "locations"], "what was refused is not used again"
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_401_twice_on_one_home_does_not_silence_the_logins_others(
    sim: Simulator, source: HomelySource, home: str, around: Surroundings
) -> None:
    around.gates[0].expect({home, "another"})
    await sim.inject(Fault(kind="status", endpoint="home", status=401, times=2))
    with pytest.raises(AuthError):
        await source.poll(home, nothing_known)
    assert calls(sim) == ["token", "home", "refresh", "home"]
    assert around.sample("auth_failures_total", **ACCOUNT) == 1
    assert around.sample("account_up", **ACCOUNT) == 1
    await source.locations()
    assert calls(sim)[4:] == ["locations"]


async def test_a_home_that_always_answers_401_is_told_of_once(
    sim: Simulator,
    source: HomelySource,
    home: str,
    around: Surroundings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    around.gates[0].expect({home, "another"})
    await sim.inject(Fault(kind="status", endpoint="home", status=401))
    for _ in range(3):
        with pytest.raises(AuthError):
            await source.poll(home, nothing_known)
        await source.locations()
    told = [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"]
    assert told == ["the cloud refuses the account's credentials for one location"]


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refused_login_is_an_auth_failure_and_slows_down(
    sim: Simulator,
    source: HomelySource,
    home: str,
    around: Surroundings,
    clock: ManualClock,
    status: int,
) -> None:
    await sim.inject(Fault(kind="status", endpoint="token", status=status))
    waits = []
    for _ in range(6):
        with pytest.raises(AuthError):
            await source.poll(home, nothing_known)
        waits.append(await around.hold_of(lambda: source.poll(home, nothing_known)))
        clock.advance(waits[-1])
    assert waits == [300, 600, 1200, 2400, 3600, 3600]
    assert calls(sim) == ["token"] * 6
    assert around.sample("auth_failures_total", **ACCOUNT) == 6
    assert around.sample("account_up", **ACCOUNT) == 0


async def test_a_wrong_password_is_told_once_and_never_shown(
    sim: Simulator,
    around: Surroundings,
    home: str,
    tmp_path: Path,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = homely_at(sim.homely_url, (sim.homely_logins[0][0], "s3cr3t-wrong"), tmp_path)
    source = around.homely(config)
    for _ in range(4):
        with pytest.raises(AuthError):
            await source.poll(home, nothing_known)
        clock.advance(HOUR)
    records = told_records(caplog)
    assert [record.levelno for record in records] == [logging.ERROR]
    told = str([vars(record) for record in records])
    assert "s3cr3t-wrong" not in told
    assert sim.homely_logins[0][0] not in told


async def test_tokens_that_are_given_but_refused_are_told_once_until_one_is_accepted(
    sim: Simulator, source: HomelySource, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    await sim.inject(Fault(kind="status", endpoint="locations", status=401))
    for _ in range(4):
        with pytest.raises(AuthError):
            await source.locations()
        clock.advance(HOUR)
    sim.clear_faults()
    await source.locations()
    records = told_records(caplog)
    assert [record.levelname for record in records] == ["ERROR", "INFO"]
    assert "accepts the account's credentials again" in records[1].getMessage()


async def test_a_login_that_a_broken_cloud_fails_is_no_auth_failure(
    sim: Simulator, source: HomelySource, home: str, around: Surroundings, clock: ManualClock
) -> None:
    await sim.inject(Fault(kind="status", endpoint="token", status=503, times=1))
    await refuses(source, home, Outcome.SERVER_ERROR)
    assert around.sample("auth_failures_total", **ACCOUNT) == 0
    clock.advance(11)
    await source.poll(home, nothing_known)


async def test_403_on_one_home_leaves_the_account_up(
    sim: Simulator, source: HomelySource, home: str, around: Surroundings
) -> None:
    around.gates[-1].expect([home, "a-home-of-others"])
    await source.locations()
    await refuses(source, "a-home-of-others", Outcome.FORBIDDEN)
    assert around.sample("account_up", **ACCOUNT) == 1
    assert around.sample("auth_failures_total", **ACCOUNT) == 0
    await source.locations()
    assert sim.call_log.count("token") == 1


async def test_403_on_the_list_of_homes_is_an_auth_failure(
    sim: Simulator, source: HomelySource, around: Surroundings
) -> None:
    await sim.inject(Fault(kind="status", endpoint="locations", status=403))
    with pytest.raises(AuthError):
        await source.locations()
    assert around.sample("auth_failures_total", **ACCOUNT) == 1
    assert around.sample("account_up", **ACCOUNT) == 0
    assert await around.hold_of(source.locations) == 300


# --- sockets


async def test_a_socket_gets_the_token_that_is_held_though_a_call_hangs(
    sim: Simulator, source: HomelySource, home: str
) -> None:
    await source.poll(home, nothing_known)
    await sim.inject(Fault(kind="hang_before", endpoint="home"))
    hung = asyncio.create_task(source.poll(home, nothing_known))
    await eventually(lambda: len(sim.calls) == 3)
    assert await asyncio.wait_for(source.stream_token(), 1)
    assert not hung.done()
    hung.cancel()


async def test_a_socket_uses_the_token_that_is_held_even_in_a_penalty(
    sim: Simulator, source: HomelySource, home: str
) -> None:
    await source.poll(home, nothing_known)
    held = await source.stream_token()
    await sim.inject(Fault(kind="status", endpoint="home", status=429, times=1))
    with pytest.raises(RateLimitedError):
        await source.poll(home, nothing_known)
    assert await source.stream_token() == held
    assert calls(sim) == ["token", "home", "home"]


async def test_a_socket_fetches_no_token_in_a_penalty(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock
) -> None:
    await source.poll(home, nothing_known)
    await sim.inject(Fault(kind="status", endpoint="home", status=429, times=1))
    with pytest.raises(RateLimitedError):
        await source.poll(home, nothing_known)
    clock.advance(55)
    with pytest.raises(OnHoldError):
        await source.stream_token()
    assert calls(sim) == ["token", "home", "home"]


async def test_a_token_that_a_socket_was_refused_is_renewed_once_for_all(
    sim: Simulator, source: HomelySource, home: str
) -> None:
    first = await source.stream_token()
    for _ in range(5):
        source.stream_refused(first)
        second = await source.stream_token()
    await source.poll(home, nothing_known)
    assert second != first
    assert calls(sim) == ["token", "refresh", "home"]


async def test_a_socket_that_refuses_new_tokens_as_well_is_no_reason_for_more(
    sim: Simulator, source: HomelySource, home: str, clock: ManualClock
) -> None:
    for _ in range(360):
        clock.advance(10)
        source.stream_refused(await source.stream_token())
    await source.poll(home, nothing_known)
    renewals = len(calls(sim)) - 1
    life = 60
    assert renewals <= 3600 / (life - 10) + 9, "as tokens end, and a few more"


@pytest.mark.parametrize(
    "fault",
    [Fault(kind="status", status=500, endpoint="token"), Fault(kind="html_200", endpoint="token")],
)
async def test_polls_and_streams_share_one_back_off_for_tokens(
    sim: Simulator,
    source: HomelySource,
    home: str,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    await sim.inject(fault)
    for _ in range(360):
        clock.advance(10)
        for call in (
            source.stream_token,
            source.stream_token,
            lambda: source.poll(home, nothing_known),
        ):
            with pytest.raises((CloudError, OnHoldError)):
                await call()
    assert 12 <= len(calls(sim)) <= 60
    told = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert told == ["no token can be had"]
    sim.clear_faults()
    clock.advance(400)
    await source.poll(home, nothing_known)


# --- odd answers

GOOD: dict[str, Any] = {
    "access_token": "access",
    "refresh_token": "refresh",
    "expires_in": 60,
    "refresh_expires_in": 1800,
}


def office(answer: Callable[[int], Any]) -> Callable[[Call], Any]:
    """Return a cloud whose token endpoint gives an answer by the number of the call."""
    asked: list[str] = []

    def reply(call: Call) -> Any:
        if call.path.startswith("/homely/oauth/"):
            asked.append(call.path)
            return answer(len(asked) - 1)
        return []

    return reply


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


# --- what becomes of tokens when calls fail


def desk(**answers: Callable[[int], Any]) -> Callable[[Call], Any]:
    """Return a cloud that answers a login or a refresh by the number of such calls."""
    asked: Counter[str] = Counter()

    def reply(call: Call) -> Any:
        name = {"token": "login", "refresh-token": "refresh"}.get(call.path.rsplit("/", 1)[-1])
        if name is None:
            return []
        asked[name] += 1
        number = asked[name]
        own = {"access_token": f"{name}-{number}", "refresh_token": f"refresh-{name}-{number}"}
        answer = answers.get(name)
        return answer(number) if answer else GOOD | own

    return reply


async def tries(source: HomelySource, clock: ManualClock, count: int) -> None:
    """Ask for the locations so many times, each when the back-off of the one before is over."""
    for _ in range(count):
        with pytest.raises(CloudError) as caught:
            await source.locations()
        assert not isinstance(caught.value, OnHoldError | AuthError)
        clock.advance(301)


LASTING = GOOD | {"refresh_expires_in": 1e6}


@pytest.mark.parametrize("outcome", [Outcome.SERVER_ERROR, Outcome.TIMEOUT])
async def test_a_refresh_that_fails_three_times_in_a_row_gives_way_to_a_login(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock, outcome: Outcome
) -> None:
    cloud = desk(login=lambda _: LASTING, refresh=lambda _: CloudError(outcome, 500))
    transport = ScriptedTransport(cloud)
    source = around.homely(homely_config, transport)
    await source.locations()
    clock.advance(60)
    await tries(source, clock, 2)
    await source.locations()
    paths = ["token", "locations"] + ["refresh-token"] * 3 + ["token", "locations"]
    assert transport.paths() == paths
    clock.advance(60)
    await source.locations()
    again = ["refresh-token", "token", "locations"]
    assert transport.paths()[len(paths) :] == again, "it is believed in again once one succeeds"


@pytest.mark.parametrize("outcome", [Outcome.DNS, Outcome.CONNECTION, Outcome.TLS])
async def test_a_refresh_that_never_reaches_the_cloud_never_gives_way_to_a_login(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock, outcome: Outcome
) -> None:
    cloud = desk(login=lambda _: LASTING, refresh=lambda _: CloudError(outcome))
    transport = ScriptedTransport(cloud)
    source = around.homely(homely_config, transport)
    await source.locations()
    clock.advance(60)
    await tries(source, clock, 10)
    assert transport.paths() == ["token", "locations"] + ["refresh-token"] * 10


async def test_refreshes_that_fail_now_and_then_never_give_way_to_a_login(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock
) -> None:
    def refresh(number: int) -> Any:
        return LASTING if number % 3 == 0 else CloudError(Outcome.SERVER_ERROR, 500)

    transport = ScriptedTransport(desk(login=lambda _: LASTING, refresh=refresh))
    source = around.homely(homely_config, transport)
    await source.locations()
    for _ in range(4):
        clock.advance(60)
        await tries(source, clock, 2)
        await source.locations()
    assert transport.paths().count("token") == 1
    assert transport.paths().count("refresh-token") == 12


async def test_a_refresh_token_that_was_refused_is_not_sent_again(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock
) -> None:
    def login(number: int) -> Any:
        return CloudError(Outcome.SERVER_ERROR, 503) if number == 2 else LASTING

    refused = CloudError(Outcome.BAD_REQUEST, 400)
    transport = ScriptedTransport(desk(login=login, refresh=lambda _: refused))
    source = around.homely(homely_config, transport)
    await source.locations()
    clock.advance(60)
    await tries(source, clock, 1)
    await source.locations()
    assert transport.paths()[2:] == ["refresh-token", "token", "token", "locations"]


async def test_the_refusal_of_an_older_token_costs_the_newer_one_nothing(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock
) -> None:
    transport = ScriptedTransport(desk())
    source = around.homely(homely_config, transport)
    first = await source.stream_token()
    clock.advance(60)
    second = await source.stream_token()
    assert second != first
    source.stream_refused(first)
    assert await source.stream_token() == second
    assert transport.paths() == ["token", "refresh-token"]


async def test_a_refused_token_is_doubted_soon_again_after_an_hour_of_peace(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock
) -> None:
    lasting = LASTING | {"expires_in": 1e6}
    transport = ScriptedTransport(
        desk(
            login=lambda _: lasting,
            refresh=lambda number: lasting | {"access_token": f"access-{number}"},
        )
    )
    source = around.homely(homely_config, transport)

    async def renewals(waits: list[float]) -> int:
        before = transport.paths().count("refresh-token")
        for wait in waits:
            clock.advance(wait)
            source.stream_refused(await source.stream_token())
            await source.stream_token()
        return transport.paths().count("refresh-token") - before

    assert await renewals([0, 31, 61, 121]) == 4
    assert await renewals([121]) == 0, "the wait has grown to twice that"
    assert await renewals([120 + HOUR, 31, 61]) == 3, "after an hour of peace it is short again"


async def test_a_stream_that_is_stopped_meanwhile_loses_no_token_that_was_rotated(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock
) -> None:
    go_on = threading.Event()

    def refresh(_: int) -> Any:
        assert go_on.wait(5)
        return LASTING | {"access_token": "rotated"}

    transport = ScriptedTransport(desk(login=lambda _: LASTING, refresh=refresh))
    source = around.homely(homely_config, transport)
    await source.locations()
    clock.advance(60)
    asked = asyncio.create_task(source.stream_token())
    await eventually(lambda: len(transport.calls) == 3)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    go_on.set()
    await source.locations()
    assert transport.paths() == ["token", "locations", "refresh-token", "locations"]
    assert transport.calls[-1].authorization == "Bearer rotated"


async def test_a_token_that_waits_for_its_turn_is_not_fetched_once_the_account_is_stopped(
    around: Surroundings, homely_config: HomelyConfig, clock: ManualClock
) -> None:
    transport = ScriptedTransport(desk())
    source = around.homely(homely_config, transport)
    (gate,) = around.gates
    async with gate:
        asked = asyncio.create_task(source.stream_token())
        await clock.settle()
        asked.cancel()
        gate.close()
    await clock.settle()
    with pytest.raises(OnHoldError):
        await source.stream_token()
    with pytest.raises(OnHoldError):
        await source.locations()
    assert transport.calls == []
