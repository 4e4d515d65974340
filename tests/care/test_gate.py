"""The one way from an account to its cloud."""

import asyncio
import threading
from pathlib import Path

import pytest

from exporter.budget import Bucket
from exporter.config import AccountConfig
from exporter.errors import AuthError, CloudError, OnHoldError, Outcome, RateLimitedError
from exporter.rest import Answer, Request, Worker
from exporter.sources.gate import AccountState, Gate, Reply
from exporter.sources.record import CallRecord
from exporter.sources.wally.config import WallyConfig
from tests.care.conftest import wally_at
from tests.care.rig import (
    HOUR,
    MINUTE,
    Call,
    ScriptedTransport,
    Surroundings,
    eventually,
    told_records,
)
from tests.support.forgetful import Forgetful
from tests.support.manual_clock import START, ManualClock

ACCOUNT = {"vendor": "wally", "account": "wally-1"}
TOO_MANY = RateLimitedError(Outcome.RATE_LIMITED, 429, None)


class Cloud:
    """What the transport answers until the test says otherwise."""

    def __init__(self) -> None:
        self.answer: object = []

    def __call__(self, _: Call) -> object:
        return self.answer


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def transport(cloud: Cloud) -> ScriptedTransport:
    return ScriptedTransport(cloud)


@pytest.fixture
def gate(around: Surroundings, wally_config: WallyConfig, transport: ScriptedTransport) -> Gate:
    return around.gate(wally_config, transport)


async def call(gate: Gate, endpoint: str = "places", location_id: str = "") -> object:
    request = Request("GET", f"/v2/{endpoint}")
    async with gate:
        return await gate.call(endpoint, request, body_of, location_id=location_id)


def body_of(reply: Reply) -> object:
    return reply.body


async def fails(gate: Gate, outcome: Outcome, endpoint: str = "places") -> None:
    location_id = "flat" if endpoint == "sensors" else ""
    with pytest.raises(CloudError) as caught:
        await call(gate, endpoint, location_id)
    assert caught.value.outcome is outcome


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


# --- penalties


async def test_inside_a_penalty_no_call_is_made(
    gate: Gate,
    cloud: Cloud,
    transport: ScriptedTransport,
    around: Surroundings,
    clock: ManualClock,
) -> None:
    cloud.answer = TOO_MANY
    await fails(gate, Outcome.RATE_LIMITED)
    cloud.answer = []
    hold = await around.hold_of(lambda: call(gate))
    assert 120 <= hold <= 132
    assert around.sample("account_up", **ACCOUNT) == 0
    until = around.sample("rate_limited_until_timestamp_seconds", **ACCOUNT)
    assert until == pytest.approx(clock.wall() + hold)
    for _ in range(11):
        clock.advance(hold / 12)
        with pytest.raises(OnHoldError):
            await call(gate)
    assert len(transport.calls) == 1
    clock.advance(hold / 12 + 0.001)
    assert await call(gate) == []
    assert around.sample("account_up", **ACCOUNT) == 1
    assert around.sample("rate_limited_until_timestamp_seconds", **ACCOUNT) == 0


async def test_a_penalty_does_not_care_for_the_wall_clock(
    gate: Gate, cloud: Cloud, transport: ScriptedTransport, clock: ManualClock
) -> None:
    cloud.answer = TOO_MANY
    await fails(gate, Outcome.RATE_LIMITED)
    for jump in (86_400, -2 * 86_400):
        clock.jump_wall(jump)
        with pytest.raises(OnHoldError):
            await call(gate)
    assert len(transport.calls) == 1


@pytest.mark.parametrize(("status", "outcome"), [(429, "rate_limited"), (439, "client_error")])
async def test_penalties_grow_while_the_cloud_insists(
    gate: Gate,
    cloud: Cloud,
    around: Surroundings,
    clock: ManualClock,
    status: int,
    outcome: str,
) -> None:
    cloud.answer = RateLimitedError(Outcome(outcome), status, 4)
    holds = []
    for _ in range(7):
        await fails(gate, Outcome(outcome))
        holds.append(await around.hold_of(lambda: call(gate)))
        clock.advance(holds[-1] + 0.001)
    for hold, least in zip(holds, [120, 240, 480, 960, 1920, 3600, 3600], strict=True):
        assert least <= hold <= 1.1 * least
    counted = around.sample("requests_total", **ACCOUNT, endpoint="places", outcome=outcome)
    assert counted == 7


async def test_a_long_retry_after_is_kept(gate: Gate, cloud: Cloud, around: Surroundings) -> None:
    cloud.answer = RateLimitedError(Outcome.RATE_LIMITED, 429, 2 * HOUR)
    await fails(gate, Outcome.RATE_LIMITED)
    assert 6 * HOUR <= await around.hold_of(lambda: call(gate)) <= 6.6 * HOUR


async def test_a_call_that_waits_for_its_turn_sees_the_penalty_of_the_one_before(
    gate: Gate, cloud: Cloud, transport: ScriptedTransport
) -> None:
    cloud.answer = TOO_MANY
    results = await asyncio.gather(*(call(gate) for _ in range(5)), return_exceptions=True)
    assert isinstance(results[0], RateLimitedError)
    assert all(isinstance(result, OnHoldError) for result in results[1:])
    assert len(transport.calls) == 1


async def test_one_accounts_penalty_is_not_anothers(
    gate: Gate, cloud: Cloud, around: Surroundings, wally_config: WallyConfig
) -> None:
    cloud.answer = TOO_MANY
    await fails(gate, Outcome.RATE_LIMITED)
    other = around.gate(
        wally_config.model_copy(update={"name": "wally-2"}), ScriptedTransport(lambda _: [])
    )
    assert await call(other) == []
    assert around.sample("account_up", vendor="wally", account="wally-2") == 1
    assert around.sample("account_up", **ACCOUNT) == 0


# --- failures


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome.BAD_REQUEST,
        Outcome.NOT_FOUND,
        Outcome.SERVER_ERROR,
        Outcome.TIMEOUT,
        Outcome.DNS,
        Outcome.TLS,
        Outcome.CONNECTION,
        Outcome.REDIRECT,
        Outcome.TOO_LARGE,
        Outcome.UNUSABLE,
    ],
)
async def test_a_failure_shows_the_account_as_down_and_is_no_penalty(
    gate: Gate, cloud: Cloud, around: Surroundings, outcome: Outcome
) -> None:
    await call(gate)
    cloud.answer = CloudError(outcome)
    for _ in range(5):
        await fails(gate, outcome)
    assert around.sample("account_up", **ACCOUNT) == 0
    counted = around.sample("requests_total", **ACCOUNT, endpoint="places", outcome=outcome.value)
    assert counted == 5
    cloud.answer = []
    await call(gate)
    assert around.sample("account_up", **ACCOUNT) == 1


@pytest.mark.parametrize("outcome", [Outcome.FORBIDDEN, Outcome.NOT_FOUND, Outcome.UNUSABLE])
async def test_a_failure_of_one_location_of_two_leaves_the_account_up(
    gate: Gate, cloud: Cloud, around: Surroundings, outcome: Outcome
) -> None:
    gate.expect(["flat", "house"])
    await call(gate)
    cloud.answer = CloudError(outcome)
    await fails(gate, outcome, "sensors")
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_an_account_is_not_up_before_a_first_success(
    gate: Gate, cloud: Cloud, around: Surroundings
) -> None:
    gate.expect(["flat", "house"])
    assert around.sample("account_up", **ACCOUNT) == 0
    cloud.answer = CloudError(Outcome.UNUSABLE)
    await fails(gate, Outcome.UNUSABLE, "sensors")
    assert around.sample("account_up", **ACCOUNT) == 0, "the other location was not asked"
    cloud.answer = []
    await call(gate)
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_an_account_is_up_again_as_soon_as_it_is_known_to_have_another_location(
    gate: Gate, cloud: Cloud, around: Surroundings
) -> None:
    gate.expect(["flat"])
    await call(gate)
    cloud.answer = CloudError(Outcome.UNUSABLE)
    await fails(gate, Outcome.UNUSABLE, "sensors")
    assert around.sample("account_up", **ACCOUNT) == 0
    gate.expect(["flat", "house"])
    assert around.sample("account_up", **ACCOUNT) == 1
    gate.expect(["flat"])
    assert around.sample("account_up", **ACCOUNT) == 0


async def test_the_end_of_a_penalty_is_shown_though_no_call_is_made(
    gate: Gate, cloud: Cloud, around: Surroundings, clock: ManualClock
) -> None:
    cloud.answer = RateLimitedError(Outcome.RATE_LIMITED, 429, 3600.0)
    await fails(gate, Outcome.RATE_LIMITED)
    for _ in range(3):
        clock.advance(3600)
        around.telemetry.look(clock.monotonic())
    assert around.sample("budget_tokens", **ACCOUNT) == 10, "nothing else changes by itself"
    assert around.sample("rate_limited_until_timestamp_seconds", **ACCOUNT)
    clock.advance(6 * 3600)
    around.telemetry.look(clock.monotonic())
    assert around.sample("rate_limited_until_timestamp_seconds", **ACCOUNT) == 0


async def test_what_cannot_be_read_from_an_answer_is_a_failure_of_the_call(
    gate: Gate, around: Surroundings
) -> None:
    def read(_: Reply) -> object:
        raise CloudError(Outcome.UNUSABLE)

    with pytest.raises(CloudError):
        async with gate:
            await gate.call("places", Request("GET", "/v2/places"), read)
    counted = {"endpoint": "places", **ACCOUNT}
    assert around.sample("requests_total", **counted, outcome="unusable_body") == 1
    assert around.sample("requests_total", **counted, outcome="success") is None
    assert around.sample("account_up", **ACCOUNT) == 0


async def test_a_failure_leaves_the_time_of_the_last_success(
    gate: Gate, cloud: Cloud, around: Surroundings, clock: ManualClock
) -> None:
    await call(gate)
    clock.advance(60)
    cloud.answer = CloudError(Outcome.DNS)
    await fails(gate, Outcome.DNS)
    assert around.sample("account_last_success_timestamp_seconds", **ACCOUNT) == START


# --- credentials


async def test_refused_credentials_are_tried_again_ever_more_slowly(
    gate: Gate, cloud: Cloud, transport: ScriptedTransport, around: Surroundings, clock: ManualClock
) -> None:
    cloud.answer = CloudError(Outcome.UNAUTHORIZED, 401)
    holds = []
    for number in range(6):
        with pytest.raises(CloudError) as caught:
            await call(gate)
        error = await gate.refuse(caught.value)
        assert isinstance(error, AuthError)
        assert (error.outcome, error.status) == (Outcome.UNAUTHORIZED, 401)
        holds.append(await around.hold_of(lambda: call(gate)))
        assert len(transport.calls) == number + 1
        clock.advance(holds[-1])
    assert holds == [300, 600, 1200, 2400, 3600, 3600]
    assert around.sample("auth_failures_total", **ACCOUNT) == 6
    assert around.sample("account_up", **ACCOUNT) == 0


async def test_refused_credentials_are_logged_once_without_them(
    gate: Gate, cloud: Cloud, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.answer = CloudError(Outcome.UNAUTHORIZED, 401)
    for _ in range(4):
        with pytest.raises(CloudError) as caught:
            await call(gate)
        await gate.refuse(caught.value)
        clock.advance(HOUR)
    assert [record.levelname for record in told_records(caplog)] == ["ERROR"]
    assert "check them in exporter.yml" in caplog.text
    assert "s3cr3t" not in str([vars(record) for record in caplog.records])


async def test_credentials_that_are_accepted_again_start_afresh(
    gate: Gate, around: Surroundings, clock: ManualClock
) -> None:
    error = CloudError(Outcome.UNAUTHORIZED, 401)
    for _ in range(3):
        await gate.refuse(error)
    clock.advance(HOUR)
    await call(gate)
    gate.accept()
    assert around.sample("account_up", **ACCOUNT) == 1
    await gate.refuse(error)
    assert await around.hold_of(lambda: call(gate)) == 300


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


# --- what is about one location, and what lasts


async def test_what_failed_at_a_location_that_is_gone_is_forgotten(
    gate: Gate, cloud: Cloud, around: Surroundings
) -> None:
    gate.expect(["flat", "house"])
    cloud.answer = CloudError(Outcome.NOT_FOUND, 404)
    await fails(gate, Outcome.NOT_FOUND, "sensors")
    gate.expect(["house"])
    assert gate.state() == (AccountState.UP, None)
    cloud.answer = []
    await call(gate)
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_what_failed_at_the_only_location_that_is_left_counts(
    gate: Gate, cloud: Cloud, around: Surroundings
) -> None:
    gate.expect(["flat", "house"])
    cloud.answer = CloudError(Outcome.NOT_FOUND, 404)
    await fails(gate, Outcome.NOT_FOUND, "sensors")
    gate.expect(["flat"])
    assert gate.state() == (AccountState.FAILING, None)
    cloud.answer = []
    await call(gate)
    assert around.sample("account_up", **ACCOUNT) == 0


async def test_a_bug_in_reading_an_answer_is_a_failure_of_the_account(
    gate: Gate, around: Surroundings
) -> None:
    def read(_: Reply) -> object:
        raise KeyError("said-by-the-cloud")

    await call(gate)
    assert around.sample("account_up", **ACCOUNT) == 1
    with pytest.raises(KeyError):
        async with gate:
            await gate.call("places", Request("GET", "/v2/places"), read)
    counted = {"endpoint": "places", **ACCOUNT}
    assert around.sample("requests_total", **counted, outcome=Outcome.INTERNAL.value) == 1
    assert around.sample("account_up", **ACCOUNT) == 0
    assert gate.state() == (AccountState.FAILING, None)
    await call(gate)
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_a_cloud_that_goes_on_asking_for_fewer_calls_is_told_of_once(
    gate: Gate,
    cloud: Cloud,
    around: Surroundings,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cloud.answer = TOO_MANY
    for number in range(5):
        await fails(gate, Outcome.RATE_LIMITED)
        clock.advance(await around.hold_of(lambda: call(gate)) + number)
    words = "the cloud asks for fewer calls: none for a while"
    assert [one.getMessage() for one in told_records(caplog)] == [words]
    cloud.answer = []
    await call(gate)
    cloud.answer = TOO_MANY
    await fails(gate, Outcome.RATE_LIMITED)
    told = [one.getMessage() for one in told_records(caplog)]
    assert told == [words, "the cloud takes calls again", words]


async def test_a_gate_that_is_closed_makes_no_call(
    gate: Gate, transport: ScriptedTransport, clock: ManualClock
) -> None:
    for _ in range(10):
        await call(gate)
    late = asyncio.create_task(call(gate))
    await clock.settle()
    gate.close()
    clock.advance(HOUR)
    with pytest.raises(OnHoldError):
        await late
    with pytest.raises(OnHoldError):
        await call(gate)
    assert len(transport.calls) == 10


class Remembering(Forgetful):
    """A memory of an account that was up until its credentials were refused."""

    def record(self, config: AccountConfig, bucket: Bucket) -> CallRecord:
        found = super().record(config, bucket)
        found.succeeded_at, found.refused.step = START - HOUR, 2
        return found


async def test_an_account_that_was_refused_before_a_restart_is_down_until_it_is_accepted(
    around: Surroundings, wally_config: WallyConfig, clock: ManualClock
) -> None:
    gate = Gate(
        wally_config,
        worker=Worker(ScriptedTransport(lambda _: []), around.pool, wally_config.base_url),
        memory=Remembering(clock),
        clock=clock,
        telemetry=around.telemetry,
        rng=around.rng,
    )
    assert around.sample("account_up", **ACCOUNT) == 0
    await gate.refuse(CloudError(Outcome.UNAUTHORIZED, 401))
    assert await around.hold_of(lambda: call(gate)) == 1200
    clock.advance(1200)
    await call(gate)
    gate.accept()
    assert around.sample("account_up", **ACCOUNT) == 1
