"""A source whose token is looked at."""

from pathlib import Path

import pytest

from exporter.simulator import Simulator
from exporter.sources.homely.source import HomelySource
from tests.care.conftest import homely_at
from tests.care.rig import Surroundings


@pytest.fixture
def source(sim: Simulator, around: Surroundings, tmp_path: Path) -> HomelySource:
    """Return a source with a budget for many calls; the budget itself is tested elsewhere."""
    often = {"poll_interval": "1s", "locations_refresh": "1s"}
    return around.homely(homely_at(sim.homely_url, sim.homely_logins[0], tmp_path, **often))


@pytest.fixture
def home(sim: Simulator) -> str:
    return sim.world.homes[0].location_id
