"""The clouds of all vendors, each a fixture of its name, and the exporter that reads them all."""

from collections.abc import AsyncIterator

import pytest

from exporter.sources.vendors import MODELS, VENDORS
from tests.conftest import Start
from tests.contract.clouds import Cloud, Homely, Wally
from tests.contract.toy import ToyVendor
from tests.contract.toy_cloud import Toy
from tests.support.manual_clock import ManualClock
from tests.support.running import Running

#: Each has the whole contract.
CLOUDS = ["homely", "wally", "toy"]


@pytest.fixture
async def toy(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Toy]:
    """Serve the toy cloud, and register its vendor as a line of `sources/vendors.py` would."""
    monkeypatch.setitem(VENDORS, "toy", ToyVendor)
    monkeypatch.setitem(MODELS, "toy", ToyVendor.config)
    cloud = Toy(clock)
    await cloud.open()
    yield cloud
    await cloud.close()


@pytest.fixture
async def running(start: Start, toy: Toy) -> Running:
    """Start the exporter on the clouds of all vendors."""
    running = await start(also={"toy": [toy.account]})
    await running.ready()
    return running


@pytest.fixture
def homely(running: Running) -> Homely:
    """Return the Homely cloud of the simulator."""
    return Homely(running)


@pytest.fixture
def wally(running: Running) -> Wally:
    """Return the WallyHome cloud of the simulator."""
    return Wally(running)


@pytest.fixture(params=CLOUDS)
def cloud(request: pytest.FixtureRequest, running: Running) -> Cloud:  # noqa: ARG001  # is read by it
    """Return one vendor's cloud after the other."""
    one: Cloud = request.getfixturevalue(request.param)
    return one
