"""Which locations an account has, and that each is read through one account alone."""

import asyncio
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.config import AccountConfig
from exporter.errors import AuthError, CloudError, OnHoldError, Outcome
from exporter.sources.base import Reason, StreamListener
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.wally.config import WallyConfig
from tests.care.conftest import homely_at
from tests.care.rig import DAY, HOUR, MINUTE, STEP, FakeSource, FakeStream, Household, told_records

LISTED_EVERY = 6 * HOUR
# An interval is lengthened by a tenth at the most, and time moves in steps.
MOST = 1.1 * LISTED_EVERY + 5 * MINUTE


def homes(household: Household, vendor: str = "homely") -> set[str]:
    return {key[1] for key in household.store.locations if key[0] == vendor}


@pytest.fixture
def source(household: Household, homely_config: HomelyConfig) -> FakeStream:
    return FakeStream(homely_config, household.clock, listed=["villa", "cabin"])


def second(first: FakeSource, config: AccountConfig, *listed: str) -> FakeSource:
    """Return the source of an account that comes after another in the configuration."""
    named = config.model_copy(update={"name": f"{config.vendor}-2"})
    return FakeSource(named, first.clock, listed=list(listed))


def lines(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if words in record.getMessage()]


async def to_next_listing(household: Household, source: FakeSource) -> None:
    """Let time pass until the source is listed once more."""
    count, end = len(source.listings), household.clock.monotonic() + MOST
    while len(source.listings) == count:
        assert household.clock.monotonic() <= end, "it was not listed again"
        await household.pass_time(4 * MINUTE)


# --- listing


async def test_an_account_is_tried_once_it_is_listed_and_its_locations_are_polled(
    household: Household, source: FakeStream
) -> None:
    hanging: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    source.hanging = hanging
    account = household.account(source)
    tried = [account.is_tried]
    account.start()
    await household.settle()
    tried.append(account.is_tried)
    hanging.set_result(None)
    await household.settle()
    assert [*tried, account.is_tried] == [False, False, True]


async def test_at_the_start_each_account_lists_once_and_each_location_is_polled_once(
    household: Household, source: FakeStream
) -> None:
    household.account(source).start()
    await household.settle()
    assert len(source.listings) == 1
    assert sorted(name for _, name in source.polls) == ["cabin", "villa"]
    assert homes(household) == {"cabin", "villa"}
    assert household.around.sample("locations_owned") == 2


async def test_locations_are_listed_in_the_configured_cadence(
    household: Household, source: FakeStream
) -> None:
    household.account(source).start()
    await household.pass_time(3 * DAY)
    gaps = [b - a for a, b in itertools.pairwise(source.listings)]
    assert len(gaps) >= 10
    assert min(gaps) >= LISTED_EVERY
    assert max(gaps) <= MOST


async def test_a_new_location_appears_with_the_next_listing(
    household: Household, source: FakeStream
) -> None:
    household.account(source).start()
    await household.settle()
    source.listed.append("boathouse")
    await to_next_listing(household, source)
    assert homes(household) == {"cabin", "villa", "boathouse"}
    assert len(source.polled("boathouse")) == 1
    assert household.around.sample("locations_owned") == 3


async def test_a_location_that_one_listing_omits_stays(
    household: Household, source: FakeStream
) -> None:
    household.account(source).start()
    await household.settle()
    for _ in range(3):
        source.listed.remove("cabin")
        await to_next_listing(household, source)
        assert homes(household) == {"cabin", "villa"}
        source.listed.append("cabin")
        await to_next_listing(household, source)
    assert homes(household) == {"cabin", "villa"}


async def test_a_location_that_two_listings_omit_goes(
    household: Household, source: FakeStream
) -> None:
    household.account(source).start()
    await household.settle()
    source.listed.remove("cabin")
    await to_next_listing(household, source)
    assert homes(household) == {"cabin", "villa"}
    await to_next_listing(household, source)
    assert homes(household) == {"villa"}
    assert set(source.listeners) == {"villa"}, "its stream is closed"
    polls = len(source.polled("cabin"))
    await household.pass_time(2 * HOUR)
    assert len(source.polled("cabin")) == polls
    assert household.around.sample("locations_owned") == 1


async def test_a_location_that_went_can_come_back(household: Household, source: FakeStream) -> None:
    household.account(source).start()
    await household.settle()
    source.listed.remove("cabin")
    for _ in range(2):
        await to_next_listing(household, source)
    assert homes(household) == {"villa"}
    source.listed.append("cabin")
    await to_next_listing(household, source)
    assert homes(household) == {"cabin", "villa"}


@pytest.mark.parametrize(
    "error",
    [CloudError(Outcome.SERVER_ERROR, 503), CloudError(Outcome.UNUSABLE), KeyError("a bug")],
    ids=repr,
)
async def test_a_listing_that_fails_omits_nothing(
    household: Household, source: FakeStream, error: Exception
) -> None:
    account = household.account(source)
    account.start()
    await household.settle()
    source.listing_error = error
    for _ in range(5):
        await to_next_listing(household, source)
    assert homes(household) == {"cabin", "villa"}
    source.listing_error = None
    source.listed.append("boathouse")
    await to_next_listing(household, source)
    assert homes(household) == {"cabin", "villa", "boathouse"}


async def test_an_account_whose_first_listing_fails_tries_again_and_was_tried(
    household: Household, source: FakeStream
) -> None:
    source.listing_error = CloudError(Outcome.DNS)
    account = household.account(source)
    account.start()
    await household.settle()
    assert account.is_tried
    assert homes(household) == set()
    source.listing_error = None
    await to_next_listing(household, source)
    await household.settle()
    assert homes(household) == {"cabin", "villa"}


async def test_a_listing_that_fails_is_tried_again_ever_more_slowly(
    household: Household, source: FakeStream
) -> None:
    source.listing_error = CloudError(Outcome.SERVER_ERROR, 503)
    household.account(source).start()
    await household.pass_time(12 * HOUR)
    gaps = [b - a for a, b in itertools.pairwise(source.listings)]
    assert min(gaps) >= 60, "the floor"
    assert max(gaps) > 10 * MINUTE
    assert max(gaps) <= 60 + 20 * MINUTE + STEP, "the cap"


async def test_a_listing_on_hold_waits_for_the_end_of_the_hold(
    household: Household, source: FakeStream
) -> None:
    until = household.clock.monotonic() + 1000
    source.listing_error = OnHoldError(until)
    household.account(source).start()
    await household.settle()
    source.listing_error = None
    await household.pass_time(990)
    assert len(source.listings) == 1
    await household.pass_time(20)
    assert len(source.listings) == 2


async def test_one_account_that_fails_does_not_hurt_another(
    household: Household, source: FakeStream, wally_config: WallyConfig
) -> None:
    source.listing_error = source.poll_error = KeyError("a bug")
    other = FakeSource(wally_config, household.clock, listed=["flat"])
    for one in (source, other):
        household.account(one).start()
    await household.pass_time(HOUR)
    assert len(other.polled("flat")) > 30
    assert homes(household, "wally") == {"flat"}


async def test_an_account_that_is_stopped_does_nothing_more(
    household: Household, source: FakeStream
) -> None:
    account = household.account(source)
    account.start()
    await household.settle()
    left = account.stop()
    await household.settle()
    assert {key[1] for key in left} == {"cabin", "villa"}
    assert household.around.sample("locations_owned") == 0
    assert source.listeners == {}
    done = (len(source.listings), len(source.polls))
    await household.pass_time(DAY)
    assert (len(source.listings), len(source.polls)) == done


# --- one location, two accounts


async def test_the_account_that_is_first_in_the_configuration_owns_a_shared_location(
    household: Household, source: FakeStream, caplog: pytest.LogCaptureFixture
) -> None:
    other = second(source, source.config, "cabin", "boathouse")
    for one in (source, other):
        household.account(one).start()
    await household.pass_time(DAY)
    assert len(other.listings) > 3
    assert other.polled("cabin") == []
    assert len(source.polled("cabin")) > 5
    assert len(other.polled("boathouse")) > 5
    assert homes(household) == {"cabin", "villa", "boathouse"}
    assert household.store.locations["homely", "cabin"].account == "homely-1"
    assert lines(caplog, "another account") == ["the location is read through another account"]
    warning = next(record for record in caplog.records if "another account" in record.message)
    assert warning.levelname == "WARNING"


async def test_the_first_account_takes_over_though_the_second_listed_first(
    household: Household, source: FakeStream, caplog: pytest.LogCaptureFixture
) -> None:
    other = second(source, source.config, "cabin", "boathouse")
    source.listing_error = CloudError(Outcome.SERVER_ERROR, 503)
    for one in (source, other):
        household.account(one).start()
    await household.settle()
    assert household.store.locations["homely", "cabin"].account == "homely-2"
    source.listing_error = None
    await to_next_listing(household, source)
    assert household.store.locations["homely", "cabin"].account == "homely-1"
    polls = len(other.polled("cabin"))
    await household.pass_time(DAY)
    assert len(other.polled("cabin")) == polls
    assert homes(household) == {"cabin", "villa", "boathouse"}
    assert lines(caplog, "another account") == ["the location is read through another account"]


async def test_the_second_account_takes_a_location_at_once_that_the_first_has_lost(
    household: Household, source: FakeStream
) -> None:
    other = second(source, source.config, "cabin")
    for one in (source, other):
        household.account(one).start()
    await household.settle()
    source.listed.remove("cabin")
    for _ in range(2):
        await to_next_listing(household, source)
    assert household.store.locations["homely", "cabin"].account == "homely-2"
    polls = len(source.polled("cabin"))
    await household.pass_time(HOUR)
    assert len(other.polled("cabin")) > 5
    assert len(source.polled("cabin")) == polls


async def test_locations_of_two_vendors_with_the_same_id_are_two_locations(
    household: Household, source: FakeStream, wally_config: WallyConfig
) -> None:
    other = FakeSource(wally_config, household.clock, listed=["cabin"])
    for one in (source, other):
        household.account(one).start()
    await household.settle()
    assert ("homely", "cabin") in household.store.locations
    assert ("wally", "cabin") in household.store.locations


# --- polls


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


def gaps(source: FakeSource, name: str, since: float = 0.0) -> list[float]:
    """Return the times between the polls of a location from a moment on."""
    moments = [moment for moment in source.polled(name) if moment >= since]
    return [after - before for before, after in itertools.pairwise(moments)]


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


# --- polls that fail


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


# --- a change of the configuration


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
