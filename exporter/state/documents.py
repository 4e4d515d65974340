"""The shape of what lies on disk; whatever is of another shape is not believed."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt

from exporter.model import ActivityState

Moment: TypeAlias = FiniteFloat
"""Seconds since the epoch by our own wall clock."""

StoredReading: TypeAlias = tuple[
    str, FiniteFloat | None, FiniteFloat | None, FiniteFloat | None, tuple[str, ...], int
]
"""Metric, value, updated, stamp, labels, rank."""


class Part(BaseModel):
    """A part of a document: immutable, of exactly these keys and types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Document(Part):
    """A whole file; `account` says whose it is and `written_at` when it was true."""

    version: Literal[1] = 1
    account: str
    written_at: Moment


class StoredPenalty(Part):
    """A time without calls, and how many times it was lengthened."""

    until: Moment
    step: NonNegativeInt


class CallsDocument(Document):
    """What is remembered of an account's calls; `listed` is when how many locations were found."""

    selection: str
    level: Annotated[FiniteFloat, Field(ge=-100)]
    burst: Annotated[FiniteFloat, Field(ge=1)]
    # Smaller than what the longest intervals of a configuration make.
    rate: Annotated[FiniteFloat, Field(gt=1e-8)]
    penalty: StoredPenalty
    refused: StoredPenalty
    attempts: dict[str, Moment]
    listed: tuple[Moment, NonNegativeInt] | None
    succeeded_at: Moment | None
    restarts: NonNegativeInt


class StoredActivity(Part):
    """One of the vendor's own alerts; `touched` and `pushed` are when we heard of it."""

    kind: str
    created: str
    state: ActivityState
    created_at: FiniteFloat | None
    is_leak: bool
    is_silence: bool
    touched: Moment
    pushed: Moment | None
    omitted: NonNegativeInt = 0


class StoredDevice(Part):
    """One device; `totals` are meters, which are not served before they are heard again.

    `edges` are the last values of the bools that count events, at the vendor's times.
    """

    id: str
    name: str
    room: str
    info: dict[str, str]
    updated: FiniteFloat | None
    reading_times: dict[str, FiniteFloat]
    readings: dict[str, StoredReading]
    totals: dict[str, StoredReading]
    events: tuple[str, ...]
    edges: dict[str, tuple[FiniteFloat | None, bool]]
    activity_kinds: tuple[str, ...]
    activities: tuple[StoredActivity, ...]
    contact: Moment | None
    alive: Moment | None
    leak_told: bool
    leak_told_until: FiniteFloat | None
    leak_seen_until: FiniteFloat | None


class LocationDocument(Document):
    """One location as it was held; `vendor_time` is the cloud's own clock at `written_at`."""

    vendor: str
    location_id: str
    vendor_time: FiniteFloat
    name: str
    gateway_serial: str
    suspended: bool | None
    expected_devices: int | None
    polled_at: Moment | None
    pushed_at: Moment | None
    alarm_state: str | None
    alarm_states: tuple[str, ...]
    alarm_pushed: Moment | None
    alarm_said: tuple[tuple[str, FiniteFloat], ...] = ()
    devices: tuple[StoredDevice, ...]
