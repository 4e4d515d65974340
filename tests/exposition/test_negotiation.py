"""Which format and which encoding a scrape gets, by its headers."""

import gzip

import pytest

from exporter.exposition import Exposition
from exporter.telemetry import Telemetry
from exporter.web.negotiation import accepts_gzip, wants_openmetrics
from tests.exposition.conftest import Serve
from tests.exposition.pages import homely_home
from tests.mapping.payloads import device, state
from tests.store.bench import HomelyBench

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
    f"q=0.7,{PROMETHEUS_3}"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

ACCEPTS: list[tuple[str, str]] = [
    (PROMETHEUS_2, OPENMETRICS),
    (PROMETHEUS_3, OPENMETRICS),
    (PROMETHEUS_3_PROTOBUF, OPENMETRICS),
    ("application/openmetrics-text", OPENMETRICS),
    ("Application/OpenMetrics-Text; Version=1.0.0", OPENMETRICS),
    ("application/openmetrics-text; version=9.9.9", OPENMETRICS),
    ("application/openmetrics-text; version=2.0.0; escaping=allow-utf-8", OPENMETRICS),
    ("application/openmetrics-text;version=0.0.1", OPENMETRICS),
    ("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;q=0.5", OPENMETRICS),
    ("text/plain;q=0.4, application/openmetrics-text ; q = 0.5", OPENMETRICS),
    ("application/openmetrics-text;q=0.5", OPENMETRICS),
    ("application/openmetrics-text;q=0.5, */*;q=0.1", OPENMETRICS),
    ("text/plain, application/openmetrics-text;q=1.0", OPENMETRICS),
    ("text/plain;q=7, application/openmetrics-text", OPENMETRICS),
    ("text/plain;q=0.9, application/openmetrics-text;q=0.5", PLAIN),
    ("text/*;q=0.9, application/openmetrics-text;q=0.5", PLAIN),
    ("application/openmetrics-text;q=0", PLAIN),
    ("application/openmetrics-text;q=0, text/plain;q=0", PLAIN),
    ("application/openmetrics-text;q=junk, */*", PLAIN),
    ("application/openmetrics-text;q=nan", PLAIN),
    ("application/openmetrics-text;q=-1", PLAIN),
    ("text/plain", PLAIN),
    ("text/plain;version=0.0.4", PLAIN),
    ("text/plain;version=1.0.0;escaping=allow-utf-8", PLAIN),
    ("text/plain;version=1.0.0;escaping=values;q=0.9", PLAIN),
    ("application/openmetrics-text-2", PLAIN),
    ("application/json", PLAIN),
    ("*/*", PLAIN),
    (BROWSER, PLAIN),
    ("", PLAIN),
    (" , ,, ", PLAIN),
    (";;;q=1", PLAIN),
]

ENCODINGS: list[tuple[str, bool]] = [
    ("gzip", True),
    ("GZIP", True),
    ("gzip, deflate, br", True),
    ("deflate, gzip;q=0.5", True),
    ("gzip;q=0.001", True),
    ("gzip ; q=1.0", True),
    ("*", True),
    ("*;q=0.1", True),
    ("gzip;q=0", False),
    ("gzip;q=0.0, identity", False),
    ("gzip; q=0", False),
    ("*;q=0", False),
    ("gzip;q=0, *", False),
    ("*;q=1, gzip; q=0.0", False),
    ("*;q=0, gzip", True),
    ("identity", False),
    ("deflate, br", False),
    ("gzip2", False),
    ("gzip;q=junk", False),
    ("", False),
    (" , ", False),
]


@pytest.mark.parametrize(("accept", "expected"), ACCEPTS)
def test_the_format_is_what_the_accept_header_prefers(accept: str, expected: str) -> None:
    assert wants_openmetrics(accept) is (expected == OPENMETRICS)


@pytest.mark.parametrize(("accept", "expected"), ACCEPTS)
async def test_the_content_type_names_the_format_that_is_written(
    serve: Serve, accept: str, expected: str
) -> None:
    client = await serve(homely_home().page, Telemetry(Exposition()))
    answer = await client.get("/metrics", headers={"Accept": accept, "Accept-Encoding": ""})
    text = await answer.text()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == expected
    is_openmetrics = expected == OPENMETRICS
    assert text.endswith("# EOF\n") is is_openmetrics
    assert ("# TYPE home_alarm_state stateset\n" in text) is is_openmetrics
    assert ("# TYPE home_alarm_state gauge\n" in text) is not is_openmetrics


@pytest.mark.parametrize(("accepted", "expected"), ENCODINGS)
def test_gzip_is_used_where_it_is_accepted(accepted: str, *, expected: bool) -> None:
    assert accepts_gzip(accepted) is expected


@pytest.mark.parametrize(("accepted", "expected"), ENCODINGS)
async def test_the_body_is_encoded_as_its_header_says(
    serve: Serve, accepted: str, *, expected: bool
) -> None:
    client = await serve(homely_home().page, Telemetry(Exposition()))
    answer = await client.get("/metrics", headers={"Accept-Encoding": accepted})
    body = await answer.read()
    assert (answer.headers.get("Content-Encoding") == "gzip") is expected
    assert int(answer.headers["Content-Length"]) == len(body)
    page = gzip.decompress(body) if expected else body
    assert page.startswith(homely_home().page.render(openmetrics=False))


@pytest.mark.parametrize("accept", ["", PROMETHEUS_2])
async def test_a_large_page_is_compressed_whole(serve: Serve, accept: str) -> None:
    bench = HomelyBench()
    states = {f"sauna.s{number}": state(number) for number in range(40)}
    bench.poll(*(device(states, id=f"dev-{number}") for number in range(60)))
    client = await serve(bench.page, Telemetry(Exposition()))
    headers = {"Accept": accept, "Accept-Encoding": "gzip"}
    body = await (await client.get("/metrics", headers=headers)).read()
    page = gzip.decompress(body)
    expected = bench.page.render(openmetrics=bool(accept))
    assert len(expected) > 256 * 1024
    assert page.startswith(expected)


async def test_caches_are_told_what_the_answer_depends_on(serve: Serve) -> None:
    client = await serve(Exposition(), Telemetry(Exposition()))
    answer = await client.get("/metrics")
    assert set(answer.headers["Vary"].split(", ")) == {"Accept", "Accept-Encoding"}


async def test_each_format_is_kept_apart_and_follows_a_change(serve: Serve) -> None:
    bench = HomelyBench()
    bench.poll(device({"battery.low": state(False)}))
    client = await serve(bench.page, Telemetry(Exposition()))
    for value, at in ((0.0, None), (1.0, bench.now + 1)):
        if at is not None:
            bench.change("battery.low", True, at)
        for accept in ("", PROMETHEUS_2, ""):
            headers = {"Accept": accept, "Accept-Encoding": "identity"}
            text = await (await client.get("/metrics", headers=headers)).text()
            (line,) = (line for line in text.split("\n") if line.startswith("home_battery_low{"))
            assert line.endswith(f" {value}")
            assert text.endswith("# EOF\n") is bool(accept)


async def test_a_scrape_changes_nothing_for_the_next_one(serve: Serve) -> None:
    page = homely_home().page
    homes = page.render(openmetrics=False).decode()
    client = await serve(page, Telemetry(Exposition()))
    for _ in range(3):
        answer = await client.get("/metrics", headers={"Accept-Encoding": "identity"})
        assert (await answer.text()).startswith(homes)
