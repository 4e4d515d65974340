"""Which locations an account has, and that each is read through one account alone."""

import asyncio
import itertools

import pytest

from exporter.errors import CloudError, OnHoldError, Outcome
from exporter.sources.wally.config import WallyConfig
from tests.care.households import lines, second
from tests.care.rig import DAY, HOUR, MINUTE, STEP, FakeSource, FakeStream, Household

LISTED_EVERY = 6 * HOUR
# An interval is lengthened by a tenth at the most, and time moves in steps.
MOST = 1.1 * LISTED_EVERY + 5 * MINUTE


def homes(household: Household, vendor: str = "homely") -> set[str]:
    return {key[1] for key in household.store.locations if key[0] == vendor}


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
