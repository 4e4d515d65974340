"""When a location is polled, beside its socket and without."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.sources.base import Reason, StreamListener
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.wally.config import WallyConfig
from tests.care.conftest import homely_at
from tests.care.households import gaps
from tests.care.rig import HOUR, MINUTE, STEP, FakeSource, FakeStream, Household, told_records


async def test_a_location_is_never_polled_twice_at_once(
    household: Household, source: FakeStream
) -> None:
    hanging: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    source.hanging = hanging
    household.account(source).start()
    await household.settle()
    for _ in range(10):
        source.connect()
        await household.pass_time(HOUR)
        source.drop()
        await household.pass_time(HOUR)
    assert sorted(name for _, name in source.polls) == ["cabin", "villa"]
    source.hanging = None
    hanging.set_result(None)
    await household.pass_time(HOUR)
    assert source.most_at_once == 1
    assert len(source.polled("cabin")) > 5


async def test_polls_are_frequent_while_the_socket_is_down(
    household: Household, source: FakeStream
) -> None:
    household.account(source).start()
    await household.pass_time(3 * HOUR)
    found = gaps(source, "cabin")
    assert min(found) >= 5 * MINUTE
    assert max(found) <= 5.5 * MINUTE + STEP
    assert max(found) - min(found) > 5, "they are spread"


async def test_polls_are_rare_while_the_socket_is_up(
    household: Household, source: FakeStream
) -> None:
    household.account(source).start()
    await household.settle()
    source.connect()
    await household.pass_time(10 * MINUTE)
    since = household.clock.monotonic() - 6 * MINUTE
    await household.pass_time(12 * HOUR)
    found = gaps(source, "cabin", since)
    assert len(found) > 30
    assert min(found) >= 20 * MINUTE
    assert max(found) <= 22 * MINUTE + STEP


async def test_a_location_without_a_stream_is_polled_in_its_interval(
    household: Household, wally_config: WallyConfig
) -> None:
    source = FakeSource(wally_config, household.clock, listed=["flat"])
    household.account(source).start()
    await household.pass_time(HOUR / 2)
    found = gaps(source, "flat")
    assert min(found) >= 60
    assert max(found) <= 67


async def test_a_socket_that_is_lost_brings_the_next_poll_forward(
    household: Household, source: FakeStream
) -> None:
    household.account(source).start()
    await household.settle()
    source.connect()
    await household.pass_time(20 * MINUTE)
    before = len(source.polled("cabin"))
    while len(source.polled("cabin")) == before:
        await household.pass_time(MINUTE)
    await household.pass_time(6 * MINUTE)
    polls = len(source.polled("cabin"))
    source.drop()
    await household.pass_time(MINUTE)
    assert len(source.polled("cabin")) == polls + 1, "the last poll is more than 5 minutes old"


async def test_a_socket_that_comes_back_is_followed_by_a_poll_within_5_minutes(
    household: Household, source: FakeStream
) -> None:
    household.account(source).start()
    await household.settle()
    source.connect()
    await household.pass_time(HOUR)
    for listener in source.listeners.values():
        listener.connected()
    polls, connected = source.polled("cabin"), household.clock.monotonic()
    await household.pass_time(5 * MINUTE + 5)
    assert len(source.polled("cabin")) == len(polls) + 1
    due = max(connected, polls[-1] + 5 * MINUTE)
    assert due <= source.polled("cabin")[-1] <= due + 5 + STEP


async def test_a_socket_that_comes_and_goes_causes_no_more_than_the_frequent_polls(
    household: Household, source: FakeStream
) -> None:
    household.account(source).start()
    await household.settle()
    for _ in range(360):
        source.connect()
        await household.pass_time(5)
        source.drop()
        await household.pass_time(5)
    found = gaps(source, "cabin")
    assert min(found) >= 5 * MINUTE - 5
    assert len(found) <= 12


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in told_records(caplog) if "stream" in one.getMessage()]


async def test_a_socket_that_comes_and_goes_is_told_of_once(
    household: Household, source: FakeStream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "exporter")
    household.account(source).start()
    await household.settle()
    for _ in range(20):
        source.connect()
        await household.pass_time(5)
        source.drop()
        await household.pass_time(5)
    locations = len(source.listeners)
    assert told(caplog) == ["stream connected"] * locations + ["stream disconnected"] * locations
    source.connect()
    await household.pass_time(31)
    assert told(caplog)[2 * locations :] == ["stream connected"] * locations


async def test_a_socket_that_cannot_be_had_is_told_of_once(
    household: Household, source: FakeStream, caplog: pytest.LogCaptureFixture
) -> None:
    household.account(source).start()
    await household.settle()
    for _ in range(5):
        source.drop()
    assert told(caplog) == ["stream disconnected"] * len(source.listeners)


@dataclass
class Lingering(FakeStream):
    """A stream that takes its time to say farewell."""

    follows: int = 0
    may_leave: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, location_id: str, listener: StreamListener) -> None:
        self.follows += 1
        try:
            await super().follow(location_id, listener)
        finally:
            await self.may_leave.wait()
            listener.disconnected(Reason.SHUTDOWN)


async def test_the_farewell_of_a_stream_is_not_taken_for_that_of_the_next(
    household: Household, homely_config: HomelyConfig, tmp_path: Path
) -> None:
    source = Lingering(homely_config, household.clock, listed=["villa"])
    account = household.account(source)
    account.start()
    await household.settle()
    account.change(homely_at(homely_config.base_url, ("me@example.com", "another"), tmp_path))
    await household.settle()
    assert source.follows == 1, "the former has not ended yet"
    source.may_leave.set()
    await household.settle()
    assert source.follows == 2
    source.connect()
    await household.settle()
    assert household.store.locations["homely", "villa"].stream_connected
