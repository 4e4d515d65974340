"""How soon a leak reaches the phone.

Simulator, exporter, Prometheus, Alertmanager and the receiver run as processes on loopback, with
the configuration as shipped. Each run wets the sensor of another home, at another moment of the
five seconds between two scrapes.
"""

import asyncio
import random
from pathlib import Path
from typing import Any

from exporter.simulator.worlds import fleet_world
from scripts.stack import missing
from tests.real.watched import Watched, floods, watched

_DEVICES = 11  # the eleventh is a flood sensor
_SCRAPE = 5.0


async def _measure(chain: Watched) -> list[float]:
    moments, seconds = random.Random(1), []  # noqa: S311  # not a secret
    for home, flood in floods(chain.simulator.world):
        await asyncio.sleep(moments.uniform(0, _SCRAPE))
        began = await chain.wet(home, flood, wet=True)
        told = await chain.phone.until("firing", device_id=flood.device_id, severity="critical")
        seconds.append(told.arrived - began)
    return seconds


async def measure(runs: int, folder: Path) -> Any:
    """Return the seconds from each leak to its message, or what is not installed."""
    if missing():
        return {"skipped": missing(), "seconds": []}
    async with watched(folder, fleet_world(runs, 1, _DEVICES)) as chain:
        return {"skipped": [], "seconds": await _measure(chain)}
