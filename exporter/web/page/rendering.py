"""Templates and their files: pages written in slices, style and script under names of their own."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from exporter import __version__
from exporter.web.page.slices import Slices

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = "exporter.web.page"
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Asset(NamedTuple):
    """A file that pages refer to; its name changes with its content, so it may be kept for ever."""

    name: str
    body: bytes
    content_type: str


@cache
def assets() -> dict[str, Asset]:
    """Return the files by the names that templates use."""
    found = {}
    for file in files(_HERE).joinpath("assets").iterdir():
        stem, _, kind = file.name.rpartition(".")
        if kind in _TYPES:
            body = file.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:12]
            found[file.name] = Asset(f"{stem}.{digest}.{kind}", body, _TYPES[kind])
    return found


@cache
def environment() -> "Environment":
    """Return the templates, compiled; whatever is put into them is escaped. Takes a while once."""
    # Most processes are never looked at, and this is a fifth of the time to start.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    made = Environment(
        loader=PackageLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["version"] = __version__
    made.globals["assets"] = {name: f"assets/{asset.name}" for name, asset in assets().items()}
    for name in made.list_templates():
        made.get_template(name)
    return made


async def render(template: str, slices: Slices, **context: Any) -> str:
    """Return a page; the loop is let go between its pieces."""
    parts = []
    for part in environment().get_template(template).generate(context):
        parts.append(part)
        await slices.breathe()
    return "".join(parts)
