"""What a failed call says: its kind, and nothing of what was asked or answered."""

from collections.abc import Callable

import pytest

from exporter.errors import CloudError, Outcome
from exporter.rest import Bearer, Transport
from tests.rest.servers import Act, Peer, Serve, answers

TOKEN, PATH, QUERY, SAID = "t0ken-of-mine", "place-of-mine", "query-of-mine", "said-by-the-cloud"
PLAIN = f"<html>{SAID}</html>".encode()
JSON = f'{{"message": "{SAID}", "retryAfter": 4}}'.encode()

ANSWERS: dict[str, Act] = {
    **{
        str(status): answers(JSON, f"X-Said: {SAID}", status=f"{status} {SAID}")
        for status in (302, 400, 401, 403, 404, 429, 439, 500, 503)
    },
    "html": answers(PLAIN),
    "cut json": answers(JSON[:-4]),
    "no status line": lambda peer: peer.send(f"{SAID}\r\n\r\n".encode()),
    "broken gzip": answers(PLAIN, "Content-Encoding: gzip"),
    "hang": Peer.hang,
}


def refused(serve: Serve) -> str:
    cloud = serve(Peer.hang)
    url = cloud.url
    cloud.stop()
    return url


def failing_dns(_: Serve) -> str:
    return f"http://{SAID}.invalid"


def check(transport: Transport, base_url: str) -> None:
    body = {"password": TOKEN}
    url = f"{base_url}/{PATH}?key={QUERY}"
    with pytest.raises(CloudError) as caught:
        transport.exchange("POST", url, auth=Bearer(TOKEN), body=body)
    for text in (str(caught.value), repr(caught.value), repr(caught.value.args)):
        for private in (TOKEN, PATH, QUERY, SAID, base_url.split("//")[1]):
            assert private not in text
    assert str(caught.value) in {
        f"HTTP {caught.value.status}",
        *(outcome.value.replace("_", " ") for outcome in Outcome),
    }


@pytest.mark.parametrize("act", ANSWERS.values(), ids=ANSWERS.keys())
def test_no_error_repeats_what_was_asked_or_answered(
    hasty: Transport, serve: Serve, act: Act
) -> None:
    check(hasty, serve(act).url)


@pytest.mark.parametrize("place", [refused, failing_dns])
def test_no_error_repeats_where_the_call_went(
    hasty: Transport, serve: Serve, place: Callable[[Serve], str]
) -> None:
    check(hasty, place(serve))


def test_a_token_is_not_in_the_text_of_what_carries_it() -> None:
    assert TOKEN not in f"{Bearer(TOKEN)!r} {Bearer(TOKEN)} {vars(Bearer(TOKEN))}"
