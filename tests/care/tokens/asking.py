"""What a cloud was asked for, and asking it to be refused."""

import pytest

from exporter.errors import CloudError, Outcome
from exporter.simulator import Simulator
from exporter.sources.homely.source import HomelySource
from tests.care.rig import nothing_known

ACCOUNT = {"vendor": "homely", "account": "homely-1"}


def calls(sim: Simulator) -> list[str]:
    return [call.endpoint for call in sim.calls]


async def refuses(source: HomelySource, home: str, outcome: Outcome) -> None:
    with pytest.raises(CloudError) as caught:
        await source.poll(home, nothing_known)
    assert caught.value.outcome is outcome
