"""The vendor-neutral vocabulary: what a cloud says, as immutable values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from exporter.catalog import Metric

#: (vendor, location id): how a location is known, whatever it is called.
LocationKey: TypeAlias = tuple[str, str]

#: As many answers in a row must omit something before it is gone: one alone may be a slip.
OMISSIONS = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """One state of a device, as the vendor says it.

    `value` is None where the state exists without a usable value. `stamp` is the vendor's own
    time, `updated` the same but never in the future of its arrival; both in seconds since the
    epoch, None when undated. Of several readings of one metric the lowest `rank` is served.
    """

    metric: Metric
    value: float | None
    updated: float | None = None
    stamp: float | None = None
    labels: tuple[str, ...] = ()
    rank: int = 0


#: Of so many activities of one device is kept track: of the newest.
ACTIVITY_LIMIT = 100


class ActivityState(StrEnum):
    """How far a vendor's activity has come."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"

    def is_beyond(self, other: "ActivityState") -> bool:
        """Return whether it comes after another state; none is ever gone back to."""
        order = list(ActivityState)
        return order.index(self) > order.index(other)


@dataclass(frozen=True, slots=True)
class Activity:
    """One of the vendor's own alerts about a device; `kind` and `created` are its identity.

    `is_leak` ones tell of water, `is_silence` ones that the device was not heard of.
    """

    kind: str
    created: str
    state: ActivityState
    created_at: float | None = None
    is_leak: bool = False
    is_silence: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device as one poll shows it; `readings` are keyed by their source field."""

    id: str
    name: str
    room: str
    info: Mapping[str, str]
    readings: Mapping[str, Reading]
    updated: float | None = None
    activities: tuple[Activity, ...] = ()
    activity_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LocationRef:
    """A location as the account's listing shows it."""

    id: str
    name: str
    suspended: bool | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that one successful poll says; `alarm_states` are those that the vendor documents."""

    name: str
    gateway_serial: str
    devices: tuple[Device, ...]
    alarm_state: str | None = None
    alarm_states: tuple[str, ...] = ()
    suspended: bool | None = None
    expected_devices: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """States of one device, pushed; in the order in which they were sent."""

    device_id: str
    readings: tuple[tuple[str, Reading], ...]
    updated: float | None = None


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """The location's alarm is now in `state`, pushed."""

    state: str
    updated: float | None = None


@dataclass(frozen=True, slots=True)
class ActivityChange:
    """An activity of one device was opened, acknowledged or resolved, pushed."""

    device_id: str
    activity: Activity


#: What can be pushed about a location.
Change: TypeAlias = DeviceChange | AlarmChange | ActivityChange


class Applied(StrEnum):
    """What became of a push: the closed list behind the `outcome` of events and callbacks."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    OUTDATED = "outdated"
    IGNORED = "ignored"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_LOCATION = "unknown_location"
    OTHER_LOCATION = "other_location"
    DROPPED = "dropped"
    MALFORMED = "malformed"
    FAILED = "failed"
