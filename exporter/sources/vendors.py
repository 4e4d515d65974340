"""The vendors that the exporter knows: one line each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exporter.clock import Clock
from exporter.config import AccountConfig
from exporter.sources.base import Source
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.homely.source import HomelySource
from exporter.sources.homely.stream import Connector
from exporter.sources.wally.config import WallyConfig
from exporter.sources.wally.source import WallySource


@dataclass(frozen=True, slots=True)
class Parts:
    """What a source may be built from besides its configuration and its gate."""

    connector: Connector
    findings: Findings
    clock: Clock


@dataclass(frozen=True, slots=True)
class Vendor:
    """How an account of one vendor is configured and built."""

    config: type[AccountConfig]
    build: Callable[[Any, Gate, Parts], Source]


VENDORS: dict[str, Vendor] = {
    "homely": Vendor(
        HomelyConfig,
        lambda config, gate, parts: HomelySource(
            config, gate, parts.connector, parts.findings, parts.clock
        ),
    ),
    "wally": Vendor(
        WallyConfig, lambda config, gate, parts: WallySource(config, gate, parts.findings)
    ),
}
