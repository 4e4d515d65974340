"""The clouds of all vendors and the exporter that reads them; each is a line of `CLOUDS`."""

from collections.abc import AsyncIterator, Callable

import pytest

from exporter.sources.vendors import MODELS, VENDORS
from tests.conftest import Start
from tests.contract.clouds import Cloud, Homely, Wally
from tests.contract.toy import ToyVendor
from tests.contract.toy_cloud import Toy
from tests.support.manual_clock import ManualClock
from tests.support.running import Running

CLOUDS: dict[str, Callable[[Running], Cloud]] = {"homely": Homely, "wally": Wally}


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


@pytest.fixture(params=[*CLOUDS, "toy"])
def cloud(request: pytest.FixtureRequest, running: Running, toy: Toy) -> Cloud:
    """Return one vendor's cloud after the other."""
    return toy if request.param == "toy" else CLOUDS[request.param](running)
