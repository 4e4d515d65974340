"""The one way from an account to its cloud: calls in their order, within a budget."""

import asyncio
import threading
from pathlib import Path

import pytest

from exporter.errors import CloudError, Outcome
from exporter.rest import Answer, Request
from exporter.sources.gate import Gate
from exporter.sources.wally.config import WallyConfig
from tests.care.conftest import wally_at
from tests.care.gates import ACCOUNT, Cloud, call
from tests.care.rig import MINUTE, Call, ScriptedTransport, Surroundings
from tests.support.manual_clock import START, ManualClock
from tests.support.waiting import eventually

# --- calls


async def test_a_call_returns_the_body_and_is_counted(
    gate: Gate, cloud: Cloud, transport: ScriptedTransport, around: Surroundings
) -> None:
    cloud.answer = [{"id": "a"}]
    assert await call(gate) == [{"id": "a"}]
    assert transport.calls == [Call("GET", "/v2/places", "", None)]
    counted = around.sample("requests_total", **ACCOUNT, endpoint="places", outcome="success")
    assert counted == 1
    assert around.sample("account_up", **ACCOUNT) == 1
    assert around.sample("account_last_success_timestamp_seconds", **ACCOUNT) == START
    timed = around.sample("request_duration_seconds_count", vendor="wally", endpoint="places")
    assert timed == 1


async def test_only_one_call_is_under_way_at_a_time(
    around: Surroundings, wally_config: WallyConfig
) -> None:
    under_way: list[str] = []
    go_on = threading.Semaphore(0)

    def slowly(asked: Call) -> object:
        under_way.append(asked.path)
        go_on.acquire(timeout=5)
        count = len(under_way)
        under_way.remove(asked.path)
        return count

    transport = ScriptedTransport(slowly)
    gate = around.gate(wally_config, transport)
    calls = [asyncio.create_task(call(gate, f"endpoint-{number}")) for number in range(5)]
    for number in range(1, 6):
        await eventually(lambda number=number: len(transport.calls) == number)  # type: ignore[misc]
        await asyncio.sleep(0.01)
        assert len(transport.calls) == number
        go_on.release()
    assert await asyncio.gather(*calls) == [1] * 5


async def test_calls_go_through_in_the_order_they_came(
    gate: Gate, transport: ScriptedTransport
) -> None:
    await asyncio.gather(*(call(gate, f"endpoint-{number}") for number in range(5)))
    assert transport.paths() == [f"endpoint-{number}" for number in range(5)]


async def test_closing_cuts_the_call_that_is_under_way(
    around: Surroundings, wally_config: WallyConfig
) -> None:
    def until_aborted(_: Call) -> object:
        assert hung.is_aborted.wait(5)
        return CloudError(Outcome.CONNECTION)

    hung = ScriptedTransport(until_aborted)
    gate = around.gate(wally_config, hung)
    task = asyncio.create_task(call(gate))
    await eventually(lambda: len(hung.calls) == 1)
    gate.close()
    with pytest.raises(CloudError):
        await task


# --- the budget


async def test_calls_beyond_the_budget_wait_for_it(
    gate: Gate, transport: ScriptedTransport, around: Surroundings, clock: ManualClock
) -> None:
    assert around.sample("budget_tokens", **ACCOUNT) == 10
    for _ in range(10):
        await call(gate)
    assert around.sample("budget_tokens", **ACCOUNT) == pytest.approx(0, abs=1e-6)
    late = asyncio.create_task(call(gate))
    await clock.settle()
    assert clock.sleepers == 1
    assert len(transport.calls) == 10
    wait = clock.next_wake
    assert wait is not None
    assert wait > 10, "a minute's cadence has room for one call in half a minute"
    clock.advance(wait)
    await late
    assert len(transport.calls) == 11


async def test_the_budget_follows_the_number_of_locations(
    gate: Gate, transport: ScriptedTransport, around: Surroundings
) -> None:
    gate.expect([f"flat-{number}" for number in range(100)])
    for _ in range(200):
        await call(gate)
    assert len(transport.calls) == 200
    tokens = around.sample("budget_tokens", **ACCOUNT)
    assert tokens is not None
    assert 0 <= tokens < 20


async def test_the_configured_cadence_never_waits_for_the_budget(
    gate: Gate, clock: ManualClock, transport: ScriptedTransport
) -> None:
    gate.expect([f"flat-{number}" for number in range(20)])
    for _ in range(60):
        for _ in range(21):
            await asyncio.wait_for(call(gate), 5)
        clock.advance(MINUTE)
    assert len(transport.calls) == 60 * 21


# --- the cloud's clock


@pytest.mark.parametrize(
    ("ahead", "believed"),
    [(0, 0), (1.5, 0), (-1.9, 0), (2.5, 2.5), (-600, -600), (86_400, 86_400)],
)
async def test_the_clouds_own_clock_counts_where_it_differs(
    gate: Gate, cloud: Cloud, clock: ManualClock, ahead: float, believed: float
) -> None:
    cloud.answer = Answer([], clock.wall() + ahead)
    request = Request("GET", "/v2/places")
    async with gate:
        told = await gate.call("places", request, lambda reply: reply.vendor_now)
    assert told == START + believed
    clock.advance(100)
    assert gate.vendor_now() == START + 100 + believed


@pytest.mark.parametrize("date", [None, 0.0, -1e9, 1e12, float("inf")])
async def test_an_answer_without_a_date_that_can_be_is_dated_by_our_own_clock(
    gate: Gate, cloud: Cloud, date: float | None
) -> None:
    cloud.answer = Answer([], date)
    await call(gate)
    assert gate.vendor_now() == START


async def test_our_wall_clock_may_be_set_between_two_answers(
    gate: Gate, cloud: Cloud, clock: ManualClock
) -> None:
    cloud.answer = Answer([], clock.wall() + 60)
    await call(gate)
    clock.jump_wall(86_400)
    assert gate.vendor_now() == START + 60


# --- a reload


async def test_a_refusal_of_credentials_that_were_replaced_meanwhile_is_of_no_account(
    gate: Gate, around: Surroundings, wally_config: WallyConfig, tmp_path: Path
) -> None:
    async with gate:
        gate.change(wally_at(wally_config.base_url, "another-token", tmp_path))
        await gate.refuse(CloudError(Outcome.UNAUTHORIZED, 401))
    assert around.sample("auth_failures_total", **ACCOUNT) == 0
    assert await call(gate) == []


@pytest.mark.parametrize("more", [{}, {"stale_after": "30m"}])
async def test_a_refusal_outlasts_a_change_of_anything_but_the_credentials(
    gate: Gate, around: Surroundings, tmp_path: Path, more: dict[str, str]
) -> None:
    async with gate:
        await gate.refuse(CloudError(Outcome.UNAUTHORIZED, 401))
    url = "https://api.snsr.net"
    gate.change(wally_at(url, "s3cr3t-token", tmp_path, **more))
    assert await around.hold_of(lambda: call(gate)) == 300
    assert around.sample("account_up", **ACCOUNT) == 0
    gate.change(wally_at(url, "another-token", tmp_path, **more))
    assert await call(gate) == []
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_a_gate_that_is_closed_makes_no_call_and_shows_none_that_ends_late(
    gate: Gate, around: Surroundings, transport: ScriptedTransport
) -> None:
    go_on = threading.Event()

    def late(_: Call) -> object:
        assert go_on.wait(5)
        return []

    transport.reply = late
    under_way = asyncio.ensure_future(call(gate))
    await eventually(lambda: len(transport.calls) == 1)
    gate.close()
    go_on.set()
    await under_way
    assert await around.hold_of(lambda: call(gate)) == float("inf")
    assert len(transport.calls) == 1
    assert b"account=" not in around.page.render(openmetrics=False)
