"""A shard as a fleet runs it, of simulated homes: what each of its processes costs."""

import asyncio
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from os import sysconf
from pathlib import Path

import aiohttp
import yaml

from scripts.generated import ROOT
from tests.cli.command import free_port, until_served
from tests.real.asked import Prometheus

#: Of each simulated home; a device reports every so many seconds.
DEVICES, REPORT_EVERY = 10, 300
#: As `deploy/kubernetes/fleet/prometheus.yml` has it.
SCRAPE_EVERY = 15
BINARIES = ("prometheus", "victoria-metrics")
_TICKS, _PAGE = sysconf("SC_CLK_TCK"), sysconf("SC_PAGE_SIZE")
_KUBERNETES = ROOT / "deploy/kubernetes"
_PATIENCE = 180.0
_HELD_EVERY = 3.0
_ASKED = {"Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": "gzip"}

Samples = dict[str, float]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process used: a share of a core, and bytes of memory at the end."""

    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What a shard of so many homes was and cost, in bytes and seconds."""

    homes: int
    series: float
    page: float
    page_packed: float
    sockets: float
    calls_to_start: float
    exporter: Cost
    prometheus: Cost
    held_seconds: float
    samples_per_second: float
    sent_per_sample: float
    stored_per_sample: float


class _Process:
    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def cpu(self) -> float:
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        return int((self._folder / "statm").read_text().split()[1]) * _PAGE


@asynccontextmanager
async def _started(folder: Path, name: str, *command: str) -> AsyncIterator[_Process]:
    with (folder / f"{name}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, cwd=ROOT)
        try:
            yield _Process(process.pid)
        finally:
            process.terminate()
            await process.wait()


class Shard:
    """Clouds, exporter, Prometheus with the shipped rules, and a store, on loopback."""

    def __init__(self, folder: Path, homes: int) -> None:
        self._folder = folder
        self._homes = homes
        self._at = {name: f"127.0.0.1:{free_port()}" for name in ("exporter", "rules", "store")}
        self._control = ""

    async def measure(self, seconds: float) -> Figures:
        """Start everything, let it settle, and look at it for so long."""
        self._folder.mkdir()
        async with AsyncExitStack() as parts:
            self._http = await parts.enter_async_context(aiohttp.ClientSession())
            await parts.enter_async_context(_started(self._folder, "clouds", *self._clouds()))
            await self._configure()
            exporter = await parts.enter_async_context(
                _started(self._folder, "exporter", *self._exporter())
            )
            await self._until("exporter", "home_exporter_stream_connected{", self._homes)
            await parts.enter_async_context(_started(self._folder, "store", *self._store()))
            await until_served(f"http://{self._at['store']}/health")
            prometheus = await parts.enter_async_context(
                _started(self._folder, "prometheus", *self._prometheus())
            )
            await self._until("rules", "prometheus_remote_storage_samples_total{", 1)
            asked = Prometheus(f"http://{self._at['rules']}", self._http)
            await asked.until(f"count(home:up:held) == {self._homes}")
            used, before = (exporter.cpu(), prometheus.cpu()), await self._samples("rules")
            held = [seconds async for seconds in self._evaluations(seconds)]
            costs = [
                Cost((process.cpu() - cpu) / seconds, process.memory())
                for process, cpu in zip((exporter, prometheus), used, strict=True)
            ]
            return await self._figures(costs, before, seconds, min(held))

    async def _evaluations(self, seconds: float) -> AsyncIterator[float]:
        """Yield how long the rules that hold took, as often as they are evaluated."""
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            await asyncio.sleep(_HELD_EVERY)
            now = await self._samples("rules")
            yield _sum(now, "prometheus_rule_group_last_duration_seconds", "home-held")

    async def _figures(
        self, costs: list[Cost], before: Samples, seconds: float, held: float
    ) -> Figures:
        page, packed = await self._page("exporter"), await self._page("exporter", packed=True)
        now = await self._samples("rules")
        grown = {name: value - before.get(name, 0) for name, value in now.items()}
        sent = _sum(grown, "prometheus_remote_storage_samples_total")
        await self._http.get(f"http://{self._at['store']}/internal/force_flush")
        store = await self._samples("store")
        return Figures(
            homes=self._homes,
            series=sum(not line.startswith("#") for line in page.decode().splitlines()),
            page=len(page),
            page_packed=len(packed),
            sockets=_sum(await self._samples("exporter"), "home_exporter_stream_connected"),
            calls_to_start=len(await self._calls()),
            exporter=costs[0],
            prometheus=costs[1],
            held_seconds=held,
            samples_per_second=_sum(grown, "prometheus_tsdb_head_samples_appended_total") / seconds,
            sent_per_sample=_sum(grown, "prometheus_remote_storage_bytes_total") / sent,
            stored_per_sample=_sum(store, "vm_data_size_bytes", "storage/")
            / _sum(store, "vm_rows", "storage/"),
        )

    def _clouds(self) -> list[str]:
        fleet = f"--fleet={self._homes}x1"
        return [
            *(sys.executable, "-m", "exporter.simulator", fleet),
            f"--report-every={REPORT_EVERY}",
        ]

    async def _configure(self) -> None:
        """Write an account for each login that the clouds have told of."""
        log = self._folder / "clouds.log"
        async with asyncio.timeout(_PATIENCE):
            while "\nScenario" not in (text := log.read_text()):  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.05)
        (url,) = re.findall(r"^Homely +(http\S+)", text, re.MULTILINE)
        (self._control,) = re.findall(r"^Control +(http\S+)/world", text, re.MULTILINE)
        accounts = self._folder / "accounts"
        accounts.mkdir()
        logins = re.findall(r"^Homely login +(\S+) +password (\S+)", text, re.MULTILINE)
        for number, (user, word) in enumerate(logins):
            account = {"vendor": "homely", "base_url": url, "username": user, "password": word}
            (accounts / f"homely-{number}.yml").write_text(yaml.safe_dump(account))
        config = {"accounts_dir": "accounts", "state_dir": "state"}
        (self._folder / "exporter.yml").write_text(yaml.safe_dump(config))

    def _exporter(self) -> list[str]:
        return [
            *(sys.executable, "-m", "exporter", f"--config.file={self._folder / 'exporter.yml'}"),
            *(f"--web.listen-address={self._at['exporter']}", "--log.level=error"),
        ]

    def _store(self) -> list[str]:
        data = f"-storageDataPath={self._folder / 'store'}"
        return ["victoria-metrics", data, f"-httpListenAddr={self._at['store']}"]

    def _prometheus(self) -> list[str]:
        """Write the configuration as shipped, with other addresses and nobody to tell."""
        rules = self._folder / "rules"
        shutil.copytree(ROOT / "deploy/prometheus/rules", rules)
        shutil.copy(_KUBERNETES / "fleet/rules/shard.yml", rules)
        text = (_KUBERNETES / "fleet/prometheus.yml").read_text().replace("ORDINAL", "0")
        for old, new in {
            "home-exporter-0.home-exporter:10874": self._at["exporter"],
            "127.0.0.1:9090": self._at["rules"],
            "http://vminsert:8480/insert/0/prometheus": f"http://{self._at['store']}",
            "/etc/prometheus/rules": str(rules),
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        config = yaml.safe_load(text)
        del config["alerting"]
        path = self._folder / "prometheus.yml"
        path.write_text(yaml.safe_dump(config))
        return [
            *("prometheus", f"--config.file={path}", f"--web.listen-address={self._at['rules']}"),
            f"--storage.tsdb.path={self._folder / 'prometheus'}",
        ]

    async def _page(self, of: str, *, packed: bool = False) -> bytes:
        headers = _ASKED if packed else {"Accept-Encoding": "identity"}
        url = f"http://{self._at[of]}/metrics"
        # What is packed stays so: its length is what is asked for.
        async with (
            aiohttp.ClientSession(auto_decompress=False) as http,
            http.get(url, headers=headers) as answer,
        ):
            return await answer.read()

    async def _samples(self, of: str) -> Samples:
        lines = (await self._page(of)).decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    async def _calls(self) -> list[object]:
        async with self._http.get(f"{self._control}/calls") as answer:
            calls: list[object] = await answer.json()
            return calls

    async def _until(self, of: str, name: str, least: float) -> None:
        async with asyncio.timeout(_PATIENCE):
            while True:
                try:
                    if _sum(await self._samples(of), name) >= least:
                        return
                except aiohttp.ClientError:
                    pass  # it is starting
                await asyncio.sleep(0.2)


def _sum(samples: Samples, name: str, inside: str = "") -> float:
    return sum(v for one, v in samples.items() if one.startswith(name) and inside in one)
