"""Who owns what: logins and their homes at Homely, accounts and their places at Wally."""

from dataclasses import dataclass, field
from typing import Any

from exporter.simulator.devices import HomelyDevice, WallySensor
from exporter.simulator.people import WALLY_OWNER, address


@dataclass(frozen=True, slots=True)
class EventForm:
    """Which of the forms seen in the field a home's events take."""

    envelope: str = "data"
    with_change: bool = True
    with_partner: bool = True


@dataclass(slots=True)
class Home:
    """A Homely location: its gateway, its alarm and its devices."""

    location_id: str
    name: str
    gateway_id: str
    gateway_serial: str
    devices: list[HomelyDevice]
    alarm_state: str | None = "DISARMED"
    role: str = "OWNER"
    form: EventForm = EventForm()
    hidden: set[str] = field(default_factory=set)
    event_id: int = 0

    def summary(self, user_id: str) -> dict[str, Any]:
        """Return the home's entry in `/locations`."""
        return {
            "name": self.name,
            "role": self.role,
            "userId": user_id,
            "locationId": self.location_id,
            "gatewayserial": self.gateway_serial,
        }

    def payload(self) -> dict[str, Any]:
        """Return the answer of `/home/{locationId}`, without the devices that are hidden."""
        alarm = {} if self.alarm_state is None else {"alarmState": self.alarm_state}
        shown = (device for device in self.devices if device.device_id not in self.hidden)
        return {
            "locationId": self.location_id,
            "gatewayserial": self.gateway_serial,
            "name": self.name,
            **alarm,
            "userRoleAtLocation": self.role,
            "devices": [device.payload() for device in shown],
        }


@dataclass(slots=True)
class Login:
    """A Homely user and the homes this user may see."""

    username: str
    password: str
    user_id: str
    person: str
    homes: list[Home]

    def home(self, location_id: str) -> Home | None:
        """Return the home of that identifier when this user may see it."""
        return next((home for home in self.homes if home.location_id == location_id), None)


@dataclass(slots=True)
class Place:
    """A WallyHome property and its sensors."""

    place_id: str
    label: str
    sensors: list[WallySensor]
    suspended: bool = False
    number: int = 1
    expected_extra: list[str] = field(default_factory=list)

    def payload(self) -> dict[str, Any]:
        """Return the place's entry in `/v2/places`."""
        home = address(self.number)
        return {
            "id": self.place_id,
            "accountId": WALLY_OWNER,
            "label": self.label,
            "fullAddress": home,
            "address": f"{home['line2']}, {home['city']}, {home['state']} {home['zip']}",
            "suspended": self.suspended,
            "buzzerEnabled": True,
            "sensorIds": [*(sensor.device_id for sensor in self.sensors), *self.expected_extra],
            "nestAdjustments": {},
            "nestEnabled": False,
            "rapidResponseSupport": [],
        }


@dataclass(slots=True)
class WallyAccount:
    """A WallyHome token and the places it opens."""

    token: str
    places: list[Place]

    def place(self, place_id: str) -> Place | None:
        """Return the place of that identifier when it is this account's."""
        return next((place for place in self.places if place.place_id == place_id), None)
