"""Wally's activities: how one is opened, acknowledged and resolved on a sensor."""

from dataclasses import dataclass
from typing import Any

from exporter.simulator.changes import ActivityChange, Change, DeviceChange, Entry
from exporter.simulator.devices import WallySensor
from exporter.simulator.homes import Place, WallyAccount
from exporter.simulator.stamps import iso
from exporter.simulator.wally_models import WET

LEAK_ALARM = "alarm"
STATES = ("open", "acknowledged", "resolved")


@dataclass(frozen=True, slots=True)
class Seat:
    """A sensor with the place it is in and the account that place belongs to."""

    account: WallyAccount
    place: Place
    sensor: WallySensor


def move_activity(seat: Seat, kind: str, state: str, now: float) -> ActivityChange:
    """Open an activity of this kind, or move the one that is not yet resolved."""
    held = _current(seat.sensor, kind)
    if held is None:
        held = _new(seat, kind, now)
        seat.sensor.data["activities"].append(held)
    held["state"] = state
    return ActivityChange(seat.account.token, dict(held))


def set_leak(seat: Seat, *, wet: bool, now: float) -> list[Change]:
    """Wet or dry a sensor, with the verdict and the activity that follow from it."""
    value, sensor = WET if wet else 0, seat.sensor
    sensor.write("state", "LEAK", value, now)
    sensor.data["alarmed"] = wet
    entry = Entry("state", "LEAK", value, now)
    changes: list[Change] = [DeviceChange("wally", seat.place.place_id, sensor.device_id, (entry,))]
    if wet or _current(sensor, LEAK_ALARM) is not None:
        state = "open" if wet else "resolved"
        changes.append(move_activity(seat, LEAK_ALARM, state, now))
    return changes


def forget_resolved(sensor: WallySensor) -> None:
    """Drop the activities that are over from what a poll shows."""
    shown = sensor.data["activities"]
    sensor.data["activities"] = [held for held in shown if held["state"] != "resolved"]


def _current(sensor: WallySensor, kind: str) -> dict[str, Any] | None:
    shown: list[dict[str, Any]] = sensor.data["activities"]
    live = (held for held in shown if held["type"] == kind and held["state"] != "resolved")
    return next(live, None)


def _new(seat: Seat, kind: str, now: float) -> dict[str, Any]:
    where = seat.sensor.data["location"]
    return {
        "snid": seat.sensor.device_id,
        "created": iso(now),
        "type": kind,
        "state": "open",
        "viewParams": {
            "floor": where["floor"],
            "location": f"{where['floor']} {where['room']} {where['appliance']}",
            "label": seat.place.label,
            "appliance": where["appliance"],
            "room": where["room"],
        },
    }
