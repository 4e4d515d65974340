"""Polls and listings that fail: when they are tried again, and what is told."""

import asyncio
from pathlib import Path

import pytest

from exporter.errors import AuthError, CloudError, OnHoldError, Outcome
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.wally.config import WallyConfig
from tests.care.conftest import homely_at
from tests.care.households import gaps, lines
from tests.care.rig import HOUR, MINUTE, STEP, FakeSource, FakeStream, Household


async def test_a_poll_that_fails_is_tried_again_ever_more_slowly_but_not_at_once(
    household: Household, source: FakeStream
) -> None:
    source.poll_error = CloudError(Outcome.SERVER_ERROR, 502)
    household.account(source).start()
    await household.pass_time(12 * HOUR)
    found = gaps(source, "cabin")
    assert min(found) >= MINUTE, "the floor"
    assert max(found[:2]) <= 60 + 120 + STEP, "soon at first"
    assert max(found) > 10 * MINUTE
    assert max(found) <= MINUTE + 20 * MINUTE + STEP, "the cap"


async def test_after_a_success_the_ordinary_cadence_holds_again(
    household: Household, source: FakeStream
) -> None:
    source.poll_error = CloudError(Outcome.TIMEOUT)
    household.account(source).start()
    await household.pass_time(2 * HOUR)
    source.poll_error = None
    await household.pass_time(30 * MINUTE)
    since = household.clock.monotonic()
    await household.pass_time(2 * HOUR)
    found = gaps(source, "cabin", since)
    assert min(found) >= 5 * MINUTE
    assert max(found) <= 5.5 * MINUTE + STEP


async def test_a_socket_does_not_shorten_the_wait_after_a_failure(
    household: Household, source: FakeStream
) -> None:
    source.poll_error = CloudError(Outcome.SERVER_ERROR, 503)
    household.account(source).start()
    await household.settle()
    for _ in range(720):
        source.connect()
        source.drop()
        await household.pass_time(MINUTE)
    found = gaps(source, "cabin")
    assert min(found) >= MINUTE
    assert max(found) > 10 * MINUTE


async def test_a_poll_on_hold_waits_for_the_end_of_the_hold_and_is_no_failure(
    household: Household, source: FakeStream, caplog: pytest.LogCaptureFixture
) -> None:
    until = household.clock.monotonic() + 3000
    source.poll_error = OnHoldError(until)
    household.account(source).start()
    await household.settle()
    source.poll_error = None
    await household.pass_time(2990)
    assert len(source.polled("cabin")) == 1
    await household.pass_time(20)
    assert len(source.polled("cabin")) == 2
    assert lines(caplog, "fail") == []


async def test_polls_that_fail_are_logged_once_and_so_is_their_end(
    household: Household, source: FakeStream, caplog: pytest.LogCaptureFixture
) -> None:
    source.listed = ["cabin"]
    source.poll_error = CloudError(Outcome.SERVER_ERROR, 502)
    household.account(source).start()
    await household.pass_time(3 * HOUR)
    source.poll_error = None
    await household.pass_time(HOUR)
    assert len(lines(caplog, "polls of the location fail")) == 1
    assert len(lines(caplog, "succeed again")) == 1


async def test_listings_that_fail_are_logged_once_until_one_succeeds(
    household: Household, source: FakeStream, caplog: pytest.LogCaptureFixture
) -> None:
    source.listing_error = CloudError(Outcome.SERVER_ERROR, 502)
    household.account(source).start()
    await household.pass_time(3 * HOUR)
    assert len(source.listings) > 5
    assert len(lines(caplog, "cannot be listed")) == 1


async def test_refused_credentials_are_tried_again_ever_more_slowly(
    household: Household, source: FakeStream
) -> None:
    source.poll_error = AuthError(Outcome.UNAUTHORIZED, 401)
    household.account(source).start()
    await household.pass_time(6 * HOUR)
    due = [300, 600, 1200, 2400, 3600, 3600]
    found = gaps(source, "cabin")
    assert len(found) >= len(due)
    assert all(0 <= gap - wait <= STEP for gap, wait in zip(found, due, strict=False))


async def test_the_first_failure_after_a_success_is_tried_again_soon(
    household: Household, source: FakeStream
) -> None:
    source.poll_error = CloudError(Outcome.TIMEOUT)
    household.account(source).start()
    for _ in range(8):
        await household.pass_time(2 * HOUR)
        source.poll_error = None
        await household.pass_time(HOUR)
        polls = len(source.polled("cabin"))
        source.poll_error = CloudError(Outcome.TIMEOUT)
        await household.pass_time(10 * MINUTE)
        first, second = source.polled("cabin")[polls : polls + 2]
        assert second - first <= 2 * MINUTE + STEP


async def test_a_bug_in_reading_an_answer_does_not_end_the_polls(
    household: Household, source: FakeStream, caplog: pytest.LogCaptureFixture
) -> None:
    source.poll_error = KeyError("said-by-the-cloud")
    household.account(source).start()
    await household.pass_time(HOUR)
    assert len(source.polled("cabin")) > 2
    assert "said-by-the-cloud" not in str([vars(record) for record in caplog.records])
    source.poll_error = None
    await household.pass_time(30 * MINUTE)
    assert household.store.locations["homely", "cabin"].name == "The cabin"


async def test_a_bug_is_told_of_once_until_an_answer_can_be_taken_again(
    household: Household, source: FakeStream, caplog: pytest.LogCaptureFixture
) -> None:
    words = "an answer could not be taken"
    source.listed = ["cabin"]
    for number in (1, 2):
        source.poll_error = KeyError("said-by-the-cloud")
        if number == 1:
            household.account(source).start()
        polls = len(source.polled("cabin"))
        await household.pass_time(2 * HOUR)
        assert len(source.polled("cabin")) > polls + 3
        assert lines(caplog, words) == [words] * number
        source.poll_error = None
        await household.pass_time(30 * MINUTE)
        assert len(lines(caplog, "succeed again")) == number


async def test_a_bug_in_keeping_an_answer_does_not_end_the_polls(
    household: Household, wally_config: WallyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError

    source = FakeSource(wally_config, household.clock, listed=["flat"])
    monkeypatch.setattr(household.store, "poll", fail)
    household.account(source).start()
    await household.pass_time(HOUR)
    assert len(source.polled("flat")) > 2


async def test_one_location_that_hangs_does_not_hold_up_another_accounts_polls(
    household: Household, source: FakeStream, wally_config: WallyConfig
) -> None:
    source.hanging = asyncio.get_running_loop().create_future()
    other = FakeSource(wally_config, household.clock, listed=["flat"])
    for one in (source, other):
        household.account(one).start()
    await household.pass_time(HOUR)
    assert len(other.polled("flat")) > 30


async def test_a_change_of_the_interval_does_not_shorten_the_wait_after_a_failure(
    household: Household, homely_config: HomelyConfig, tmp_path: Path
) -> None:
    source = FakeSource(homely_config, household.clock, listed=["villa"])
    source.poll_error = CloudError(Outcome.SERVER_ERROR, 502)
    account = household.account(source)
    account.start()
    await household.pass_time(HOUR)
    planned = household.planner.due("poll/homely/homely-1/villa")
    often = {"poll_interval": "2m", "poll_interval_disconnected": "1m"}
    login = ("me@example.com", "s3cr3t-word")
    account.change(homely_at(homely_config.base_url, login, tmp_path, **often))
    assert household.planner.due("poll/homely/homely-1/villa") == planned
    source.poll_error = None
    await household.pass_time(HOUR)
    found = gaps(source, "villa", household.clock.monotonic() - HOUR / 2)
    assert MINUTE <= min(found) <= max(found) <= 1.1 * MINUTE + STEP
