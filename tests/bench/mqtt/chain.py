"""The peer that people use today: a bridge, mosquitto and mqtt-exporter, each a process."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.child import child
from tests.bench.fleet import Served, cloud_of, until_answered, until_open
from tests.cli.command import free_port

_HERE = Path(__file__).parent
_BROKER = ("allow_anonymous true", "max_queued_messages 0", "log_dest none")
_PLACES = "/usr/sbin:/usr/bin"


def missing(python: Path) -> list[str]:
    """Return what is not installed."""
    found = [] if shutil.which("mosquitto", path=_PLACES) else ["mosquitto"]
    return found if python.exists() else [*found, "mqtt-exporter"]


@asynccontextmanager
async def chain(homes: int, folder: Path, python: Path, arrivals: Path) -> AsyncIterator[Served]:
    """Start the chain on a fleet and wait until all of it is connected."""
    folder.mkdir(parents=True, exist_ok=True)
    broker, port = free_port(), free_port()
    config, settings = folder / "mosquitto.conf", folder / "bridge.json"
    lines = (f"listener {broker} 127.0.0.1", *_BROKER)
    config.write_text("\n".join(lines) + "\n")
    environ = {
        "MQTT_PORT": str(broker),
        "PROMETHEUS_ADDRESS": "127.0.0.1",
        "PROMETHEUS_PORT": str(port),
        "LOG_LEVEL": "ERROR",
    }
    mosquitto = (str(shutil.which("mosquitto", path=_PLACES)), "-c", str(config))
    exporter = (str(python), str(_HERE / "noted.py"), str(arrivals))
    bridge = (str(python), str(_HERE / "bridge.py"), str(settings), str(broker))
    async with cloud_of(homes) as cloud, child(*mosquitto, talks=False) as middle:
        settings.write_text(json.dumps(cloud.hello))
        await until_open(broker)
        async with child(*exporter, talks=False, environ=environ) as last:
            url = f"http://127.0.0.1:{port}/metrics"
            await until_answered(url)
            await last.settle()
            async with child(*bridge) as first:
                processes = {"bridge": first, "mosquitto": middle, "mqtt-exporter": last}
                for process in processes.values():
                    await process.settle(quiet=0.002)
                yield Served(cloud, processes, url)
