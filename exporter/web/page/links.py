"""Where things are on the pages: addresses, and ids that stay the same between two refreshes."""

from urllib.parse import quote

from exporter.model import LocationKey


def address(key: LocationKey) -> str:
    """Return the address of a location's page, relative to the root."""
    return "/".join(("locations", *(quote(part, safe="") for part in key)))


def anchor(kind: str, *parts: str) -> str:
    """Return the id of an element, the same as long as it is about the same thing."""
    return "-".join((kind, *(quote(part, safe="") for part in parts)))
