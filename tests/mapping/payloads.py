"""Payloads in the JSON shape of both clouds; every name in them is made up."""

from collections.abc import Mapping
from typing import Any

from exporter.simulator.stamps import iso
from tests.support.manual_clock import START

Json = dict[str, Any]

HOME = "home-1"
DEVICE = "dev-1"
SENSOR = "0a-0b-0c-0d-0e-0f"
CREATED = iso(START)
#: Fields of either cloud that are about people; nothing of them may come out.
PERSONAL = "Kari Eksempel"

#: Every type of activity that the vendor documents: its words, not the code's.
DOCUMENTED_KINDS = (
    "alarm",
    "button_press_paired",
    "dead_sensor",
    "dead_gateway",
    "rh_too_high",
    "rh_too_low",
    "temp_too_high",
    "temp_too_low",
    "mold_risk",
)


def state(value: Any, at: float | None = START) -> Json:
    """Return one Homely state as `/home` and the socket send it."""
    return {"value": value, "lastUpdated": None if at is None else iso(at)}


def device(states: Mapping[str, Any], **fields: Any) -> Json:
    """Return a Homely device; `states` are raw, by `feature.state`."""
    features: Json = {}
    for source, raw in states.items():
        feature, name = source.split(".", 1)
        features.setdefault(feature, {"states": {}})["states"][name] = raw
    return {
        "id": DEVICE,
        "name": "Window kitchen",
        "serialNumber": "00AA00BB00CC0001",
        "location": "Floor 1 - Kitchen",
        "online": True,
        "modelId": "0c9d5a7e-1111-4222-8333-444455556666",
        "modelName": "Window Sensor",
        "features": features,
        **fields,
    }


def home(*devices: Any, **fields: Any) -> Json:
    """Return the answer of `/home`."""
    return {
        "locationId": HOME,
        "gatewayserial": "02000001000A0001",
        "name": "Villa Eksempel",
        "alarmState": "DISARMED",
        "userRoleAtLocation": "OWNER",
        "devices": list(devices),
        **fields,
    }


def entry(source: str, value: Any, at: float | None = START) -> Json:
    """Return one entry of an event's `changes`."""
    feature, name = source.split(".", 1)
    return {"feature": feature, "stateName": name, **state(value, at)}


def device_event(*changes: Any, **fields: Any) -> Json:
    """Return a `device-state-changed` event in its usual form."""
    data = {
        "deviceId": DEVICE,
        "gatewayId": "9f1c0000-0000-4000-8000-000000000001",
        "locationId": "room-1",
        "modelId": "0c9d5a7e-1111-4222-8333-444455556666",
        "rootLocationId": HOME,
        "partnerCode": 1,
        "change": changes[0] if changes else None,
        "changes": list(changes),
        **fields,
    }
    return {"type": "device-state-changed", "data": data}


def alarm_event(name: Any, at: float | None = START, **fields: Any) -> Json:
    """Return an `alarm-state-changed` event in its usual form."""
    data = {
        "locationId": HOME,
        "state": name,
        "userId": "5d0e0000-0000-4000-8000-000000000001",
        "userName": PERSONAL,
        "timestamp": None if at is None else iso(at),
        "eventId": 1,
        **fields,
    }
    return {"type": "alarm-state-changed", "data": data}


def trait(value: Any, at: float | None = START) -> Json:
    """Return one trait of a Wally sensor's `state`."""
    return {"value": value, "at": None if at is None else iso(at)}


def sensor(traits: Mapping[str, Any], **fields: Any) -> Json:
    """Return a Wally sensor; `traits` are raw, by key."""
    return {
        "snid": SENSOR,
        "offline": False,
        "suspended": False,
        "paired": iso(START - 9_000_000),
        "updated": iso(START),
        "alarmed": False,
        "signalStrength": 0,
        "hardwareType": "FourInOneSensor",
        "location": {
            "id": "00003bd0c9e77c0021fc0001",
            "placeId": "place-1",
            "sensorId": SENSOR,
            "room": "Kitchen",
            "appliance": "Sink",
            "floor": "Main Floor",
            "functionalType": "LEAK",
        },
        "state": dict(traits),
        "activities": [],
        **fields,
    }


def place(**fields: Any) -> Json:
    """Return one entry of `/v2/places`."""
    return {
        "id": "place-1",
        "accountId": "000-111-222",
        "label": "Cabin Eksempel",
        "fullAddress": {"line1": PERSONAL, "line2": "Storgata 1", "city": "Oslo"},
        "address": f"{PERSONAL}, Storgata 1, Oslo",
        "suspended": False,
        "buzzerEnabled": True,
        "sensorIds": [SENSOR],
        "nestAdjustments": {},
        "nestEnabled": True,
        "rapidResponseSupport": ["rapidResponseSupport"],
        **fields,
    }


def activity(
    kind: Any = "alarm", progress: Any = "open", created: Any = CREATED, **fields: Any
) -> Json:
    """Return a Wally activity, as a poll lists it and as a callback posts it."""
    return {
        "snid": SENSOR,
        "created": created,
        "type": kind,
        "state": progress,
        "viewParams": {
            "floor": "Main Floor",
            "location": "Main Floor Kitchen Sink",
            "label": "Cabin Eksempel",
            "appliance": "Sink",
            "room": "Kitchen",
        },
        **fields,
    }
