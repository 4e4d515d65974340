"""Which failure an exception or a status is: the closed list of outcomes."""

import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError
from urllib3.exceptions import TimeoutError as PoolTimeoutError

from exporter.errors import CloudError, Outcome, RateLimitedError
from exporter.jsontext import is_number, parse_json

REDIRECTS = range(300, 400)
SERVER_ERRORS = range(500, 600)
_TOO_MANY = 429
_STATUS_OUTCOMES = {
    400: Outcome.BAD_REQUEST,
    401: Outcome.UNAUTHORIZED,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
}


@contextmanager
def failures_named() -> Iterator[None]:
    """Turn what requests and urllib3 raise into a CloudError, without their words in it."""
    try:
        yield
    except (requests.RequestException, HTTPError, OSError) as error:
        # The exception holds the request, and so the password: it goes no further.
        raise CloudError(_name(error)) from None


def _name(error: BaseException) -> Outcome:
    """Return what kind of failure lies at the bottom of what requests wraps around it."""
    chain = list(_causes(error))
    if any(isinstance(cause, requests.exceptions.SSLError) for cause in chain):
        return Outcome.TLS
    if any(isinstance(cause, NameResolutionError | socket.gaierror) for cause in chain):
        return Outcome.DNS
    if any(isinstance(cause, NewConnectionError) for cause in chain):
        # In urllib3 it is also a kind of timeout, but it says that nothing listens there.
        return Outcome.CONNECTION
    timeouts = (requests.Timeout, PoolTimeoutError, TimeoutError)
    if any(isinstance(cause, timeouts) for cause in chain):
        return Outcome.TIMEOUT
    return Outcome.CONNECTION


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        reason = getattr(error, "reason", None) or next(
            (arg for arg in error.args if isinstance(arg, BaseException)), None
        )
        error = (
            reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
        )


def refusal(status: int, response: requests.Response, body: bytes) -> CloudError:
    """Return the error that a status outside 2xx means."""
    if status in SERVER_ERRORS:
        return CloudError(Outcome.SERVER_ERROR, status)
    if status in REDIRECTS:
        return CloudError(Outcome.REDIRECT, status)
    if status in _STATUS_OUTCOMES:
        return CloudError(_STATUS_OUTCOMES[status], status)
    outcome = Outcome.RATE_LIMITED if status == _TOO_MANY else Outcome.CLIENT_ERROR
    return RateLimitedError(outcome, status, _retry_after(response, body))


def http_date(header: str | None) -> float | None:
    """Return an HTTP date as seconds since the epoch, None where it is none."""
    if header is None:
        return None
    try:
        return parsedate_to_datetime(header).timestamp()
    except (ValueError, OverflowError):
        return None


def _retry_after(response: requests.Response, body: bytes) -> float | None:
    """Return the longest wait that the body or the header asks for; nonsense counts as none."""
    waits: list[Any] = []
    with suppress(ValueError):
        parsed = parse_json(body)
        waits.append(parsed.get("retryAfter") if isinstance(parsed, dict) else None)
    header = response.headers.get("Retry-After", "")
    with suppress(ValueError):
        waits.append(float(header))
    until, now = http_date(header), http_date(response.headers.get("Date"))
    if until is not None:
        waits.append(until - (now if now is not None else time.time()))
    return max((wait for wait in waits if _is_wait(wait)), default=None)


def _is_wait(raw: Any) -> bool:
    return is_number(raw) and math.isfinite(raw) and raw > 0
