"""The types of single values in exporter.yml: durations and addresses of clouds."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

_UNITS = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "y": 31536000.0,
}
_DURATION = re.compile(r"(?:\d{1,9}(?:ms|[smhdwy])){1,5}")
_PART = re.compile(r"(\d+)(ms|[smhdwy])")
# Labels of letters, digits and dashes with dots between them, or an IPv6 address.
_HOST = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63})*\.?|[0-9a-f:.]+(?:%\w+)?")
_LONGEST = 366 * 86400.0


def expected(what: str) -> PydanticCustomError:
    """Return the error that says what a key should have held."""
    return PydanticCustomError("expected", "expected {what}", {"what": what})


def parse_duration(raw: Any) -> float:
    """Return Prometheus's notation of a duration (20m, 6h, 1h30m) as seconds."""
    if isinstance(raw, str) and _DURATION.fullmatch(raw):
        seconds = sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(raw))
        if 0 < seconds <= _LONGEST:
            return seconds
    raise expected("a duration such as 60s, 20m or 1h30m")


def is_loopback(url: str) -> bool:
    """Return whether the host of a URL is this machine itself."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _base_url(raw: str) -> str:
    try:
        parts = urlsplit(raw)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    is_plain = raw.isascii() and raw.isprintable() and not set(" ?#") & set(raw)
    if not (
        is_plain
        and port_is_fine
        and parts.scheme in ("http", "https")
        and _HOST.fullmatch(parts.hostname or "")
    ):
        raise expected("an address such as https://host")
    if parts.username is not None or parts.query or parts.fragment:
        raise expected("an address without user, query or fragment")
    if parts.scheme == "http" and not is_loopback(raw):
        raise expected("https: only a loopback address may be http")
    return raw.rstrip("/")


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_DURATION.pattern}$",
            "examples": ["60s", "20m", "1h30m"],
        }
    ),
]
BaseUrl = Annotated[
    str,
    AfterValidator(_base_url),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://[^ ?#]+$"}),
]
#: A file by its name; relative to the folder of the configuration.
FileName = Annotated[Path, Field(strict=False)]
