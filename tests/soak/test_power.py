"""The soak finds what it is there to find: each of these faults, seeded into the exporter."""

from typing import Any
from unittest.mock import patch

import pytest

from exporter.backoff import after_refusal
from exporter.store import devices
from exporter.store.edges import Edges
from exporter.store.held import NEVER, HeldAlarm
from tests.soak.run import soak

_SEED, _DAYS = 1, 0.3
_push_alarm, _see, _push = HeldAlarm.push, Edges.see, devices.push


def _forget_alarm(held: HeldAlarm, *said: Any) -> bool:
    changed = _push_alarm(held, *said)
    held.pushed = NEVER
    return changed


def _push_undated_alarm(held: HeldAlarm, state: str, _: float | None, now: float) -> bool:
    return _push_alarm(held, state, None, now)


def _see_in_order_of_arrival(edges: Edges, *what: Any, **how: Any) -> bool:
    return _see(edges, *what, **{**how, "stamp": None})


def _forget_push(held: Any, *what: Any) -> Any:
    applied = _push(held, *what)
    held.pushed.clear()
    return applied


#: What is wrong, what the soak then says, and what stands in for what.
_FAULTS: dict[str, tuple[str, str, Any]] = {
    "a budget ten times as large": ("calls in an hour", "exporter.sources.gate._HEADROOM", 20.0),
    "a penalty that does not double": (
        "the end of a penalty",
        "exporter.budget.doubled",
        lambda base, *_: base,
    ),
    "a penalty that starts half as long": (
        "the end of a penalty",
        "exporter.budget.PENALTY_FLOOR",
        60.0,
    ),
    "refused credentials tried again as soon each time": (
        "the end of a refusal",
        "exporter.sources.gate.after_refusal",
        lambda _: after_refusal(0),
    ),
    "a new token for each call": ("nobody needed", "exporter.sources.homely.tokens._MARGIN", 50.0),
    "a connect that hangs for ever": (
        "no socket",
        "exporter.sources.homely.stream._CONNECT_LIMIT",
        1e9,
    ),
    "a poll under way that undoes a pushed alarm": (
        "alarm",
        "exporter.store.held.HeldAlarm.push",
        _forget_alarm,
    ),
    "a poll under way that takes away a pushed state": (
        "is missing",
        "exporter.store.devices.push",
        _forget_push,
    ),
    "an alarm that is told of twice counted twice": (
        "alarm",
        "exporter.store.held.HeldAlarm.push",
        _push_undated_alarm,
    ),
    "an older state that undoes a newer one": (
        "told was",
        "exporter.store.devices._is_older",
        lambda *_: False,
    ),
    "edges in the order of their arrival": (
        "counted",
        "exporter.store.edges.Edges.see",
        _see_in_order_of_arrival,
    ),
    "a device gone after one omission": (
        "known and not served",
        "exporter.store.store.OMISSIONS",
        1,
    ),
    "nothing that ever grows old": (
        "is served, age",
        "exporter.store.store.Store.expire",
        lambda _: None,
    ),
}


def test_a_soak_of_what_is_well_finds_nothing() -> None:
    assert soak(_SEED, _DAYS).faults == []


@pytest.mark.thorough
@pytest.mark.parametrize(("told", "place", "value"), _FAULTS.values(), ids=_FAULTS)
def test_a_soak_finds_a_fault(told: str, place: str, value: Any) -> None:
    with patch(place, value):
        assert told in " ".join(soak(_SEED, _DAYS).faults)
