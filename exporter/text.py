"""How the lines of the two text formats are written."""

from collections.abc import Iterable, Sequence

from exporter.catalog import Kind

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_HELP_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n"})
#: What plain text calls the types that it does not know.
_PLAIN = {Kind.INFO: "gauge", Kind.STATESET: "gauge", "unknown": "untyped"}


def header(name: str, kind: str, documentation: str, *, unit: str = "") -> str:
    """Return the metadata lines of a family; only OpenMetrics knows units."""
    text = f"# HELP {name} {documentation.translate(_HELP_ESCAPES)}\n# TYPE {name} {kind}\n"
    return f"{text}# UNIT {name} {unit}\n" if unit else text


def plain_kind(kind: str) -> str:
    """Return what plain text calls a type of OpenMetrics."""
    return _PLAIN.get(kind, kind)


def pairs(names: Sequence[str], values: Iterable[str]) -> str:
    """Return labels as they stand between the braces."""
    return ",".join(
        f'{name}="{value.translate(_ESCAPES)}"' for name, value in zip(names, values, strict=True)
    )
