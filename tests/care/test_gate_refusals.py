"""What a gate makes of a cloud that refuses or fails: penalties, and whether an account is up."""

import asyncio

import pytest

from exporter.budget import Bucket
from exporter.config import AccountConfig
from exporter.errors import AuthError, CloudError, OnHoldError, Outcome, RateLimitedError
from exporter.rest import Request, Worker
from exporter.sources.gate import AccountState, Gate, Reply
from exporter.sources.record import CallRecord
from exporter.sources.wally.config import WallyConfig
from tests.care.gates import ACCOUNT, TOO_MANY, Cloud, call, fails
from tests.care.rig import HOUR, ScriptedTransport, Surroundings, told_records
from tests.support.forgetful import Forgetful
from tests.support.manual_clock import START, ManualClock

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
