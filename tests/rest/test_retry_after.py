"""How long a cloud asks to be left alone: in the body, in the header, as a date, or not at all."""

from email.utils import formatdate
from typing import Any

import pytest
import responses

from exporter.errors import RateLimitedError
from exporter.rest import Transport

URL = "https://cloud.example/thing"
NOW = 1_760_000_000
DATE = formatdate(NOW, usegmt=True)
SIX_HOURS = 6 * 3600


def asked(transport: Transport, headers: dict[str, str], **body: Any) -> float | None:
    """Return what the transport makes of a 429 with this body and these headers."""
    with responses.RequestsMock() as cloud:
        cloud.get(URL, status=429, headers={"Date": DATE, **headers}, **body)
        with pytest.raises(RateLimitedError) as caught:
            transport.exchange("GET", URL)
    return caught.value.retry_after


@pytest.mark.parametrize("seconds", [0.5, 4, 120, SIX_HOURS, 1e9])
def test_the_body_says_how_long(transport: Transport, seconds: float) -> None:
    assert asked(transport, {}, json={"statusCode": 429, "retryAfter": seconds}) == seconds


@pytest.mark.parametrize(("header", "seconds"), [("4", 4), ("0.5", 0.5), (" 120 ", 120)])
def test_the_header_says_how_long(transport: Transport, header: str, seconds: float) -> None:
    assert asked(transport, {"Retry-After": header}, body="<html>") == seconds


def test_a_date_says_how_long_by_the_clouds_own_clock(transport: Transport) -> None:
    until = formatdate(NOW + 90, usegmt=True)
    assert asked(transport, {"Retry-After": until}, body="") == 90


def test_the_longest_wait_counts(transport: Transport) -> None:
    assert asked(transport, {"Retry-After": "4"}, json={"retryAfter": 60}) == 60
    assert asked(transport, {"Retry-After": "60"}, json={"retryAfter": 4}) == 60


@pytest.mark.parametrize(
    "header",
    ["", "soon", "-4", "0", "nan", "inf", "-inf", "1e999", DATE, "Thu, 01 Jan 1970 00:00:00 GMT"],
)
def test_a_header_of_nonsense_counts_as_none(transport: Transport, header: str) -> None:
    assert asked(transport, {"Retry-After": header}, body="") is None


@pytest.mark.parametrize(
    "body",
    [
        '{"retryAfter": null}',
        '{"retryAfter": true}',
        '{"retryAfter": "soon"}',
        '{"retryAfter": -4}',
        '{"retryAfter": 0}',
        '{"retryAfter": NaN}',
        '{"retryAfter": Infinity}',
        '{"retryAfter": {"seconds": 4}}',
        '{"retryAfter": ' + "9" * 5000 + "}",
        '["retryAfter", 4]',
        '{"retryAfter": 4',
        "4",
        "",
        "[" * 100_000,
    ],
    ids=lambda body: body[:24],
)
def test_a_body_of_nonsense_counts_as_none(transport: Transport, body: str) -> None:
    assert asked(transport, {}, body=body) is None


def test_nonsense_in_one_place_does_not_hide_the_other(transport: Transport) -> None:
    assert asked(transport, {"Retry-After": "soon"}, json={"retryAfter": 4}) == 4
    assert asked(transport, {"Retry-After": "4"}, json={"retryAfter": "soon"}) == 4
