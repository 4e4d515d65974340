"""What WallyHome's answers and callbacks mean, in the neutral vocabulary."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exporter.catalog import Metric, readings
from exporter.jsontext import is_number
from exporter.model import (
    ACTIVITY_LIMIT,
    Activity,
    ActivityChange,
    ActivityState,
    Device,
    LocationRef,
    Reading,
)
from exporter.sources.base import InfoOf
from exporter.sources.findings import Reject
from exporter.sources.values import Reader, identity, instant, mapping, text
from exporter.sources.wally.config import ThresholdUnit
from exporter.sources.wally.thresholds import thresholds

ALARM = "alarm"
ACTIVITY_KINDS = (
    ALARM,
    "button_press_paired",
    "dead_sensor",
    "dead_gateway",
    "rh_too_high",
    "rh_too_low",
    "temp_too_high",
    "temp_too_low",
    "mold_risk",
)

_SILENCE = ("dead_sensor", "dead_gateway")
_FULL = 15
_CONTACT = "contact"
_SENSOR_KINDS: dict[Any, str] = {0: "water", 1: _CONTACT}
_WATER_SENSOR = "WaterSensor"

#: Keys of `state` and `hardware` that have a metric, a label or a reason to be left out.
_STATE_RULED = frozenset({"TEMP", "RH", "LEAK", "COND", "SENSOR"})
_HARDWARE_RULED = frozenset({"BATT_LVL", "FW_REV", "MAN_WEEK", "MAN_YEAR", "MAN_ID"})
_CONFIGURATION = frozenset(
    {"state.CONTACT", "hardware.TX_CNT", "hardware.HW_REV", "hardware.HW_TYPE"}
)


@dataclass(frozen=True, slots=True)
class Place:
    """What the listing says of a place beyond its name."""

    ref: LocationRef
    expected_devices: int | None


def map_places(payload: Any, reader: Reader) -> list[Place]:
    """Return the account's places; raises CloudError for a body that is no list."""
    return [_place(place_id, item, reader) for place_id, item in reader.rows(payload, "id")]


def _place(place_id: str, place: dict[str, Any], reader: Reader) -> Place:
    sensors = place.get("sensorIds")
    suspended = _optional_bool(place.get("suspended"), reader)
    ref = LocationRef(place_id, text(place.get("label")), suspended)
    return Place(ref, len(sensors) if isinstance(sensors, list) else None)


def map_sensors(
    payload: Any,
    reader: Reader,
    unit: ThresholdUnit,
    info_of: InfoOf = lambda _: None,
) -> tuple[Device, ...]:
    """Return the sensors of a place; raises CloudError for a body that is no list.

    A sensor that does not say of which kind it is this time is what it was by its info.
    """
    return tuple(
        _device(snid, sensor, reader, unit, (info_of(snid) or {}).get("sensor_kind", ""))
        for snid, sensor in reader.rows(payload, "snid")
    )


def map_callback(payload: Any, reader: Reader) -> tuple[list[ActivityChange], int]:
    """Return the activities of a callback, and how many of its items were malformed."""
    items = payload if isinstance(payload, list) else [payload]
    changes = []
    for item in items:
        snid = identity(mapping(item).get("snid"))
        activity = _activity(item, reader)
        if snid and activity:
            changes.append(ActivityChange(snid, activity))
    return changes, len(items) - len(changes)


def _optional_bool(raw: Any, reader: Reader) -> bool | None:
    value = None if raw is None else reader.boolean(raw)
    return None if value is None else bool(value)


def _activity(item: Any, reader: Reader) -> Activity | None:
    raw = mapping(item)
    kind, created = text(raw.get("type")), text(raw.get("created"))
    state = raw.get("state")
    if not kind or not created or state not in list(ActivityState):
        return None
    if kind not in ACTIVITY_KINDS:
        kind = reader.findings.activity_kinds.word(kind)
    moment = instant(created)
    # One time may be written in two ways; the identity must not depend on that.
    created = created if moment is None else f"{moment:.3f}"
    return Activity(
        kind,
        created,
        ActivityState(state),
        moment,
        is_leak=kind == ALARM,
        is_silence=kind in _SILENCE,
    )


def _activities(raw: Any, reader: Reader) -> Iterator[Activity]:
    items = reader.array(raw)
    for _ in items[ACTIVITY_LIMIT:]:
        reader.reject(Reject.BOUND)
    for item in items:
        activity = _activity(item, reader)
        if activity:
            yield activity
        else:
            reader.reject(Reject.TYPE)


def _device(
    snid: str, sensor: dict[str, Any], reader: Reader, unit: ThresholdUnit, kind: str
) -> Device:
    where, hardware = reader.object(sensor.get("location")), reader.object(sensor.get("hardware"))
    traits = _Traits(sensor, reader, kind)
    found = {**traits.readings(), **_hardware(hardware, reader), **_flags(sensor, reader)}
    found |= thresholds(sensor.get("thresholds"), unit, reader)
    hardware_type = text(sensor.get("hardwareType"))
    found |= _signals(sensor, hardware_type, reader)
    return Device(
        id=snid,
        name=text(where.get("appliance")),
        room=text(where.get("room")),
        info={
            "hardware_type": hardware_type,
            "sensor_kind": traits.kind,
            "appliance": text(where.get("appliance")),
            "floor": text(where.get("floor")),
            "functional_type": text(where.get("functionalType")),
            "firmware": _plain(hardware.get("FW_REV")),
        },
        readings=found,
        updated=traits.updated,
        activities=tuple(_activities(sensor.get("activities"), reader)),
        activity_kinds=ACTIVITY_KINDS,
    )


def _plain(raw: Any) -> str:
    return str(raw) if is_number(raw) and math.isfinite(raw) else text(raw)


class _Traits:
    """The `state` of one sensor: each trait has its own value and time."""

    def __init__(self, sensor: dict[str, Any], reader: Reader, known_kind: str) -> None:
        self._reader = reader
        self._traits = reader.object(sensor.get("state"))
        self._sensor_time = reader.when(sensor.get("updated"))
        self._times = {
            key: reader.when(reader.object(trait).get("at")) for key, trait in self._traits.items()
        }
        believed = [time for time, _ in self._times.values() if time is not None]
        newest = max(believed, default=None)
        self.updated = self._sensor_time[0] if self._sensor_time[0] is not None else newest
        kind = mapping(self._traits.get("SENSOR")).get("value")
        said = _SENSOR_KINDS.get(kind, "") if is_number(kind) else ""
        if kind is not None and not said:
            reader.reject(Reject.RANGE if is_number(kind) else Reject.TYPE)
        # A contact must not become a wet floor in the one answer that leaves its kind out.
        self.kind = said or known_kind
        self._is_contact = self.kind == _CONTACT

    def readings(self) -> dict[str, Reading]:
        """Return what the traits say; LEAK and COND each only where the sensor is of their kind."""
        found = {}
        if "TEMP" in self._traits:
            found["state.TEMP"] = self._reading("TEMP", readings.TEMPERATURE)
        if "RH" in self._traits:
            found["state.RH"] = self._reading("RH", readings.HUMIDITY, divide=100)
        if self._is_contact and "COND" in self._traits:
            found["state.COND"] = self._reading("COND", readings.CONTACT_OPEN)
        if not self._is_contact and "LEAK" in self._traits:
            found["state.LEAK"] = self._reading("LEAK", readings.LEAK)
        for key, trait in self._traits.items():
            if key not in _STATE_RULED:
                found |= _other("state", key, mapping(trait).get("value"), self._reader)
        return found

    def _reading(self, key: str, metric: Metric, divide: float = 1.0) -> Reading:
        raw = mapping(self._traits[key]).get("value")
        updated, stamp = self._times[key]
        if stamp is None:
            updated, stamp = self._sensor_time
        if raw is None:
            return Reading(metric, None)
        value = self._reader.number(raw, metric, divide=divide)
        if metric.boolean and value is not None:
            value = self._full(value)
        return Reading(metric, value, updated, stamp)

    def _full(self, value: float) -> float | None:
        """15 is wet or open, below is dry or closed, outside 0..15 is neither."""
        if not 0 <= value <= _FULL:
            self._reader.reject(Reject.RANGE)
            return None
        return float(value == _FULL)


def _flags(sensor: dict[str, Any], reader: Reader) -> dict[str, Reading]:
    flags = (
        ("offline", readings.DEVICE_ONLINE, True),
        ("suspended", readings.DEVICE_SUSPENDED, False),
        ("alarmed", readings.LEAK_ALARMED, False),
    )
    return {
        key: Reading(metric, reader.boolean(sensor[key], invert=invert))
        for key, metric, invert in flags
        if sensor.get(key) is not None
    }


def _signals(sensor: dict[str, Any], hardware_type: str, reader: Reader) -> dict[str, Reading]:
    keys = {"recentSignalStrength": "recent"}
    if hardware_type == _WATER_SENSOR:
        keys["signalStrength"] = "current"
    metric = readings.SIGNAL_STRENGTH
    return {
        key: Reading(metric, reader.number(sensor[key], metric), labels=(source,))
        for key, source in keys.items()
        if sensor.get(key) is not None
    }


def _hardware(hardware: dict[str, Any], reader: Reader) -> dict[str, Reading]:
    found = {}
    if hardware.get("BATT_LVL") is not None:
        level = reader.number(hardware["BATT_LVL"], readings.BATTERY_LEVEL)
        found["hardware.BATT_LVL"] = Reading(readings.BATTERY_LEVEL, level)
    for key, raw in hardware.items():
        if key not in _HARDWARE_RULED:
            found |= _other("hardware", key, raw, reader)
    return found


def _other(feature: str, key: str, raw: Any, reader: Reader) -> dict[str, Reading]:
    known = f"{feature}.{key}" in _CONFIGURATION
    source, reading = reader.other_state(feature, key, raw, known=known)
    return {source: reading}
