"""One look at the accounts: each is listed and each home polled once, by the parts that serve."""

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from types import TracebackType
from typing import Self

from exporter.catalog import Metric
from exporter.clock import Clock
from exporter.commands.hints import is_ours
from exporter.config import AccountConfig, Config
from exporter.errors import AuthError, CloudError, OnHoldError, Outcome
from exporter.exposition import Exposition
from exporter.model import LocationKey, LocationRef
from exporter.rest import Transport
from exporter.series import Owner, Sample
from exporter.sources.base import Source
from exporter.sources.clouds import Clouds, transport_for
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate
from exporter.state import Keeper, ReadOnlyFiles, StateFiles
from exporter.store import Policy, Store
from exporter.telemetry import Telemetry

#: A person waits so long for the budget of calls, and is told of it; beyond that the look ends.
_PATIENCE = 60.0


class Fate(StrEnum):
    """What became of an account, or of one of its homes."""

    OK = "ok"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    ON_HOLD = "on hold"
    PARTIAL = "partly"
    EMPTY = "no locations"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong if anything did; `until` is the wall time before which no call is made."""

    fate: Fate = Fate.OK
    outcome: Outcome | None = None
    detail: str = ""
    until: float | None = None


@dataclass(slots=True)
class LocationLook:
    """What came of one home; `reader` is the account that reads it, where that is another."""

    ref: LocationRef
    trouble: Trouble = Trouble()
    reader: str = ""


@dataclass(slots=True)
class AccountLook:
    """What came of one account; `calls` are those it made, by endpoint."""

    config: AccountConfig
    trouble: Trouble = Trouble()
    locations: list[LocationLook] = field(default_factory=list)
    calls: Mapping[str, int] = field(default_factory=dict)


class SamplePage:
    """Takes the samples that the store publishes, for a person to read."""

    def __init__(self) -> None:
        self.held: dict[Owner, tuple[tuple[str, ...], Sequence[Sample]]] = {}

    def put(self, owner: Owner, base: tuple[str, ...], samples: Sequence[Sample]) -> None:
        """Replace all samples of the owner."""
        self.held[owner] = (base, samples)

    def refresh(self, owner: Owner, metrics: Collection[Metric], samples: Iterable[Sample]) -> bool:  # noqa: ARG002  # as a page that is told each time
        """Ask for all samples of the owner instead."""
        return False

    def drop(self, owner: Owner) -> None:
        """Forget the owner."""
        self.held.pop(owner, None)


class _PatientClock:
    """A clock whose waits are told of, and end in OnHoldError where they would be long."""

    def __init__(self, clock: Clock, on_wait: Callable[[float], None]) -> None:
        self._clock = clock
        self._on_wait = on_wait
        self.wall, self.monotonic = clock.wall, clock.monotonic

    async def sleep(self, seconds: float) -> None:
        """Wait for calls that the budget allows again."""
        if seconds > _PATIENCE:
            raise OnHoldError(self.monotonic() + seconds)
        self._on_wait(seconds)
        await self._clock.sleep(seconds)


class Survey:
    """Looks at each account once: `async with` it, then `look` at them.

    What it learns is kept in the state folder, as a restart would need it, so that an exporter
    which starts next need not ask again. Where another process or another user has the folder,
    it is only read.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        on_wait: Callable[[float], None] = lambda _: None,
        make_transport: Callable[[AccountConfig], Transport] = transport_for,
    ) -> None:
        self._config = config
        self._clock = _PatientClock(clock, on_wait)
        self._make_transport = make_transport
        self.page = SamplePage()
        self._telemetry = Telemetry(Exposition())
        self._store = Store(self._clock, self.page)
        self._owners: dict[LocationKey, str] = {}
        self._parts = AsyncExitStack()
        self._keeper: Keeper
        self._clouds: Clouds
        self.is_recorded = False
        self.state_errors = 0

    async def __aenter__(self) -> Self:
        files, self.is_recorded = await self._files()
        self._keeper = Keeper(files, self._store, self._clock)
        self._clouds = Clouds(
            clock=self._clock,
            rng=random.Random(),  # noqa: S311  # jitter, not a secret
            telemetry=self._telemetry,
            memory=self._keeper,
            make_transport=self._make_transport,
        )
        await self._keeper.load()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._keeper.save()
        await self._keeper.close()
        await self._parts.aclose()
        await self._clouds.close()

    async def _files(self) -> tuple[StateFiles, bool]:
        folder = self._config.state_dir
        arguments = (folder, ThreadPoolExecutor(1, thread_name_prefix="state"), self._count_error)
        self._parts.callback(arguments[1].shutdown, wait=False, cancel_futures=True)
        if is_ours(folder):
            files = StateFiles(*arguments)
            if await files.claim():
                return files, True
            await files.close()
        return ReadOnlyFiles(*arguments), False

    def _count_error(self) -> None:
        self.state_errors += 1

    async def look(self, config: AccountConfig) -> AccountLook:
        """List an account and poll each of its homes once."""
        look = AccountLook(config)
        gate, source = self._clouds.open(config)
        self._parts.callback(gate.close)
        # A look is no restart.
        gate.record.restarts = max(0, gate.record.restarts - 1)
        for remembered in self._keeper.locations(config):
            self._store.remember(remembered)
        try:
            await self._locations(look, gate, source)
        except (CloudError, OnHoldError) as error:
            look.trouble = self._trouble(gate, error)
        look.calls = gate.calls
        return look

    async def _locations(self, look: AccountLook, gate: Gate, source: Source) -> None:
        refs = await source.locations()
        look.locations = [self._claim(look.config, ref) for ref in refs]
        own = [one for one in look.locations if not one.reader]
        gate.expect({one.ref.id for one in own})
        gate.record.listed = (self._clock.monotonic(), len(own))
        for one in own:
            key = (look.config.vendor, one.ref.id)
            try:
                polled = await source.poll(one.ref.id, partial(self._store.info, key))
            except (CloudError, OnHoldError) as error:
                one.trouble = self._trouble(gate, error)
                continue
            self._store.poll(key, polled.snapshot, polled.began, polled.vendor_now)
        troubles = [one.trouble for one in own if one.trouble.fate is not Fate.OK]
        if not refs:
            look.trouble = Trouble(Fate.EMPTY)
        elif troubles:
            look.trouble = troubles[0] if len(troubles) == len(own) else Trouble(Fate.PARTIAL)

    def _claim(self, config: AccountConfig, ref: LocationRef) -> LocationLook:
        key = (config.vendor, ref.id)
        owner = self._owners.setdefault(key, config.name)
        if owner != config.name:
            return LocationLook(ref, reader=owner)
        if key not in self._store.locations:
            self._store.add(key, config.name, Policy.of(config))
        self._store.describe(key, ref)
        return LocationLook(ref)

    def _trouble(self, gate: Gate, error: CloudError | OnHoldError) -> Trouble:
        if isinstance(error, OnHoldError):
            until = self._clock.wall() + error.until - self._clock.monotonic()
            return Trouble(Fate.ON_HOLD, until=until)
        fate = Fate.REFUSED if isinstance(error, AuthError) else Fate.UNREACHABLE
        return Trouble(fate, error.outcome, str(error), gate.penalised_until() or None)

    @property
    def findings(self) -> Mapping[str, Findings]:
        """What was found at each vendor that an account is with."""
        return self._clouds.findings

    def rejected(self, vendor: str) -> dict[str, int]:
        """Return how many values of a vendor were not believed, by reason."""
        counts: Counter[str] = Counter()
        for family in self._telemetry.rejected_values.collect():
            for sample in family.samples:
                if sample.name.endswith("_total") and sample.labels["vendor"] == vendor:
                    counts[sample.labels["reason"]] += int(sample.value)
        return dict(+counts)
