"""How the faults of a configuration are told: one line each, with key path and expectation."""

import difflib
from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

_EXPECTED = {
    "missing": "expected a value, the key is missing",
    "string_type": "expected text (put numbers in quotes)",
    "string_too_short": "expected text that is not empty",
    "too_short": "expected a value, found it empty",
    "string_too_long": "expected a shorter text",
    "tuple_type": "expected a list",
    "model_type": "expected keys with values",
    "dict_type": "expected keys with values",
    "path_type": "expected a path",
}
# pydantic's own step behind a key that is itself at fault.
_KEY = "[key]"


def key_path(location: Sequence[int | str]) -> str:
    """Return a location such as ("homely", 0, "name") as `homely[0].name`."""
    path = ""
    for step in location:
        if step == _KEY:
            continue
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            # As it is written, unless that would hide it or break the line.
            shown = step if step and step.isprintable() else ascii(step)
            path += f".{shown}" if path else shown
    return path


def validation_faults(
    model: type[BaseModel], error: ValidationError, at: Sequence[int | str] = ()
) -> Iterator[str]:
    """Yield a line for each fault that pydantic found in what stands `at` a key."""
    for fault in error.errors(include_url=False, include_input=False, include_context=True):
        path = key_path((*at, *fault["loc"]))
        yield f"{path or '(top level)'}: {_expectation(model, fault)}"


def _expectation(model: type[BaseModel], fault: Any) -> str:
    kind: str = fault["type"]
    if kind == "extra_forbidden":
        return _unknown_key(model, fault["loc"])
    if kind in ("enum", "literal_error"):
        return f"expected {fault['ctx']['expected']}"
    message: str = fault["msg"]
    return _EXPECTED.get(kind, message[:1].lower() + message[1:])


def _unknown_key(model: type[BaseModel], location: Sequence[int | str]) -> str:
    there = _model_at(model, location[:-1])
    known = sorted(there.model_fields)
    if location[-1] in getattr(there, "not_supported", ()):
        return f"not supported here, expected one of {', '.join(known)}"
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    if close:
        return f"unknown key, did you mean {close[0]}?"
    return f"unknown key, expected one of {', '.join(known)}"


def _model_at(model: type[BaseModel], location: Sequence[int | str]) -> type[BaseModel]:
    for step in location:
        if isinstance(step, str):
            model = _model_in(model.model_fields[step].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside Model | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType):
        return next(filter(None, map(_model_in, get_args(annotation))), None)
    return None
