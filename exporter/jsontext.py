"""JSON from outside, parsed without surprises."""

import json
from typing import Any, TypeGuard

_INT_DIGITS = 18


def parse_json(body: bytes) -> Any:
    """Return the JSON value, NaN and huge numbers as floats; raises ValueError if it is none."""
    try:
        return json.loads(body, parse_int=_bounded_int)
    except RecursionError:
        raise ValueError("nested too deep") from None


def is_number(raw: Any) -> TypeGuard[int | float]:
    """Return whether it is a JSON number; Python takes a bool for one."""
    return isinstance(raw, int | float) and not isinstance(raw, bool)


def _bounded_int(digits: str) -> float:
    # int() refuses thousands of digits, and one bad value must not cost the whole answer.
    return int(digits) if len(digits) <= _INT_DIGITS else float(digits)
