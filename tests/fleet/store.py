"""What stands behind the shards: a Prometheus agent, a store, and the rules there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import yaml

from scripts.generated import ROOT
from scripts.stack import process
from tests.cli.command import free_port, until_served
from tests.real.asked import Prometheus

BINARIES = ("prometheus", "victoria-metrics", "vmalert")
_KUBERNETES = ROOT / "deploy/kubernetes"


def agent_config(targets: Sequence[str], store: str) -> str:
    """Return the agent's configuration as shipped, with these targets, in a hurry."""
    config = yaml.safe_load((_KUBERNETES / "agents/agent.yml").read_text())
    (written,) = config["remote_write"]
    written["url"] = f"{store}/api/v1/write"
    (job,) = config["scrape_configs"]
    job["static_configs"] = [{"targets": list(targets)}]
    config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s"}
    return yaml.safe_dump(config)


def _hurried(folder: Path) -> Path:
    """Write the rules of the store, to be evaluated each second."""
    text = (_KUBERNETES / "fleet/rules/fleet.yml").read_text()
    path = folder / "fleet.yml"
    path.write_text(text.replace("interval: 30s", "interval: 1s"))
    return path


@asynccontextmanager
async def storing(folder: Path, targets: Sequence[str]) -> AsyncIterator[Prometheus]:
    """Let an agent scrape the targets into a store that can be asked as a Prometheus can."""
    store, agent, alert = (f"127.0.0.1:{free_port()}" for _ in range(3))
    (folder / "agent.yml").write_text(agent_config(targets, f"http://{store}"))
    async with AsyncExitStack() as parts:
        await parts.enter_async_context(
            process(
                "victoria-metrics",
                f"-storageDataPath={folder / 'store'}",
                f"-httpListenAddr={store}",
                "-search.latencyOffset=0s",
            )
        )
        await until_served(f"http://{store}/health")
        await parts.enter_async_context(
            process(
                "prometheus",
                "--enable-feature=agent",
                f"--config.file={folder / 'agent.yml'}",
                f"--storage.agent.path={folder / 'agent'}",
                f"--web.listen-address={agent}",
            )
        )
        await parts.enter_async_context(
            process(
                "vmalert",
                f"-rule={_hurried(folder)}",
                f"-datasource.url=http://{store}",
                f"-remoteWrite.url=http://{store}",
                "-remoteWrite.flushInterval=200ms",
                "-notifier.url=http://127.0.0.1:9",  # there is nobody to tell
                f"-httpListenAddr={alert}",
                log=folder / "vmalert.log",
            )
        )
        http = await parts.enter_async_context(aiohttp.ClientSession())
        yield Prometheus(f"http://{store}", http)
