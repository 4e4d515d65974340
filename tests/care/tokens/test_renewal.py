"""When a token is fetched and renewed: only when a call needs one."""

import asyncio
from typing import Any

import pytest

from exporter.errors import OnHoldError, Outcome, RateLimitedError
from exporter.simulator import Fault, Simulator
from exporter.sources.homely.source import HomelySource
from tests.care.rig import HOUR, MINUTE, Surroundings, nothing_known, told_records
from tests.care.tokens.asking import ACCOUNT, calls, refuses
from tests.support.manual_clock import ManualClock


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
