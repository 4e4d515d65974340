"""The way from each account to its cloud: its gate, its source, and what a vendor's share."""

import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from exporter.clock import Clock
from exporter.config import AccountConfig
from exporter.logs import Log
from exporter.rest import Transport, Worker
from exporter.sources.base import Source, Vendor
from exporter.sources.findings import Findings, Reject
from exporter.sources.gate import Gate, Memory
from exporter.sources.vendors import VENDORS
from exporter.telemetry import Telemetry

_THREADS_PER_VENDOR = 16


def transport_for(config: AccountConfig, make: Callable[..., Transport] = Transport) -> Transport:
    """Return the transport of an account."""
    # A simulator on this machine is not behind the proxy that the environment may name.
    return make(use_environment=not config.is_local)


class Clouds:
    """Opens the way for accounts; those of one vendor share its threads and its findings."""

    def __init__(
        self,
        *,
        clock: Clock,
        rng: random.Random,
        telemetry: Telemetry,
        memory: Memory,
        vendors: Mapping[str, type[Vendor]] = VENDORS,
        make_transport: Callable[[AccountConfig], Transport] = transport_for,
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._telemetry = telemetry
        self._memory = memory
        self._make_transport = make_transport
        self._vendors = {name: make(clock, rng) for name, make in vendors.items()}
        self._pools: dict[str, ThreadPoolExecutor] = {}
        #: What was found at each vendor that an account is with.
        self.findings: dict[str, Findings] = {}

    def open(self, config: AccountConfig) -> tuple[Gate, Source]:
        """Return what lets an account's calls through, and what makes them."""
        vendor = config.vendor
        if vendor not in self.findings:
            self.findings[vendor] = self._findings(vendor)
            # A pool of its own: one vendor's hung calls must not hold up another's, nor DNS.
            self._pools[vendor] = ThreadPoolExecutor(
                _THREADS_PER_VENDOR, thread_name_prefix=f"rest-{vendor}"
            )
        gate = Gate(
            config,
            worker=Worker(self._make_transport(config), self._pools[vendor], config.base_url),
            memory=self._memory,
            clock=self._clock,
            telemetry=self._telemetry,
            rng=self._rng,
        )
        return gate, self._vendors[vendor].build(config, gate, self.findings[vendor])

    async def close(self) -> None:
        """Free what accounts share; they are stopped by now."""
        for vendor in self._vendors.values():
            await vendor.close()
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def _findings(self, vendor: str) -> Findings:
        rejected = {
            one: self._telemetry.rejected_values.labels(vendor, one.value) for one in Reject
        }
        findings = Findings(lambda one: rejected[one].inc(), Log("mapping", vendor=vendor))
        unmapped = self._telemetry.unmapped_states.labels(vendor)
        unmapped.set_function(lambda: len(findings.unmapped))
        return findings
