"""What becomes of tokens when calls for them fail, or whoever asked is gone."""

import asyncio
import threading
from typing import Any

import pytest

from exporter.errors import CloudError, OnHoldError, Outcome
from exporter.sources.homely.config import HomelyConfig
from tests.care.rig import HOUR, ScriptedTransport, Surroundings
from tests.care.tokens.clouds import LASTING, desk, tries
from tests.support.manual_clock import ManualClock
from tests.support.waiting import eventually


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
