"""WallyHome's listing of places."""

from typing import Any

import pytest

from exporter.errors import CloudError, Outcome
from exporter.model import LocationRef
from exporter.sources.findings import Findings
from exporter.sources.values import Reader
from exporter.sources.wally.mapping import Place, map_places
from tests.mapping.full import full_places
from tests.mapping.payloads import PERSONAL, place
from tests.support.manual_clock import START


def listing(payload: Any) -> tuple[list[Place], list[str]]:
    rejected: list[str] = []
    findings = Findings(lambda reason: rejected.append(reason.value))
    return map_places(payload, Reader(START, findings)), rejected


def test_a_place_is_its_id_its_label_and_how_many_sensors_it_should_have() -> None:
    found, rejected = listing(full_places())
    ref = LocationRef("place-1", "Cabin Eksempel", suspended=False)
    assert found == [Place(ref, 4)]
    assert rejected == []
    assert PERSONAL not in repr(found)


@pytest.mark.parametrize(
    ("raw", "suspended", "reasons"),
    [(True, True, []), (False, False, []), (None, None, []), (1, None, ["type"])],
)
def test_a_place_may_be_suspended(
    raw: object, *, suspended: bool | None, reasons: list[str]
) -> None:
    found, rejected = listing([place(suspended=raw)])
    assert found[0].ref.suspended is suspended
    assert rejected == reasons


@pytest.mark.parametrize(
    ("raw", "expected"), [([], 0), (["a", "b"], 2), (None, None), ({}, None), ("ab", None)]
)
def test_the_number_of_expected_sensors_is_the_length_of_a_list(
    raw: object, expected: int | None
) -> None:
    assert listing([place(sensorIds=raw)])[0][0].expected_devices == expected


@pytest.mark.parametrize("place_id", [None, "", " ", 7, True, {}, [], "x" * 129, "a\x1fb", ".."])
def test_a_place_without_a_usable_id_is_rejected_alone(place_id: object) -> None:
    found, rejected = listing([place(id=place_id), place(id="place-2")])
    assert [one.ref.id for one in found] == ["place-2"]
    assert rejected == ["identity"]


@pytest.mark.parametrize("item", [None, 3, "place-1", [], True])
def test_an_item_that_is_no_object_is_rejected_alone(item: object) -> None:
    found, rejected = listing([item, place()])
    assert [one.ref.id for one in found] == ["place-1"]
    assert rejected == ["identity"]


def test_a_place_that_is_listed_twice_is_one_place() -> None:
    found, rejected = listing([place(label="First"), place(label="Second")])
    assert [one.ref.name for one in found] == ["First"]
    assert rejected == ["duplicate"]


@pytest.mark.parametrize("label", [None, 5, "", "  ", [], {}])
def test_a_place_without_a_usable_label_has_none(label: object) -> None:
    assert listing([place(label=label)])[0][0].ref.name == ""


@pytest.mark.parametrize("payload", [None, True, 0, "", "<html>", {}, {"error": "unauthorized"}])
def test_a_listing_that_is_no_list_is_unusable(payload: object) -> None:
    with pytest.raises(CloudError) as error:
        listing(payload)
    assert error.value.outcome is Outcome.UNUSABLE


def test_an_empty_listing_is_usable() -> None:
    assert listing([]) == ([], [])
