"""The protocols behind which each vendor stands: what an account can be asked."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from exporter.clock import Clock
from exporter.config import AccountConfig
from exporter.model import ActivityChange, Change, LocationRef, Snapshot
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate


@dataclass(frozen=True, slots=True)
class Polled:
    """One successful poll: `began` is monotonic, `vendor_now` the cloud's time of its answer."""

    snapshot: Snapshot
    began: float
    vendor_now: float


@dataclass(frozen=True, slots=True)
class Event:
    """One pushed event: its type, the location it names if any, what it changes if that is known.

    `lag` is its arrival minus the vendor's own time in it, in seconds; None when undated.
    """

    type: str
    location_id: str = ""
    change: Change | None = None
    lag: float | None = None


class Endpoints(NamedTuple):
    """The names of a source's two repeated calls, in metrics and in the record of calls."""

    listing: str
    poll: str


#: How a mapping learns what was said of a device before: its info, None for an unknown device.
InfoOf = Callable[[str], Mapping[str, str] | None]


class Source(Protocol):
    """One account with one vendor. Calls raise CloudError or OnHoldError, and nothing else."""

    @property
    def config(self) -> AccountConfig:
        """The account's configuration."""
        ...

    @property
    def endpoints(self) -> Endpoints:
        """What its calls are named."""
        ...

    async def locations(self) -> Sequence[LocationRef]:
        """Ask which locations the account has now."""
        ...

    async def poll(self, location_id: str, info_of: InfoOf, /) -> Polled:
        """Ask for all that is known of one location."""
        ...


class Reason(StrEnum):
    """Why a stream was lost or not had: the closed list behind the `reason` label."""

    SERVER = "server"
    TRANSPORT = "transport"
    REFUSED = "refused"
    CONNECT_FAILED = "connect_failed"
    CONNECT_TIMEOUT = "connect_timeout"
    NO_TOKEN = "no_token"  # noqa: S105  # a reason, not a token
    SHUTDOWN = "shutdown"


class StreamListener(Protocol):
    """Who is told what happens on a stream; called on the event loop, never raises."""

    def connected(self) -> None:
        """Take that the stream is up."""
        ...

    def disconnected(self, reason: Reason) -> None:
        """Take that the stream was lost or not had."""
        ...

    def event(self, payload: Any) -> None:
        """Take one event as the vendor sent it."""
        ...


@runtime_checkable
class StreamSource(Source, Protocol):
    """A source that also pushes changes over one connection per location."""

    async def follow(self, location_id: str, listener: StreamListener) -> None:
        """Keep the location's stream up until cancelled."""
        ...

    def event(self, payload: Any, info_of: InfoOf) -> Event | None:
        """Return what an event says, None for one that is malformed."""
        ...


@runtime_checkable
class CallbackSource(Source, Protocol):
    """A source whose cloud also calls us."""

    def callback(self, payload: Any) -> tuple[list[ActivityChange], int]:
        """Return what a callback says, and how many of its items were malformed."""
        ...


class Vendor(Protocol):
    """How the accounts of one vendor are configured and built, and what they share."""

    config: ClassVar[type[AccountConfig]]

    def __init__(self, clock: Clock, rng: random.Random) -> None: ...

    def build(self, config: Any, gate: Gate, findings: Findings) -> Source:
        """Return the source of one account; `config` is of the vendor's own type."""
        ...

    async def close(self) -> None:
        """Free what the accounts share; they are stopped by now."""
        ...
