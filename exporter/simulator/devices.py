"""Devices of both clouds: a payload in the vendor's shape, and what makes it move."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from exporter.simulator.curves import Curve, Visits
from exporter.simulator.stamps import iso

EMPTY = object()
"""The value of a state that the cloud sends as `{}`."""

Key = tuple[str, str]
"""The feature and the state that name one reading of a device."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One state of a device: where it starts, and the curve that moves it."""

    feature: str
    state: str
    value: Any = None
    age: float = 0.0
    curve: Curve | None = None
    period: float = 0.0

    @property
    def key(self) -> Key:
        """Return the feature and state."""
        return self.feature, self.state

    @property
    def moves(self) -> bool:
        """Tell whether time alone changes this state."""
        return self.curve is not None and (self.period > 0 or isinstance(self.curve, Visits))


@dataclass(slots=True)
class Meter:
    """Energy that adds up with the demand reported before."""

    watt_seconds: float
    since: float = 0.0
    watts: float = 0.0
    published: int = -1

    def start(self, moment: float, watts: float) -> int:
        """Begin to count at `moment` and return the reading in watt hours."""
        self.since, self.watts, self.published = moment, watts, int(moment // 3600)
        return self.reading

    @property
    def reading(self) -> int:
        """Return whole watt hours."""
        return int(self.watt_seconds // 3600)

    def step(self, moment: float, watts: float) -> int | None:
        """Count up to `moment`; return the reading when a new hour has begun."""
        self.watt_seconds += self.watts * max(moment - self.since, 0)
        self.since, self.watts = moment, watts
        hour = int(moment // 3600)
        if hour == self.published:
            return None
        self.published = hour
        return self.reading


class Device(Protocol):
    """What the world needs of a device, whatever its cloud."""

    specs: tuple[Spec, ...]
    key: int
    meter: Meter | None
    pins: dict[Key, float]

    @property
    def device_id(self) -> str:
        """Return the vendor's identifier."""
        ...

    @property
    def name(self) -> str:
        """Return what people call it."""
        ...

    @property
    def model(self) -> str:
        """Return the vendor's model."""
        ...

    def read(self, feature: str, state: str) -> Any:
        """Return the value held, None for one that is missing."""
        ...

    def write(self, feature: str, state: str, value: Any, moment: float) -> None:
        """Store a value with its time."""
        ...


@dataclass(slots=True)
class HomelyDevice:
    """A device as `/home` shows it."""

    header: dict[str, Any]
    specs: tuple[Spec, ...]
    key: int
    meter: Meter | None = None
    features: dict[str, Any] = field(default_factory=dict)
    pins: dict[Key, float] = field(default_factory=dict)

    @property
    def device_id(self) -> str:
        """Return `id`."""
        return str(self.header["id"])

    @property
    def name(self) -> str:
        """Return `name`."""
        return str(self.header["name"])

    @property
    def model(self) -> str:
        """Return `modelName`."""
        return str(self.header["modelName"])

    def read(self, feature: str, state: str) -> Any:
        """Return a state's value; the feature "" holds the fields of the device itself."""
        if not feature:
            return self.header.get(state)
        held = self.features.get(feature, {}).get("states", {}).get(state) or {}
        return held.get("value")

    def write(self, feature: str, state: str, value: Any, moment: float) -> None:
        """Store a state in the vendor's shape."""
        if not feature:
            self.header[state] = value
            return
        shape: dict[str, Any] = {"value": value, "lastUpdated": iso(moment)}
        if value is EMPTY:
            shape = {}
        elif value is None:
            shape["lastUpdated"] = None
        self.features.setdefault(feature, {"states": {}})["states"][state] = shape

    def payload(self) -> dict[str, Any]:
        """Return the device as JSON data."""
        return {**self.header, "features": self.features}


@dataclass(slots=True)
class WallySensor:
    """A sensor as `/sensors` shows it."""

    data: dict[str, Any]
    specs: tuple[Spec, ...]
    key: int
    meter: Meter | None = None
    pins: dict[Key, float] = field(default_factory=dict)

    @property
    def device_id(self) -> str:
        """Return `snid`."""
        return str(self.data["snid"])

    @property
    def name(self) -> str:
        """Return the room and appliance."""
        place = self.data.get("location", {})
        return f"{place.get('room', '')} {place.get('appliance', '')}".strip()

    @property
    def model(self) -> str:
        """Return `hardwareType`."""
        return str(self.data.get("hardwareType", ""))

    def read(self, feature: str, state: str) -> Any:
        """Return a trait of `state`, a field of `hardware`, or a field of the sensor itself."""
        if not feature:
            return self.data.get(state)
        held = self.data.get(feature, {}).get(state)
        return held.get("value") if isinstance(held, dict) else held

    def write(self, feature: str, state: str, value: Any, moment: float) -> None:
        """Store a value where the vendor keeps it."""
        if not feature:
            self.data[state] = value
        elif feature == "state":
            shape = {} if value is EMPTY else {"value": value, "at": iso(moment)}
            self.data["state"][state] = shape
            self.data["updated"] = max(self.data["updated"], iso(moment))
            self._count_transmission()
        else:
            self.data.setdefault(feature, {})[state] = value

    def _count_transmission(self) -> None:
        hardware = self.data.get("hardware", {})
        if "TX_CNT" in hardware:
            hardware["TX_CNT"] += 1

    def payload(self) -> dict[str, Any]:
        """Return the sensor as JSON data."""
        return self.data
