"""What stands around a gate, a source or an account when it is tested alone."""

import asyncio
import logging
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from requests.auth import AuthBase

from exporter.accounts import Account, Claims, Tools
from exporter.config import AccountConfig
from exporter.errors import OnHoldError
from exporter.exposition import Exposition
from exporter.model import LocationRef, Snapshot
from exporter.rest import Answer, Transport, Worker
from exporter.schedule import Planner
from exporter.sources.base import Endpoints, Event, InfoOf, Polled, Reason, Source, StreamListener
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.homely.source import HomelySource
from exporter.sources.homely.stream import Connector
from exporter.sources.wally.config import WallyConfig
from exporter.sources.wally.source import WallySource
from exporter.store import Store
from exporter.tasks import Tasks
from exporter.telemetry import Telemetry
from tests.support.forgetful import Forgetful
from tests.support.manual_clock import ManualClock

PATIENCE = 5.0


def nothing_known(_: str) -> None:
    """Know no device yet."""


MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
#: The least that the clock of a household moves at once: what falls due is seen so much later.
STEP = 1.5


def seeded(seed: int) -> random.Random:
    """Return a generator of jitter that draws the same in every run."""
    return random.Random(seed)  # noqa: S311  # jitter, not a secret


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the transport got it."""

    method: str
    path: str
    authorization: str
    body: Any


class ScriptedTransport(Transport):
    """A transport that asks the test instead of a cloud, and remembers every call."""

    def __init__(self, reply: Callable[[Call], Any]) -> None:
        super().__init__()
        self.reply = reply
        self.calls: list[Call] = []
        self.is_aborted = threading.Event()

    def exchange(
        self, method: str, url: str, *, auth: AuthBase | None = None, body: Any = None
    ) -> Answer:
        request = requests.Request(method, url, auth=auth).prepare()
        path = request.path_url
        call = Call(method, path, request.headers.get("Authorization", ""), body)
        self.calls.append(call)
        reply = self.reply(call)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, Answer) else Answer(reply, None)

    def abort(self) -> None:
        self.is_aborted.set()
        super().abort()

    def paths(self) -> list[str]:
        """Return the last part of every path that was called."""
        return [call.path.rsplit("/", 1)[-1] for call in self.calls]


@dataclass
class Surroundings:
    """Clock, threads and telemetry of one test."""

    clock: ManualClock
    pool: Executor
    page: Exposition = field(default_factory=Exposition)
    telemetry: Telemetry = field(init=False)
    rng: random.Random = field(default_factory=lambda: seeded(1))
    transports: list[Transport] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.telemetry = Telemetry(self.page)

    def gate(self, config: AccountConfig, transport: Transport | None = None) -> Gate:
        """Build a gate, with a transport to real sockets where none is given."""
        self.transports.append(transport or Transport())
        gate = Gate(
            config,
            worker=Worker(self.transports[-1], self.pool, config.base_url),
            memory=Forgetful(self.clock),
            clock=self.clock,
            telemetry=self.telemetry,
            rng=self.rng,
        )
        self.gates.append(gate)
        return gate

    def homely(self, config: HomelyConfig, transport: Transport | None = None) -> HomelySource:
        """Build a Homely source behind a gate of its own."""
        gate = self.gate(config, transport)
        connector = Connector(self.clock, self.rng)
        return HomelySource(config, gate, connector, Findings(), self.clock)

    def wally(self, config: WallyConfig, transport: Transport | None = None) -> WallySource:
        """Build a Wally source behind a gate of its own."""
        return WallySource(config, self.gate(config, transport), Findings())

    def sample(self, name: str, **labels: str) -> float | None:
        """Return a value of the exporter's own metrics."""
        self.telemetry.look(self.clock.monotonic())
        wanted = f"home_exporter_{name}"
        for family in text_string_to_metric_families(self.page.render(openmetrics=False).decode()):
            for sample in family.samples:
                if (sample.name, sample.labels) == (wanted, labels):
                    return float(sample.value)
        return self.telemetry.registry.get_sample_value(wanted, labels)

    async def hold_of(self, call: Callable[[], Any]) -> float:
        """Return for how long a call says that none may be made."""
        try:
            await call()
        except OnHoldError as hold:
            return hold.until - self.clock.monotonic()
        raise AssertionError("the call was made")


# --- accounts


@dataclass
class FakeSource:
    """A source that lists and polls as the test says, and remembers when."""

    endpoints: ClassVar[Endpoints] = Endpoints("list", "poll")

    config: AccountConfig
    clock: ManualClock
    listed: list[str] = field(default_factory=list)
    listing_error: Exception | None = None
    poll_error: Exception | None = None
    hanging: "asyncio.Future[None] | None" = None
    listings: list[float] = field(default_factory=list)
    polls: list[tuple[float, str]] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    most_at_once: int = 0

    def change(self, config: Any) -> None:
        self.config = config

    async def locations(self) -> Sequence[LocationRef]:
        self.listings.append(self.clock.monotonic())
        if self.listing_error is not None:
            raise self.listing_error
        return [LocationRef(name, f"The {name}") for name in self.listed]

    async def poll(self, location_id: str, _: InfoOf, /) -> Polled:
        began = self.clock.monotonic()
        self.polls.append((began, location_id))
        self.running.append(location_id)
        self.most_at_once = max(self.most_at_once, self.running.count(location_id))
        try:
            if self.hanging is not None:
                await asyncio.shield(self.hanging)
            if self.poll_error is not None:
                raise self.poll_error
        finally:
            self.running.remove(location_id)
        return Polled(Snapshot(f"The {location_id}", "", ()), began, self.clock.wall())

    def polled(self, location_id: str) -> list[float]:
        """Return when a location was polled."""
        return [moment for moment, name in self.polls if name == location_id]


@dataclass
class FakeStream(FakeSource):
    """A source with a stream per location, which the test connects and drops."""

    listeners: dict[str, StreamListener] = field(default_factory=dict)

    async def follow(self, location_id: str, listener: StreamListener) -> None:
        self.listeners[location_id] = listener
        try:
            await asyncio.Event().wait()
        finally:
            del self.listeners[location_id]

    def event(self, payload: Any, info_of: InfoOf) -> Event | None:  # noqa: ARG002  # protocol
        return None

    def connect(self) -> None:
        """Bring every stream up."""
        for listener in self.listeners.values():
            listener.connected()

    def drop(self) -> None:
        """Lose every stream."""
        for listener in self.listeners.values():
            listener.disconnected(Reason.TRANSPORT)


class Household:
    """Accounts with everything they work with, on a clock that the test moves."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.clock = around.clock
        self.planner = Planner(around.clock)
        self.tasks = Tasks()
        self.page = around.page
        self.store = Store(around.clock, self.page)
        self.accounts: list[Account] = []
        self.tools = Tools(
            around.clock,
            self.store,
            self.planner,
            around.telemetry,
            self.tasks,
            around.rng,
            Claims(self.store, around.telemetry.locations_owned.set),
        )
        self.planner.start()

    def account(self, source: Source) -> Account:
        """Build an account; the first one built is the first of the configuration."""
        gate = self.around.gate(source.config)
        self.accounts.append(Account(source, gate, self.tools, len(self.accounts)))
        return self.accounts[-1]

    async def settle(self) -> None:
        """Let everything that is due happen; none of it waits for sockets."""
        for _ in range(6):
            await self.clock.settle()

    async def pass_time(self, seconds: float) -> None:
        """Move the clock from plan to plan, each seen by a tick as the exporter sees it."""
        await self.settle()
        end = self.clock.monotonic() + seconds
        while (now := self.clock.monotonic()) < end:
            due = min((due for due, _ in self.planner._due.values()), default=end)
            self.clock.advance(min(max(due - now, STEP), end - now))
            self.planner.watch_clocks()
            await self.settle()

    async def stop(self) -> None:
        """Stop what was started."""
        for account in self.accounts:
            account.stop()
        self.planner.stop()
        await self.tasks.stop()


def told_records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the exporter has told people: not what helps to look for a fault."""
    return [
        record
        for record in caplog.records
        if record.name.startswith("exporter") and record.levelno > logging.DEBUG
    ]
