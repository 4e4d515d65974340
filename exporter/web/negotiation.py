"""Which text format a scrape gets; versions are clamped to those that are really written."""

from dataclasses import dataclass
from functools import lru_cache

_OPENMETRICS = "application/openmetrics-text"
_PLAIN = "text/plain"
OPENMETRICS_TYPE = f"{_OPENMETRICS}; version=1.0.0; charset=utf-8"
PLAIN_TYPE = f"{_PLAIN}; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Range:
    media: str
    quality: float


# A scraper always says the same.
@lru_cache(maxsize=16)
def wants_openmetrics(accept: str) -> bool:
    """Return whether an Accept header prefers OpenMetrics to plain text."""
    ranges = [_parse(part) for part in accept.split(",") if part.strip()]
    openmetrics = max((r.quality for r in ranges if r.media == _OPENMETRICS), default=0.0)
    plain = max((r.quality for r in ranges if r.media in (_PLAIN, "text/*")), default=0.0)
    return openmetrics > 0 and openmetrics >= plain


@lru_cache(maxsize=16)
def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether an Accept-Encoding header allows gzip."""
    qualities = {r.media: r.quality for r in map(_parse, accept_encoding.split(","))}
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _parse(part: str) -> _Range:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
    return _Range(media, quality)
