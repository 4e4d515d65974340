"""Payloads gone wrong: a good one with some of its nodes replaced, removed, nested or repeated."""

import copy
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from exporter.jsontext import parse_json

#: HYPOTHESIS_EXAMPLES=5000 hunts with fresh randomness; the default repeats and is quick.
_EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))
MODEST = settings(
    max_examples=_EXAMPLES or 50,
    derandomize=not _EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

NUMBERS = st.one_of(
    st.sampled_from(
        [0, 1, -1, 15, 16, 100, 101, 55_546, 65_535, -32_768, -327.68, 655.35, -8_388_608, -0.0]
    ),
    st.sampled_from([float("nan"), float("inf"), float("-inf"), 1.7e308, 5e-324, 10**17]),
    st.integers(-70_000, 70_000),
    st.floats(),
)
TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "open",
            "alarm",
            "DISARMED",
            "2025-10-09T08:53:20Z",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00+14:00",
            "x" * 129,
            '"\\\n',
            "\ud800\x00\x85",
            "Motion",
        ]
    ),
    st.text(max_size=12),
    st.text(st.characters(codec=None), max_size=6),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)

#: A place in a tree: the object or array, and the key or index in it.
Spot = tuple[Any, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]


def _spots(node: Any) -> Iterator[Spot]:
    items: Any = ()
    if isinstance(node, dict):
        items = list(node.items())
    elif isinstance(node, list):
        items = list(enumerate(node))
    for key, child in items:
        yield node, key
        yield from _spots(child)


def _replace(draw: Draw, holder: Any, key: Any) -> None:
    holder[key] = draw(JUNK)


def _remove(_: Draw, holder: Any, key: Any) -> None:
    del holder[key]


def _nest(draw: Draw, holder: Any, key: Any) -> None:
    holder[key] = draw(st.sampled_from([[holder[key]], {"value": holder[key]}, [[holder[key]]]]))


def _repeat(draw: Draw, holder: Any, key: Any) -> None:
    again = copy.deepcopy(holder[key])
    if isinstance(holder, list):
        holder.append(again)
    else:
        holder[draw(TEXTS)] = again


def _swap(draw: Draw, holder: Any, key: Any) -> None:
    other = draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
    holder[key], holder[other] = holder[other], holder[key]


_WAYS = (_replace, _replace, _replace, _remove, _nest, _repeat, _swap)


@st.composite
def mutated(draw: Draw, payload: Any) -> Any:
    """Return the payload after one to eight wounds, as it would come out of the parser."""
    root = [copy.deepcopy(payload)]
    for _ in range(draw(st.integers(1, 8))):
        spots = list(_spots(root))
        if not spots:
            break
        holder, key = spots[draw(st.integers(0, len(spots) - 1))]
        draw(st.sampled_from(_WAYS))(draw, holder, key)
    return parse_json(json.dumps(root[0] if root else None).encode())
