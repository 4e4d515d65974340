"""WallyHome: REST for state, HTTP callbacks for the vendor's alerts."""

import random
from typing import ClassVar

from exporter.clock import Clock
from exporter.config import AccountConfig
from exporter.sources.base import Source
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate
from exporter.sources.wally.config import WallyConfig
from exporter.sources.wally.source import WallySource


class WallyVendor:
    """Builds WallyHome sources, which share nothing."""

    config: ClassVar[type[AccountConfig]] = WallyConfig

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        pass

    def build(self, config: WallyConfig, gate: Gate, findings: Findings) -> Source:
        """Return the source of one account."""
        return WallySource(config, gate, findings)

    async def close(self) -> None:
        """Close nothing."""
