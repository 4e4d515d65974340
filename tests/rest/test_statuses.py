"""Every status is one of the closed list of outcomes."""

import pytest
import responses

from exporter.errors import CloudError, Outcome, RateLimitedError
from exporter.rest import Transport

URL = "https://cloud.example/thing"

OUTCOMES = {
    300: Outcome.REDIRECT,
    301: Outcome.REDIRECT,
    302: Outcome.REDIRECT,
    304: Outcome.REDIRECT,
    307: Outcome.REDIRECT,
    308: Outcome.REDIRECT,
    399: Outcome.REDIRECT,
    400: Outcome.BAD_REQUEST,
    401: Outcome.UNAUTHORIZED,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    500: Outcome.SERVER_ERROR,
    502: Outcome.SERVER_ERROR,
    503: Outcome.SERVER_ERROR,
    504: Outcome.SERVER_ERROR,
    599: Outcome.SERVER_ERROR,
}
ODD = [402, *range(405, 429), *range(430, 500)]


@responses.activate
@pytest.mark.parametrize("status", [200, 201, 202, 206, 299])
def test_any_2xx_with_json_is_an_answer(transport: Transport, status: int) -> None:
    responses.post(URL, json={"ok": True}, status=status)
    assert transport.exchange("POST", URL).body == {"ok": True}


@responses.activate
@pytest.mark.parametrize(("status", "outcome"), OUTCOMES.items())
def test_a_status_has_its_outcome(transport: Transport, status: int, outcome: Outcome) -> None:
    responses.get(URL, body="", status=status)
    with pytest.raises(CloudError, match=f"^HTTP {status}$") as caught:
        transport.exchange("GET", URL)
    assert (caught.value.outcome, caught.value.status) == (outcome, status)
    assert not isinstance(caught.value, RateLimitedError)


@responses.activate
def test_429_asks_for_fewer_calls(transport: Transport) -> None:
    responses.get(URL, json={"statusCode": 429}, status=429)
    with pytest.raises(RateLimitedError, match=r"^HTTP 429$") as caught:
        transport.exchange("GET", URL)
    assert (caught.value.outcome, caught.value.retry_after) == (Outcome.RATE_LIMITED, None)


@responses.activate
@pytest.mark.parametrize("status", ODD)
def test_any_odd_4xx_asks_for_fewer_calls(transport: Transport, status: int) -> None:
    responses.get(URL, json={"retryAfter": 4}, status=status)
    with pytest.raises(RateLimitedError, match=f"^HTTP {status}$") as caught:
        transport.exchange("GET", URL)
    assert (caught.value.outcome, caught.value.retry_after) == (Outcome.CLIENT_ERROR, 4)


@responses.activate
@pytest.mark.parametrize("status", [401, 404, 429, 439, 500, 502, 504])
def test_an_error_page_of_html_changes_nothing(transport: Transport, status: int) -> None:
    responses.get(URL, body="<html>Bad gateway</html>", status=status, content_type="text/html")
    with pytest.raises(CloudError, match=f"^HTTP {status}$"):
        transport.exchange("GET", URL)


def test_every_outcome_of_a_status_is_in_the_closed_list() -> None:
    assert {*OUTCOMES.values(), Outcome.RATE_LIMITED, Outcome.CLIENT_ERROR} < set(Outcome)
    assert all(outcome.value.replace("_", "").isalpha() for outcome in Outcome)
