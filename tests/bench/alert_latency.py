"""How soon does a leak reach the phone? Run with `make bench`.

Simulator, exporter, Prometheus, Alertmanager and the receiver run as processes on loopback, with
the configuration as shipped. Each run wets the sensor of another home, at another moment of the
five seconds between two scrapes.
"""

import asyncio
import random
import statistics
import sys
import tempfile
from pathlib import Path

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


async def main(runs: int) -> int:
    """Print the median and the worst of the runs."""
    if missing():
        print(f"alert latency: not measured, not installed: {', '.join(missing())}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        async with watched(Path(folder), fleet_world(runs, 1, _DEVICES)) as chain:
            seconds = await _measure(chain)
    print(
        f"leak to webhook over {runs} runs: median {statistics.median(seconds):.1f} s, "
        f"worst {max(seconds):.1f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)))
