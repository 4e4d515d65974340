"""Tokens that sockets log in with."""

import asyncio

import pytest

from exporter.errors import CloudError, OnHoldError, RateLimitedError
from exporter.simulator import Fault, Simulator
from exporter.sources.homely.source import HomelySource
from tests.care.rig import nothing_known
from tests.care.tokens.asking import calls
from tests.support.manual_clock import ManualClock
from tests.support.waiting import eventually


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
