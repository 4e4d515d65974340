"""What a body may hold: JSON with its surprises, or nothing of use."""

import gzip
import json
import math
import zlib

import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.errors import CloudError, Outcome
from exporter.jsontext import parse_json
from exporter.rest import Transport
from tests.rest.servers import Serve, answer, answers

URL = "https://cloud.example/thing"


@responses.activate
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"<html><h1>Maintenance</h1></html>",
        b'[{"id": "a"}, {"id":',
        b"[1,]",
        b"{'a': 1}",
        b"[1] [2]",
        b'["\xff"]',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"-",
        b"nan",
    ],
    ids=lambda body: repr(body[:16]),
)
def test_a_200_that_is_no_json_is_an_unusable_body(transport: Transport, body: bytes) -> None:
    responses.get(URL, body=body)
    with pytest.raises(CloudError, match=r"^unusable body$") as caught:
        transport.exchange("GET", URL)
    assert caught.value.outcome is Outcome.UNUSABLE


@responses.activate
def test_numbers_that_json_does_not_know_come_as_floats(transport: Transport) -> None:
    responses.get(URL, body=b"[NaN, Infinity, -Infinity, 1e999, 21.5]")
    body = transport.exchange("GET", URL).body
    assert math.isnan(body[0])
    assert body[1:] == [math.inf, -math.inf, math.inf, 21.5]


@responses.activate
def test_an_integer_of_5000_digits_costs_itself_alone(transport: Transport) -> None:
    responses.get(URL, body=b'{"bad": ' + b"9" * 5000 + b', "good": 21}')
    body = transport.exchange("GET", URL).body
    assert body["good"] == 21
    assert body["bad"] == math.inf


@responses.activate
def test_integers_of_ordinary_size_stay_integers(transport: Transport) -> None:
    responses.get(URL, body=b"[0, -7, 1760000000000, 999999999999999999]")
    body = transport.exchange("GET", URL).body
    assert body == [0, -7, 1_760_000_000_000, 999_999_999_999_999_999]
    assert all(type(number) is int for number in body)


@responses.activate
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_names_keep_their_letters_in_any_unicode(transport: Transport, encoding: str) -> None:
    responses.get(URL, body='{"name": "Kringsjå ~ 109FD"}'.encode(encoding))
    assert transport.exchange("GET", URL).body == {"name": "Kringsjå ~ 109FD"}


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_body_is_unpacked(transport: Transport, serve: Serve, encoding: str) -> None:
    text = json.dumps([{"id": number} for number in range(1000)]).encode()
    packed = gzip.compress(text) if encoding == "gzip" else zlib.compress(text)
    cloud = serve(answers(packed, f"Content-Encoding: {encoding}"))
    assert len(transport.exchange("GET", cloud.url).body) == 1000


def test_a_compressed_body_that_comes_byte_by_byte_is_whole(
    transport: Transport, serve: Serve
) -> None:
    packed = gzip.compress(b'["byte", "by", "byte"]')
    whole = answer(packed, "Content-Encoding: gzip")
    cloud = serve(lambda peer: peer.drip(whole, 0.001))
    assert transport.exchange("GET", cloud.url).body == ["byte", "by", "byte"]


def test_a_compressed_body_without_its_end_is_not_believed(
    transport: Transport, serve: Serve
) -> None:
    packed = gzip.compress(json.dumps(list(range(1000))).encode())
    cloud = serve(answers(packed[:-40], "Content-Encoding: gzip"))
    with pytest.raises(CloudError):
        transport.exchange("GET", cloud.url)


@responses.activate
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Thu, 09 Oct 2025 08:53:20 GMT", 1_760_000_000),
        ("Thu, 09 Oct 2025 10:53:20 +0200", 1_760_000_000),
        ("Thursday, 09-Oct-25 08:53:20 GMT", 1_760_000_000),
        ("yesterday", None),
        ("", None),
        ("Thu, 32 Oct 2025 08:53:20 GMT", None),
        ("Thu, 09 Oct 99999 08:53:20 GMT", None),
    ],
)
def test_the_clouds_own_clock_is_read_from_the_date_header(
    transport: Transport, header: str, seconds: float | None
) -> None:
    responses.get(URL, json=[], headers={"Date": header})
    assert transport.exchange("GET", URL).date == seconds


@responses.activate
def test_an_answer_without_a_date_has_none(transport: Transport) -> None:
    responses.get(URL, json=[])
    assert transport.exchange("GET", URL).date is None


@settings(
    derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(date=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_no_date_header_can_do_harm(transport: Transport, date: str) -> None:
    with responses.RequestsMock() as cloud:
        cloud.get(URL, json=[1], headers={"Date": date})
        assert transport.exchange("GET", URL).body == [1]


@settings(derandomize=True, deadline=None)
@given(body=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_make_parsing_fail_in_another_way(body: bytes) -> None:
    try:
        parsed = parse_json(body)
    except ValueError:
        return
    json.dumps(parsed)
