"""How a raw JSON value of any vendor becomes a number, a bool, a text or a time, or nothing."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from exporter.catalog import Metric, readings
from exporter.errors import CloudError, Outcome
from exporter.jsontext import is_number
from exporter.model import Reading
from exporter.sources.findings import OTHER, Findings, Reject

#: A vendor's time further ahead of ours than this is not believed.
FUTURE_TOLERANCE = 300.0
LABEL_LIMIT = 128

# A NUL ends the page for Prometheus's lexer, a lone surrogate cannot be encoded at all.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def text(raw: Any) -> str:
    """Return a string as a label value: stripped, printable, cut; anything else as ""."""
    if not isinstance(raw, str):
        return ""
    # Most are printable, and to ask is quicker than to search.
    clean = raw if raw.isprintable() else _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", raw)
    return clean.strip()[:LABEL_LIMIT].rstrip()


def identity(raw: Any) -> str:
    """Return an id, or "" for one that is no safe part of a path or of a series."""
    clean = text(raw)
    is_whole = isinstance(raw, str) and clean == raw.strip()
    return clean if is_whole and clean not in (".", "..") else ""


def mapping(raw: Any) -> dict[str, Any]:
    """Return a JSON object as it is, anything else as an empty one."""
    return raw if isinstance(raw, dict) else {}


def sequence(raw: Any) -> list[Any]:
    """Return a JSON array as it is, anything else as an empty one."""
    return raw if isinstance(raw, list) else []


def instant(raw: Any) -> float | None:
    """Return an ISO 8601 string as seconds since the epoch; a naive one is taken as UTC."""
    if not isinstance(raw, str):
        return None
    try:
        moment = datetime.fromisoformat(raw.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1024)
def _names(feature: str, name: str) -> tuple[str, str]:
    """Return the labels of a state; every home has the same few, so they are kept once."""
    return text(feature), text(name)


#: A time as believed and as sent, in seconds since the epoch.
Times = tuple[float | None, float | None]


class Reader:
    """Reads the values of one payload that arrived at `now` (seconds, by the vendor's clock).

    `account` is whom a notice about the payload is for.
    """

    def __init__(self, now: float, findings: Findings, account: str = "") -> None:
        self.now = now
        self.findings = findings
        self._account = account

    def reject(self, reason: Reject) -> None:
        """Count a value that is not believed."""
        self.findings.reject(reason)

    def notice(self, sentence: str) -> None:
        """Tell the person who configured the account something, once."""
        self.findings.notice(self._account, sentence)

    def number(
        self, raw: Any, metric: Metric, *, times: float = 1.0, divide: float = 1.0
    ) -> float | None:
        """Return a finite number in the metric's unit and range, else None and a count."""
        if not is_number(raw):
            self.reject(Reject.TYPE)
            return None
        try:
            value = raw * times / divide
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            self.reject(Reject.NOT_FINITE)
            return None
        if metric.bounds and not metric.bounds[0] <= value <= metric.bounds[1]:
            self.reject(Reject.RANGE)
            return None
        return value

    def boolean(self, raw: Any, *, invert: bool = False) -> float | None:
        """Return a JSON bool as 0 or 1, else None and a count."""
        if not isinstance(raw, bool):
            self.reject(Reject.TYPE)
            return None
        return float(raw is not invert)

    def object(self, raw: Any) -> dict[str, Any]:
        """Return a JSON object, {} for null; anything else is counted."""
        if raw is not None and not isinstance(raw, dict):
            self.reject(Reject.TYPE)
        return mapping(raw)

    def array(self, raw: Any) -> list[Any]:
        """Return a JSON array, [] for null; anything else is counted."""
        if raw is not None and not isinstance(raw, list):
            self.reject(Reject.TYPE)
        return sequence(raw)

    def rows(self, payload: Any, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return the objects of a whole answer, as `unique`; raises CloudError for no list."""
        if not isinstance(payload, list):
            raise CloudError(Outcome.UNUSABLE)
        return self.unique(payload, key)

    def unique(self, items: list[Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the objects of a list with the id under `key`; others are counted."""
        seen: set[str] = set()
        for item in items:
            body = mapping(item)
            name = identity(body.get(key))
            if not name or name in seen:
                self.reject(Reject.DUPLICATE if name else Reject.IDENTITY)
                continue
            seen.add(name)
            yield name, body

    def other_state(
        self, feature: str, name: str, raw: Any, when: Times = (None, None), *, known: bool
    ) -> tuple[str, Reading]:
        """Return a state without a metric of its own, as `home_device_state` if it is a number."""
        labels = _names(feature, name)
        source = ".".join(labels)
        number: float | None = None
        if isinstance(raw, bool):
            number = float(raw)
        elif is_number(raw):
            number = self.number(raw, readings.DEVICE_STATE)
        if not known and self.findings.unmapped.word(source) != source:
            # A text among the others must not take the place of a number.
            source = f"{OTHER}.{OTHER}" if number is not None else f"{OTHER}.none"
            labels = (OTHER, OTHER)
        return source, Reading(readings.DEVICE_STATE, number, *when, labels)

    def when(self, raw: Any) -> Times:
        """Return a vendor's time as (believed, as sent); one in the future becomes the arrival."""
        stamp = instant(raw)
        if stamp is None:
            if raw is not None:
                self.reject(Reject.TIME)
            return None, None
        if stamp <= self.now + FUTURE_TOLERANCE:
            return stamp, stamp
        self.reject(Reject.FUTURE_TIME)
        return self.now, stamp
