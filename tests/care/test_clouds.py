"""What the accounts of one vendor share: its findings, and what is closed with the last of them."""

from collections.abc import AsyncIterator

import pytest

from exporter.sources.clouds import Clouds
from exporter.sources.findings import Reject
from exporter.sources.homely import HomelyVendor
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.wally import WallyVendor
from exporter.sources.wally.config import WallyConfig
from tests.care.rig import Surroundings
from tests.support.forgetful import Forgetful


class Closing(HomelyVendor):
    """Remembers how often it was closed."""

    closed = 0

    async def close(self) -> None:
        type(self).closed += 1
        await super().close()


@pytest.fixture
async def clouds(around: Surroundings) -> AsyncIterator[Clouds]:
    made = Clouds(
        clock=around.clock,
        rng=around.rng,
        telemetry=around.telemetry,
        memory=Forgetful(around.clock),
        vendors={"homely": Closing, "wally": WallyVendor},
    )
    yield made
    await made.close()


async def test_findings_of_all_accounts_of_a_vendor_are_counted_together(
    clouds: Clouds,
    around: Surroundings,
    homely_config: HomelyConfig,
    wally_config: WallyConfig,
) -> None:
    assert clouds.findings == {}, "of vendors that nobody is with nothing is told"
    clouds.open(homely_config)
    found = clouds.findings["homely"]
    clouds.open(homely_config.model_copy(update={"name": "homely-2"}))
    assert clouds.findings["homely"] is found
    found.unmapped.word("setup.odd")
    found.reject(Reject.RANGE)
    clouds.open(wally_config)
    assert around.sample("unmapped_states", vendor="homely") == 1
    assert around.sample("unmapped_states", vendor="wally") == 0
    for vendor, count in (("homely", 1), ("wally", 0)):
        assert around.sample("rejected_values_total", vendor=vendor, reason="range") == count


async def test_what_the_accounts_share_is_closed_with_them(
    clouds: Clouds, homely_config: HomelyConfig
) -> None:
    clouds.open(homely_config)
    before = Closing.closed
    await clouds.close()
    assert Closing.closed == before + 1
