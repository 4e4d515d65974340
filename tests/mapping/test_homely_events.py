"""Homely's socket events in every form that was seen, and in forms that were not."""

from typing import Any

import pytest

from exporter.model import AlarmChange, DeviceChange
from exporter.sources.base import Event
from exporter.sources.findings import Findings
from exporter.sources.homely.mapping import map_event
from exporter.sources.values import Reader
from tests.mapping.payloads import (
    DEVICE,
    HOME,
    PERSONAL,
    Json,
    alarm_event,
    device_event,
    entry,
    state,
)
from tests.support.manual_clock import START

_INFO = {DEVICE: {"model": "Window Sensor"}, "dev-motion": {"model": "Motion Sensor Mini"}}
TEMPERATURE = entry("temperature.temperature", 20.5, START - 3)


class Ear:
    """Maps events as they arrive at START and notes what was not believed."""

    def __init__(self) -> None:
        self.rejected: list[str] = []
        self.findings = Findings(lambda reason: self.rejected.append(reason.value))

    def hear(self, payload: Any) -> Event | None:
        return map_event(payload, Reader(START, self.findings), _INFO.get)

    def device(self, payload: Any) -> DeviceChange:
        event = self.hear(payload)
        assert event is not None
        assert isinstance(event.change, DeviceChange)
        return event.change

    def values(self, payload: Any) -> dict[str, tuple[str, float | None]]:
        readings = self.device(payload).readings
        return {source: (reading.metric.name, reading.value) for source, reading in readings}


def without(payload: Json, *fields: str) -> Json:
    """Return the event without these fields of its data."""
    (envelope,) = payload.keys() - {"type"}
    data = {key: value for key, value in payload[envelope].items() if key not in fields}
    return {"type": payload["type"], envelope: data}


def in_payload(event: Json) -> Json:
    """Return the event as the vendor's document writes it."""
    return {"type": event["type"], "payload": event["data"]}


FORMS: list[tuple[str, Json]] = [
    ("usual", device_event(TEMPERATURE)),
    ("payload", in_payload(device_event(TEMPERATURE))),
    ("no change", without(device_event(TEMPERATURE), "change")),
    ("no changes", without(device_event(TEMPERATURE), "changes")),
    ("empty changes", device_event(TEMPERATURE, changes=[])),
    ("no partner", without(device_event(TEMPERATURE), "partnerCode")),
    ("only ids", without(device_event(TEMPERATURE), "gatewayId", "modelId", "locationId")),
    ("data is no object", {**in_payload(device_event(TEMPERATURE)), "data": "x"}),
    ("more fields", device_event(TEMPERATURE, eventId=4, new={"a": 1})),
]


@pytest.mark.parametrize("payload", [form for _, form in FORMS], ids=[name for name, _ in FORMS])
def test_a_device_event_is_read_in_every_form(payload: Json) -> None:
    ear = Ear()
    event = ear.hear(payload)
    assert event is not None
    assert (event.type, event.location_id) == ("device-state-changed", HOME)
    assert event.lag == 3.0
    assert ear.values(payload) == {"temperature.temperature": ("home_temperature_celsius", 20.5)}
    assert ear.rejected == []


def test_an_event_carries_several_entries_of_several_features() -> None:
    values = Ear().values(
        device_event(
            TEMPERATURE,
            entry("alarm.alarm", value=True),
            entry("battery.voltage", 2.9),
            entry("setup.appledenable", value=True),
        )
    )
    assert values == {
        "temperature.temperature": ("home_temperature_celsius", 20.5),
        "alarm.alarm": ("home_contact_open", 1.0),
        "battery.voltage": ("home_battery_volts", 2.9),
        "setup.appledenable": ("home_device_state", 1.0),
    }


def test_entries_of_one_state_keep_their_order() -> None:
    opened, closed = entry("alarm.alarm", value=True), entry("alarm.alarm", value=False)
    readings = Ear().device(device_event(opened, closed)).readings
    assert [reading.value for _, reading in readings] == [1.0, 0.0]


def test_what_an_alarm_means_depends_on_the_model_of_the_held_device() -> None:
    payload = device_event(entry("alarm.alarm", value=True), deviceId="dev-motion")
    assert Ear().values(payload) == {"alarm.alarm": ("home_motion_detected", 1.0)}


def test_the_newest_entry_dates_the_event() -> None:
    change = entry("battery.voltage", 3, START - 60), TEMPERATURE
    event = Ear().hear(device_event(*change))
    assert event is not None
    assert event.lag == 3.0


def test_a_new_parent_is_a_change() -> None:
    payload = device_event(entry("diagnostic.networklinkaddress", "0015BC00AA00BB01"))
    ((_, reading),) = Ear().device(payload).readings
    assert (reading.metric.name, reading.labels) == ("home_device_link_info", ("0015BC00AA00BB01",))


@pytest.mark.parametrize("source", ["report.added", "report.event", "thermostat.mf416"])
def test_a_state_that_is_left_out_of_polls_is_left_out_of_events(source: str) -> None:
    ear = Ear()
    assert ear.device(device_event(entry(source, PERSONAL))).readings == ()
    assert list(ear.findings.unmapped) == []


def test_an_unknown_state_of_an_event_is_counted() -> None:
    ear = Ear()
    values = ear.values(device_event(entry("sauna.heat", 3)))
    assert values == {"sauna.heat": ("home_device_state", 3.0)}
    assert list(ear.findings.unmapped) == ["sauna.heat"]


@pytest.mark.parametrize(
    ("value", "reason"), [("20", "type"), (True, "type"), (655.35, "range"), ([], "type")]
)
def test_a_value_of_an_event_that_is_not_believed_is_counted(value: object, reason: str) -> None:
    ear = Ear()
    values = ear.values(device_event(entry("temperature.temperature", value)))
    assert values == {"temperature.temperature": ("home_temperature_celsius", None)}
    assert ear.rejected == [reason]


def test_a_time_in_the_future_is_replaced_by_the_arrival_and_counted_once() -> None:
    ear = Ear()
    change = ear.device(device_event(entry("temperature.temperature", 20, START + 900)))
    assert change.updated == START
    assert ear.rejected == ["future_time"]


@pytest.mark.parametrize("at", [None, "junk", 5])
def test_an_entry_without_a_time_is_undated(at: object) -> None:
    change = {**entry("temperature.temperature", 20), "lastUpdated": at}
    event = Ear().hear(device_event(change))
    assert event is not None
    assert event.lag is None
    assert isinstance(event.change, DeviceChange)
    assert event.change.readings[0][1].value == 20.0


@pytest.mark.parametrize(
    "junk",
    [
        None,
        7,
        "x",
        [],
        {},
        {"feature": "alarm"},
        {"stateName": "alarm", "value": True},
        {"feature": 1, "stateName": "alarm", **state(value=True)},
        {"feature": "alarm", "stateName": None, **state(value=True)},
    ],
)
def test_an_entry_that_names_no_state_is_skipped_alone(junk: object) -> None:
    ear = Ear()
    assert list(ear.values(device_event(junk, TEMPERATURE))) == ["temperature.temperature"]
    assert ear.rejected == ["type"]
    assert ear.hear(device_event(junk)) is None


@pytest.mark.parametrize("device_id", [None, "", " ", 4, [], {}, "x" * 129])
def test_a_device_event_without_a_usable_id_is_malformed(device_id: object) -> None:
    assert Ear().hear(device_event(TEMPERATURE, deviceId=device_id)) is None


def test_an_event_about_an_unknown_device_names_it_and_is_not_interpreted() -> None:
    ear = Ear()
    change = ear.device(device_event(entry("sauna.heat", 655), deviceId="dev-new"))
    assert change == DeviceChange("dev-new", ())
    assert list(ear.findings.unmapped) == []


def test_an_event_names_the_location_that_it_is_about() -> None:
    moved = Ear().hear(device_event(TEMPERATURE, rootLocationId="home-2"))
    assert moved is not None
    assert moved.location_id == "home-2"
    alarm = Ear().hear(alarm_event("ARMED_AWAY", locationId="home-2"))
    assert alarm is not None
    assert alarm.location_id == "home-2"


def test_the_room_of_a_device_event_is_not_taken_for_its_location() -> None:
    event = Ear().hear(without(device_event(TEMPERATURE), "rootLocationId"))
    assert event is not None
    assert event.location_id == ""


@pytest.mark.parametrize(
    "payload",
    [
        alarm_event("ARMED_NIGHT", START - 2),
        in_payload(alarm_event("ARMED_NIGHT", START - 2)),
        without(alarm_event("ARMED_NIGHT", START - 2), "userId", "userName", "eventId"),
        alarm_event("ARMED_NIGHT", START - 2, rootLocationId=HOME, locationId="room-1"),
    ],
)
def test_an_alarm_event_is_read_in_every_form(payload: Json) -> None:
    event = Ear().hear(payload)
    change = AlarmChange("ARMED_NIGHT", START - 2)
    assert event == Event("alarm-state-changed", HOME, change, lag=2.0)
    assert PERSONAL not in repr(event)


@pytest.mark.parametrize("name", [None, "", "  ", 4, [], True])
def test_an_alarm_event_without_a_state_is_malformed(name: object) -> None:
    assert Ear().hear(alarm_event(name)) is None


def test_a_new_alarm_state_of_an_event_is_accepted_up_to_a_bound() -> None:
    ear = Ear()
    events = [ear.hear(alarm_event(f"NEW_{number}")) for number in range(52)]
    states = [
        event.change.state for event in events if event and isinstance(event.change, AlarmChange)
    ]
    assert states == [*(f"NEW_{number}" for number in range(50)), "other", "other"]


def test_an_undated_alarm_event_still_counts() -> None:
    event = Ear().hear(alarm_event("DISARMED", None))
    assert event == Event("alarm-state-changed", HOME, AlarmChange("DISARMED", None), lag=None)


@pytest.mark.parametrize("kind", ["device-state-changed", "alarm-state-changed"])
@pytest.mark.parametrize("body", [None, 3, "x", [], True, {}])
def test_an_event_without_a_usable_body_is_malformed(kind: str, body: object) -> None:
    assert Ear().hear({"type": kind, "data": body}) is None
    assert Ear().hear({"type": kind, "payload": body}) is None
    assert Ear().hear({"type": kind}) is None


@pytest.mark.parametrize("payload", [None, 1, "x", [], True, {}, {"type": None}, {"type": 4}])
def test_what_has_no_type_is_malformed(payload: object) -> None:
    assert Ear().hear(payload) is None


def test_an_event_of_an_unknown_type_is_named_and_ignored() -> None:
    assert Ear().hear({"type": "weather-changed", "data": {"a": 1}}) == Event("weather-changed")


def test_the_51st_unknown_type_of_event_is_other() -> None:
    ear = Ear()
    events = [ear.hear({"type": f"new-{number}"}) for number in range(52)]
    kinds = [event.type for event in events if event]
    assert kinds == [*(f"new-{number}" for number in range(50)), "other", "other"]
    known = ear.hear(device_event(TEMPERATURE))
    assert known is not None
    assert known.type == "device-state-changed"
