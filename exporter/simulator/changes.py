"""What the world reports when something has moved, and the events Homely makes of it."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import NAMESPACE_DNS, uuid5

from exporter.simulator.homes import EventForm, Home
from exporter.simulator.stamps import iso

Vendor = Literal["homely", "wally"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One state with its new value."""

    feature: str
    state: str
    value: Any
    moment: float

    def payload(self) -> dict[str, Any]:
        """Return the entry as an event's `changes` hold it."""
        return {
            "feature": self.feature,
            "stateName": self.state,
            "value": self.value,
            "lastUpdated": iso(self.moment),
        }


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """States of one device that changed together."""

    vendor: Vendor
    location_id: str
    device_id: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """A home's alarm that went to another state."""

    location_id: str
    state: str
    user_id: str
    person: str
    moment: float
    event_id: int


@dataclass(frozen=True, slots=True)
class ActivityChange:
    """A Wally activity that began or changed its state."""

    token: str
    activity: dict[str, Any]


Change = DeviceChange | AlarmChange | ActivityChange


def device_event(home: Home, change: DeviceChange) -> dict[str, Any]:
    """Write a `device-state-changed` event in the home's form."""
    header = next(d.header for d in home.devices if d.device_id == change.device_id)
    entries = [entry.payload() for entry in change.entries]
    form = home.form
    data = {
        "deviceId": change.device_id,
        "gatewayId": home.gateway_id,
        "locationId": str(uuid5(NAMESPACE_DNS, f"{home.location_id} {header['location']}")),
        "modelId": header["modelId"],
        "rootLocationId": home.location_id,
        **({"partnerCode": 1} if form.with_partner else {}),
        **({"change": entries[0]} if form.with_change else {}),
        "changes": entries,
    }
    return {"type": "device-state-changed", form.envelope: data}


def alarm_event(change: AlarmChange, form: EventForm) -> dict[str, Any]:
    """Write an `alarm-state-changed` event."""
    data = {
        "locationId": change.location_id,
        "state": change.state,
        "userId": change.user_id,
        "userName": change.person,
        "timestamp": iso(change.moment),
        "eventId": change.event_id,
    }
    return {"type": "alarm-state-changed", form.envelope: data}
