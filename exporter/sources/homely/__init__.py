"""Homely: REST for state, one Socket.IO connection per location for changes."""

import random
from typing import ClassVar

from exporter.clock import Clock
from exporter.config import AccountConfig
from exporter.sources.base import Source
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.homely.source import HomelySource
from exporter.sources.homely.stream import Connector


class HomelyVendor:
    """Builds Homely sources, whose sockets share one HTTP session."""

    config: ClassVar[type[AccountConfig]] = HomelyConfig

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._connector = Connector(clock, rng)

    def build(self, config: HomelyConfig, gate: Gate, findings: Findings) -> Source:
        """Return the source of one login."""
        return HomelySource(config, gate, self._connector, findings, self._clock)

    async def close(self) -> None:
        """Close the shared session."""
        await self._connector.close()
