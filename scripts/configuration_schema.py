"""The JSON Schema of exporter.yml for editors, made from the types that the loader reads it by."""

from collections.abc import Iterator
from typing import Any

from exporter.config import AccountConfig
from exporter.config.fields import parse_duration
from exporter.config.load import file_model
from exporter.sources.vendors import MODELS

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_TITLE = "Configuration of home-exporter"


def duration_text(seconds: float) -> str:
    """Return seconds as they are written, in the largest unit of which they are more than one."""
    unit, size = next(
        (unit, size) for unit, size in _UNITS if seconds % size == 0 and seconds != size
    )
    return f"{seconds / size:.0f}{unit}"


def bounds(model: type[AccountConfig], key: str) -> str:
    """Return what is asked of a duration beyond its form, "" for nothing."""
    if key in model.floored:
        return f"at least {duration_text(model.poll_floor)}, unless the cloud is on this machine"
    return "at least twice `poll_interval`" if key == "stale_after" else ""


def schema() -> dict[str, Any]:
    """Return the schema."""
    whole = file_model(
        {vendor: tuple[model, ...] for vendor, model in MODELS.items()}  # type: ignore[valid-type]  # known at run time
    ).model_json_schema()
    for model in MODELS.values():
        _finish(whole["$defs"][model.__name__], model)
    tidy(whole)
    whole["anyOf"] = [
        {"required": [vendor], "properties": {vendor: {"type": "array", "minItems": 1}}}
        for vendor in MODELS
    ] + _ways(("accounts_dir",), required=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": _TITLE}
    whole.pop("description", None)
    return head | whole


def _finish(account: dict[str, Any], model: type[AccountConfig]) -> None:
    """Say what the loader adds to the type: names by place, secrets in three ways, durations."""
    account["required"] = [key for key in account["required"] if key != "name"]
    account["allOf"] = [
        {"oneOf" if secret.required else "anyOf": _ways(secret.keys, required=secret.required)}
        for secret in model.secret_fields
    ]
    for key, of in account["properties"].items():
        if isinstance(of.get("default"), float):
            of["default"] = duration_text(of["default"])
            parse_duration(of["default"])
        limit = bounds(model, key)
        if limit:
            of["description"] += f" {limit[0].upper()}{limit[1:]}."


def _ways(keys: tuple[str, ...], *, required: bool) -> list[dict[str, Any]]:
    given = [{"required": [key], "properties": {key: {"not": {"type": "null"}}}} for key in keys]
    if required:
        return given
    return [{"not": {"anyOf": given}}, {"oneOf": given}]


def tidy(node: Any) -> None:
    """Take out of a schema what says nothing."""
    for one in list(_objects(node)):
        # The title is the key once more, and a default of null says nothing.
        if isinstance(one.get("title"), str):
            del one["title"]
        if one.get("default", ...) is None:
            del one["default"]


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in list(node.values()):
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)
