"""A fleet as processes: simulated logins, and the exporters that share them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

from exporter.shard import Shard
from exporter.simulator import Simulator
from tests.cli.command import Command, free_port, get, start, until_served

Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass
class Exporter:
    """One process, its folder and what it told last."""

    shard: Shard
    folder: Path
    address: str
    command: Command

    async def page(self) -> dict[Series, float]:
        """Scrape it."""
        text = await get(f"http://{self.address}/metrics")
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


def configure(simulator: Simulator, folder: Path, shard: Shard) -> Path:
    """Write all accounts of the fleet, and the secrets of the shard's own alone."""
    accounts = folder / "accounts"
    accounts.mkdir(parents=True)
    for number, (username, password) in enumerate(simulator.homely_logins):
        name = f"homely-{number}"
        account = {
            "vendor": "homely",
            "base_url": simulator.homely_url,
            "username": username,
            "password_file": f"{name}.password",
        }
        (accounts / f"{name}.yml").write_text(yaml.safe_dump(account))
        if shard.owns(name):
            (accounts / f"{name}.password").write_text(password)
    path = folder / "exporter.yml"
    path.write_text(yaml.safe_dump({"accounts_dir": "accounts", "state_dir": "state"}))
    return path


@asynccontextmanager
async def running(simulator: Simulator, folder: Path, total: int) -> AsyncIterator[list[Exporter]]:
    """Run so many exporters as the pods of a StatefulSet, until each has asked its accounts."""
    exporters = []
    try:
        for ordinal in range(total):
            shard = Shard(ordinal, total)
            home, address = folder / f"{ordinal}-of-{total}", f"127.0.0.1:{free_port()}"
            config = configure(simulator, home, shard)
            command = await start(
                f"--config.file={config}",
                f"--web.listen-address={address}",
                "--log.level=error",
                folder=home,
                HOME_EXPORTER_SHARD=f"home-exporter-{ordinal}",
                HOME_EXPORTER_TOTAL_SHARDS=str(total),
            )
            exporters.append(Exporter(shard, home, address, command))
        for exporter in exporters:
            await until_served(f"http://{exporter.address}/-/ready")
        yield exporters
    finally:
        for exporter in exporters:
            await exporter.command.kill()
