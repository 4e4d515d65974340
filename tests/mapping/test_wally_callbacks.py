"""WallyHome's callbacks: one activity or a list of them, from nobody who can be trusted."""

from typing import Any

import pytest

from exporter.model import ActivityChange, ActivityState
from exporter.simulator.stamps import iso
from exporter.sources.findings import Findings
from exporter.sources.values import Reader
from exporter.sources.wally.mapping import ACTIVITY_KINDS, map_callback
from tests.mapping.payloads import DOCUMENTED_KINDS, SENSOR, activity
from tests.support.manual_clock import START

DOCUMENTED = set(DOCUMENTED_KINDS)
MALFORMED: list[Any] = [
    None,
    True,
    3,
    "alarm",
    {},
    [[]],
    activity(snid=None),
    activity(snid=""),
    activity(snid=7),
    activity(snid="x" * 129),
    activity(kind=None),
    activity(kind=["alarm"]),
    activity(progress=None),
    activity(progress="OPEN"),
    activity(progress="closed"),
    activity(progress={}),
    activity(created=None),
    activity(created=5),
    activity(created="  "),
]


def called(payload: Any, findings: Findings | None = None) -> tuple[list[ActivityChange], int]:
    return map_callback(payload, Reader(START, findings or Findings()))


def test_an_object_is_one_activity() -> None:
    changes, malformed = called(activity("mold_risk", "acknowledged"))
    assert malformed == 0
    (change,) = changes
    assert change.device_id == SENSOR
    assert change.activity.kind == "mold_risk"
    assert change.activity.state is ActivityState.ACKNOWLEDGED
    assert change.activity.created_at == START
    assert not change.activity.is_leak


@pytest.mark.parametrize("progress", ["open", "acknowledged", "resolved"])
def test_an_alarm_is_about_a_leak(progress: str) -> None:
    (change,), _ = called(activity("alarm", progress))
    assert change.activity.is_leak
    assert change.activity.state == progress


def test_an_array_is_its_activities_in_order() -> None:
    changes, malformed = called([activity(), activity("mold_risk", snid="sn-2")])
    assert [(one.device_id, one.activity.kind) for one in changes] == [
        (SENSOR, "alarm"),
        ("sn-2", "mold_risk"),
    ]
    assert malformed == 0


def test_an_empty_array_is_nothing() -> None:
    assert called([]) == ([], 0)


@pytest.mark.parametrize("payload", MALFORMED)
def test_what_is_no_activity_is_malformed(payload: object) -> None:
    assert called(payload) == ([], 1)


@pytest.mark.parametrize("junk", MALFORMED)
def test_a_malformed_item_does_not_hurt_the_others(junk: object) -> None:
    changes, malformed = called([activity("mold_risk"), junk, activity()])
    assert [one.activity.kind for one in changes] == ["mold_risk", "alarm"]
    assert malformed == 1


def test_the_documented_kinds_are_known() -> None:
    assert set(ACTIVITY_KINDS) == DOCUMENTED
    findings = Findings()
    called([activity(kind) for kind in sorted(DOCUMENTED)], findings)
    assert len(findings.activity_kinds) == 0


def test_an_unknown_kind_is_accepted_up_to_a_bound() -> None:
    changes, malformed = called([activity(f"new_{number}") for number in range(52)])
    kinds = [one.activity.kind for one in changes]
    assert kinds == [*(f"new_{number}" for number in range(50)), "other", "other"]
    assert malformed == 0
    assert not any(one.activity.is_leak for one in changes)


def test_one_time_written_in_two_ways_is_one_identity() -> None:
    ways = ["2025-10-09T08:53:20.000Z", "2025-10-09T10:53:20+02:00", " 2025-10-09T08:53:20Z "]
    changes, _ = called([activity(created=created) for created in ways])
    assert len({(one.activity.kind, one.activity.created) for one in changes}) == 1


def test_two_times_are_two_identities() -> None:
    changes, _ = called([activity(created=iso(START)), activity(created=iso(START + 0.001))])
    assert len({one.activity.created for one in changes}) == 2


def test_a_time_that_cannot_be_read_is_still_an_identity() -> None:
    (change,), malformed = called(activity(created="soon"))
    assert (change.activity.created, change.activity.created_at) == ("soon", None)
    assert malformed == 0


def test_fields_beside_the_identity_are_not_needed() -> None:
    bare = {key: value for key, value in activity().items() if key != "viewParams"}
    assert called(bare) == called(activity(new={"a": 1}))
    assert len(called(bare)[0]) == 1
