"""What Homely's answers and events mean, in the neutral vocabulary."""

import re
from functools import lru_cache
from typing import Any

from exporter.catalog import readings
from exporter.errors import CloudError, Outcome
from exporter.model import AlarmChange, Device, DeviceChange, LocationRef, Reading, Snapshot
from exporter.sources.base import Event, InfoOf
from exporter.sources.findings import Reject
from exporter.sources.homely.states import (
    ALARM_STATES,
    CONFIGURATION,
    HUMIDITY,
    LEFT_OUT,
    NO_FLOOR_SENSOR,
    PARENT,
    Rule,
    rule_for,
)
from exporter.sources.values import Reader, Times, identity, mapping, sequence, text

_FLOOR_AND_ROOM = re.compile(r"(Floor -?\d+)\s+-\s+(.+)", re.DOTALL)
_INT16_SPAN = 0x10000
_INT16_MAX = 0x7FFF


def map_locations(payload: Any, reader: Reader) -> list[LocationRef]:
    """Return the account's locations; raises CloudError for a body that is no list."""
    return [
        LocationRef(location_id, text(item.get("name")))
        for location_id, item in reader.rows(payload, "locationId")
    ]


def map_home(payload: Any, reader: Reader) -> Snapshot:
    """Return what one home looks like; raises CloudError for a body without a list of devices."""
    if not isinstance(payload, dict) or not isinstance(payload.get("devices"), list):
        raise CloudError(Outcome.UNUSABLE)
    devices = [
        _device(device_id, item, reader)
        for device_id, item in reader.unique(payload["devices"], "id")
    ]
    return Snapshot(
        name=text(payload.get("name")),
        gateway_serial=text(payload.get("gatewayserial")),
        devices=tuple(devices),
        alarm_state=_alarm_state(payload.get("alarmState"), reader),
        alarm_states=ALARM_STATES,
    )


def _alarm_state(raw: Any, reader: Reader) -> str | None:
    if raw is None:
        return None
    state = text(raw)
    if not state:
        reader.reject(Reject.TYPE)
        return None
    return state if state in ALARM_STATES else reader.findings.alarm_states.word(state)


def _device(device_id: str, item: dict[str, Any], reader: Reader) -> Device:
    model = text(item.get("modelName"))
    floor, room = _floor_and_room(text(item.get("location")))
    states = _States(model, reader)
    for feature, body in reader.object(item.get("features")).items():
        for name, state in reader.object(reader.object(body).get("states")).items():
            states.read(feature, name, state)
    found = dict(states.readings)
    if item.get("online") is not None:
        found["online"] = Reading(readings.DEVICE_ONLINE, reader.boolean(item["online"]))
    return Device(
        id=device_id,
        name=text(item.get("name")),
        room=room,
        info={"model": model, "serial": text(item.get("serialNumber")), "floor": floor},
        readings=found,
        updated=states.updated,
    )


def _floor_and_room(location: str) -> tuple[str, str]:
    """Split "Floor -1 - Living room"; a custom text is the room as it stands."""
    match = _FLOOR_AND_ROOM.fullmatch(location)
    return (match[1], match[2].strip()) if match else ("", location)


@lru_cache(maxsize=1024)
def _source(feature: str, name: str) -> str:
    """Return what a state is known by; every home has the same few, so they are kept once."""
    return f"{text(feature)}.{text(name)}"


class _States:
    """Collects the readings of one device's states, whichever way they came."""

    def __init__(self, model: str, reader: Reader) -> None:
        self._model = model
        self._reader = reader
        self.readings: list[tuple[str, Reading]] = []
        self.updated: float | None = None

    def read(self, feature: str, name: str, raw: Any) -> None:
        """Add one state; null, {} and values that are not believed leave no value behind."""
        source = _source(feature, name)
        state = self._reader.object(raw)
        when = self._reader.when(state.get("lastUpdated"))
        if when[0] is not None:
            self.updated = max(when[0], self.updated or when[0])
        value = state.get("value")
        if source == PARENT:
            self.readings.append((source, _parent(value, when)))
        elif source not in LEFT_OUT:
            self.readings.append(self._reading(source, feature, name, value, when))

    def _reading(
        self, source: str, feature: str, name: str, value: Any, when: Times
    ) -> tuple[str, Reading]:
        rule = rule_for(source, self._model)
        if rule is None:
            known = source in CONFIGURATION
            return self._reader.other_state(feature, name, value, when, known=known)
        if rule.metric is readings.HUMIDITY:
            source = HUMIDITY
        if value is None:
            return source, Reading(rule.metric, None, *when, rule.labels, rule.rank)
        number = _value(rule, value, self._reader)
        return source, Reading(rule.metric, number, *when, rule.labels, rule.rank)


def _parent(raw: Any, when: Times) -> Reading:
    parent = text(raw)
    return Reading(readings.DEVICE_LINK_INFO, 1.0 if parent else None, *when, (parent,))


def _value(rule: Rule, raw: Any, reader: Reader) -> float | None:
    if rule.metric.boolean:
        return reader.boolean(raw, invert=rule.invert)
    if rule.int16 and isinstance(raw, int) and _INT16_MAX < raw < _INT16_SPAN:
        raw -= _INT16_SPAN
    if rule.int16 and raw == NO_FLOOR_SENSOR * rule.divide:
        return None
    return reader.number(raw, rule.metric, times=rule.times, divide=rule.divide)


def map_event(payload: Any, reader: Reader, info_of: InfoOf) -> Event | None:
    """Return what a socket event says, or None for one that is malformed."""
    kind = text(mapping(payload).get("type"))
    if not kind:
        return None
    body = payload.get("data")
    if not isinstance(body, dict):
        body = payload.get("payload")
    if kind == "alarm-state-changed":
        return _alarm_event(kind, body, reader)
    if kind == "device-state-changed":
        return _device_event(kind, body, reader, info_of)
    return Event(reader.findings.event_types.word(kind))


def _alarm_event(kind: str, body: Any, reader: Reader) -> Event | None:
    data = mapping(body)
    state = _alarm_state(data.get("state"), reader)
    if state is None:
        return None
    updated, _ = reader.when(data.get("timestamp"))
    return Event(
        kind,
        identity(data.get("rootLocationId") or data.get("locationId")),
        AlarmChange(state, updated),
        _lag(updated, reader),
    )


def _device_event(kind: str, body: Any, reader: Reader, info_of: InfoOf) -> Event | None:
    data = mapping(body)
    device_id = identity(data.get("deviceId"))
    given = sequence(data.get("changes")) or [data.get("change")]
    changes = [change for change in given if _names_a_state(change)]
    if not device_id or not changes:
        return None
    for _ in range(len(given) - len(changes)):
        reader.reject(Reject.TYPE)
    info = info_of(device_id)
    # What alarm.alarm of an unknown device means nobody can say yet.
    states = _States(info.get("model", "") if info else "", reader)
    if info is not None:
        for change in changes:
            states.read(change["feature"], change["stateName"], change)
    change = DeviceChange(device_id, tuple(states.readings), states.updated)
    return Event(kind, identity(data.get("rootLocationId")), change, _lag(states.updated, reader))


def _lag(updated: float | None, reader: Reader) -> float | None:
    return None if updated is None else reader.now - updated


def _names_a_state(change: Any) -> bool:
    data = mapping(change)
    names = (data.get("feature"), data.get("stateName"))
    return "value" in data and all(isinstance(name, str) for name in names)
