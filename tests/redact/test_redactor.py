"""Nothing about people and nothing secret is left, wherever it stands; what a report needs is."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.redact import Redactor
from exporter.redact.pseudonyms import Pseudonyms
from exporter.simulator import PRIVATE_MARKERS, World, demo_world

NOW = 1_780_000_000.0
#: One of every kind of what must not be told, each unlike any word of a vendor.
PLANTED = {
    "name": "Solveig Hallingskarvet",
    "mail": "solveig.hallingskarvet@post.example",
    "phone": "+47 987 65 432",
    "digits": "98765432",
    "uuid": "697bcd43-2d2b-4a20-a0f0-2918d7c340a7",
    "capital uuid": "697BCD43-2D2B-4A20-A0F0-2918D7C340A8",
    "octets": "90-7a-f1-fe-dc-ba",
    "hardware address": "90:7A:F1:FE:DC:BB",
    "serial": "0015BC001A016A18",
    "opaque id": "00003bd0c9e77c0021fc60e1",
    "jwt": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzb2x2ZWlnIn0.c2lnbmF0dXJl",
    "address": "Fjellveien 14, 3580 Geilo",
    "pin note": "PIN 4711 belongs to Solveig",
    "ip": "81.166.12.34",
    "url": "https://sdk.example/?token=hunter2hunter2",
    "free text": "Call the neighbour before you come in",
    "name with blanks": "  Tor-Erik Ødegård  ",
}
NUMBERS = (98765432, 4711, 60.530421, 8.206372)


def answers() -> dict[str, Any]:
    """Return one answer of each endpoint, full of devices."""
    world: World = demo_world()
    world.begin(NOW)
    login, place = world.logins[0], world.places[0]
    place.sensors[0].data["activities"] = [
        {"snid": "90-7a", "type": "alarm", "state": "open", "created": "2026-01-01T00:00:00Z"}
    ]
    return {
        "token": {"access_token": "a.b.c", "expires_in": 60, "token_type": "bearer"},
        "locations": [home.summary(login.user_id) for home in login.homes],
        "home": login.homes[1].payload(),
        "places": [one.payload() for one in world.places],
        "sensors": [sensor.payload() for sensor in place.sensors],
        "error": {"statusCode": 403, "message": "User Solveig has no access", "error": "Forbidden"},
    }


ANSWERS = answers()


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (container, key) in a document."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(items):
        yield document, key
        if isinstance(value, dict | list):
            yield from places(value)


def redacted(*documents: Any, secrets: tuple[str, ...] = ()) -> list[Any]:
    redactor = Redactor()
    for secret in secrets:
        redactor.note_text(secret)
    for document in documents:
        redactor.note(document)
    return [redactor.redact(document) for document in documents]


def assert_absent(text: str, planted: str) -> None:
    assert planted.strip().casefold() not in text.casefold()
    assert json.dumps(planted.strip())[1:-1].casefold() not in text.casefold()


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_what_is_planted_anywhere_is_nowhere_afterwards(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(ANSWERS)))
    document = copy.deepcopy(ANSWERS[name])
    kinds = data.draw(st.lists(st.sampled_from(sorted(PLANTED)), min_size=1, max_size=4))
    for kind in kinds:
        container, key = data.draw(st.sampled_from(list(places(document))))
        planted = PLANTED[kind]
        how = data.draw(st.sampled_from(["value", "deep", "key", "list", "sibling"]))
        if how == "key" and isinstance(container, dict):
            container[planted] = container.pop(key)
        elif how == "sibling" and isinstance(container, dict):
            container[data.draw(st.sampled_from(["ownerName", "note", "value", "name"]))] = planted
        elif how == "deep":
            container[key] = {"a": [{"b": {planted: [planted, {"name": planted}]}}]}
        elif how == "list":
            container[key] = [planted, [planted]]
        else:
            container[key] = planted
    # A word of a vendor is told by its form: a plain name among them is known by being elsewhere.
    owner = {"owner": [PLANTED[kind] for kind in kinds]}
    text = json.dumps(redacted(document, owner), ensure_ascii=False)
    for kind in kinds:
        assert_absent(text, PLANTED[kind])


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_any_json_is_redacted_to_json_of_the_same_shape(document: Any) -> None:
    (found,) = redacted(document)
    json.loads(json.dumps(found))

    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return [shape(one) for one in value.values()]
        return [shape(one) for one in value] if isinstance(value, list) else type(value)

    assert shape(found) == shape(document)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("key", ["phone", "pin", "latitude", "value"])
def test_a_number_that_is_no_reading_is_replaced(number: float, key: str) -> None:
    found = json.dumps(redacted({"owner": {key: number}, "devices": [{key: number}]}))
    assert repr(number) not in found


def test_a_code_under_a_state_that_nobody_knows_is_replaced_and_a_small_number_is_kept() -> None:
    states = {"pin": {"value": 4711}, "heat": {"value": 3}, "level": {"value": 21.5}}
    home = {"devices": [{"id": "1", "features": {"sauna": {"states": states}}}]}
    (found,) = redacted(home)
    shown = found["devices"][0]["features"]["sauna"]["states"]
    assert shown["heat"] == {"value": 3}
    assert shown["level"] == {"value": 21.5}
    assert shown["pin"]["value"] != 4711
    assert len(str(shown["pin"]["value"])) == 4


@pytest.mark.parametrize("place", [60.530421, 8.206372, -33.8688])
def test_where_a_sensor_stands_is_no_reading_though_the_number_is_small(place: float) -> None:
    home = {"devices": [{"features": {"gps": {"states": {"latitude": {"value": place}}}}}]}
    sensors = [{"snid": "1", "state": {"LAT": {"value": place}}, "hardware": {"LON": place}}]
    assert repr(abs(place)) not in json.dumps(redacted(home, sensors))


def test_what_a_report_needs_is_left() -> None:
    found = dict(zip(ANSWERS, redacted(*ANSWERS.values()), strict=True))
    for before, after in zip(ANSWERS["home"]["devices"], found["home"]["devices"], strict=True):
        assert after["modelName"] == before["modelName"]
        assert after["online"] == before["online"]
        for feature, body in before["features"].items():
            for name, state in body["states"].items():
                shown = after["features"][feature]["states"][name]
                assert shown.get("lastUpdated") == state.get("lastUpdated")
                if not isinstance(state.get("value"), str):
                    assert shown.get("value") == state.get("value")
    assert found["home"]["alarmState"] == "DISARMED"
    sensor = found["sensors"][0]
    assert sensor["state"] == ANSWERS["sensors"][0]["state"]
    assert sensor["hardware"] == ANSWERS["sensors"][0]["hardware"]
    assert sensor["thresholds"] == ANSWERS["sensors"][0]["thresholds"]
    assert sensor["hardwareType"] == "FourInOneSensor"
    assert sensor["activities"][0]["type"] == "alarm"
    assert found["error"]["statusCode"] == 403
    assert found["error"]["error"] == "Forbidden"
    assert found["token"] == {
        "access_token": found["token"]["access_token"],
        "expires_in": 60,
        "token_type": "bearer",
    }


def test_no_person_of_the_simulated_homes_is_left() -> None:
    text = json.dumps(redacted(*ANSWERS.values()))
    for marker in PRIVATE_MARKERS:
        assert marker not in text


def test_the_same_is_replaced_by_the_same_in_every_answer() -> None:
    found = dict(zip(ANSWERS, redacted(*ANSWERS.values()), strict=True))
    home = found["locations"][1]
    assert home["locationId"] == found["home"]["locationId"]
    assert home["gatewayserial"] == found["home"]["gatewayserial"]
    assert home["name"] == found["home"]["name"]
    ids = [sensor["snid"] for sensor in found["sensors"]]
    assert found["places"][0]["sensorIds"] == ids
    assert [sensor["location"]["sensorId"] for sensor in found["sensors"]] == ids
    names = [device["name"] for device in found["home"]["devices"]]
    assert len(set(names)) == len({one["name"] for one in ANSWERS["home"]["devices"]})


def test_another_dump_has_other_stand_ins() -> None:
    assert redacted({"locationId": "182bb447-8fa3-4fab-aa1a-5f01d15d6b59"}) != redacted(
        {"locationId": "182bb447-8fa3-4fab-aa1a-5f01d15d6b59"}
    )


@pytest.mark.parametrize(
    ("original", "shape"),
    [
        ("697bcd43-2d2b-4a20-a0f0-2918d7c340a7", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("90-7a-f1-fe-dc-ba", r"[0-9a-f]{2}(-[0-9a-f]{2}){5}"),
        ("90:7A:F1:FE:DC:BA:00:11", r"[0-9A-F]{2}(:[0-9A-F]{2}){7}"),
        ("0015BC001A016A18", r"[0-9A-F]{16}"),
        ("98105", r"[0-9]{5}"),
        ("+47 987 65 432", r"\+[0-9]{2} [0-9]{3} [0-9]{2} [0-9]{3}"),
        ("me@example.com", r"mail-[0-9a-f]+@example\.invalid"),
        (" Hytta ", r" text-[0-9a-f]+ "),
        ("", ""),
        ("  ", "  "),
    ],
)
def test_a_stand_in_has_the_shape_of_what_it_stands_for(original: str, shape: str) -> None:
    names = Pseudonyms()
    found = names.text(original)
    assert re.fullmatch(shape, found)
    assert found == names.text(original)
    assert not original.strip() or found != original


def test_one_id_in_two_ways_of_writing_is_one_id() -> None:
    names = Pseudonyms()
    plain = names.text("907af1fedcba")
    assert names.text("90-7a-f1-fe-dc-ba").replace("-", "") == plain
    assert names.text("90:7A:F1:FE:DC:BA").replace(":", "").lower() == plain


@settings(max_examples=100, deadline=None)
@given(st.sets(st.text(alphabet="0123456789", min_size=3, max_size=4), max_size=40))
def test_two_ids_never_become_one(ids: set[str]) -> None:
    names = Pseudonyms()
    assert len({names.text(one) for one in ids}) == len(ids)


@pytest.mark.parametrize("number", [0, 7, -7, 4711, 60.53, -0.25, 1e300, 123456789012345678])
def test_a_number_stays_a_number_of_its_kind(number: float) -> None:
    found = Pseudonyms().number(number)
    assert type(found) is type(number)
    assert found != number
    assert len(repr(found)) == len(repr(number)) or isinstance(number, float)


def test_what_is_no_number_at_all_stays_so() -> None:
    assert Pseudonyms().number(float("inf")) == float("inf")


def test_a_path_becomes_a_template() -> None:
    redactor = Redactor()
    template, ids = redactor.path("/homely/home/182bb447-8fa3-4fab-aa1a-5f01d15d6b59")
    assert template == "/homely/home/{id}"
    assert ids == [
        redactor.redact({"locationId": "182bb447-8fa3-4fab-aa1a-5f01d15d6b59"})["locationId"]
    ]
    assert redactor.path("/v2/places")[0] == "/v2/places"


@pytest.mark.parametrize("inside", [lambda deep: {"name": deep}, lambda deep: [deep]])
def test_a_document_that_is_too_deep_is_cut(inside: Callable[[Any], Any]) -> None:
    deep: Any = "Solveig Hallingskarvet"
    for _ in range(900):
        deep = inside(deep)
    assert "Solveig" not in json.dumps(redacted(deep))


def test_a_person_in_the_name_of_a_model_is_known_from_elsewhere() -> None:
    devices = [{"modelName": "Solveig Sensor"}, {"modelName": "Glass Break Sensor"}]
    (found,) = redacted({"devices": devices, "userName": "Solveig"})
    assert found["devices"][0]["modelName"] != "Solveig Sensor"
    assert found["devices"][1]["modelName"] == "Glass Break Sensor"


def test_a_room_does_not_hide_the_model_that_is_new() -> None:
    device = {"modelName": "Sauna Heater X1", "name": "Sauna Heater X1", "location": "Water heater"}
    (found,) = redacted({"devices": [device]})
    assert found["devices"][0]["modelName"] == "Sauna Heater X1"
    assert found["devices"][0]["name"] != "Sauna Heater X1"
