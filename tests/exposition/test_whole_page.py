"""The whole page of a scrape: the homes and the exporter itself, valid in either format."""

import asyncio
import re
import shutil
from asyncio.subprocess import PIPE
from collections import Counter

import pytest

from exporter.catalog import OWN, RENDERED, Kind, Scope
from exporter.catalog.readings import UP
from exporter.exposition import Exposition
from exporter.meter import Standing
from exporter.series import Sample
from exporter.telemetry import Telemetry
from exporter.web.metrics import _LARGE
from tests.exposition.conftest import Serve
from tests.exposition.pages import Family, homely_home, parse, wally_place
from tests.store.bench import Bench

SAMPLE = re.compile(r"(?P<name>[a-z_]+)(\{.*\})? (?P<value>[^ ]+)")
OPENMETRICS = "application/openmetrics-text"
PROMTOOL = shutil.which("promtool")


def busy(page: Exposition) -> Telemetry:
    """Return telemetry in which every metric has a series."""
    telemetry = Telemetry(page)
    meter = telemetry.meter("homely", "homely-1", lambda: Standing(9.5, 1.0, 2.0))
    meter.count("home", "success")
    meter.succeed(1.0)
    meter.refuse()
    meter.show(is_up=True)
    telemetry.request_duration.labels("homely", "home").observe(0.3)
    telemetry.stream_disconnects.labels("transport").inc()
    telemetry.count_event("device-state-changed", "applied")
    telemetry.event_lag.observe(0.2)
    telemetry.callbacks.labels("applied").inc()
    telemetry.unmapped_states.labels("homely").set(3)
    telemetry.rejected_values.labels("homely", "range").inc()
    telemetry.render_duration.observe(0.001)
    return telemetry


async def scrape(serve: Serve, page: Exposition, *, openmetrics: bool) -> str:
    client = await serve(page, busy(page))
    accept = OPENMETRICS if openmetrics else "text/plain"
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    return await (await client.get("/metrics", headers=headers)).text()


def full_page(vendor: str) -> Exposition:
    bench: Bench = homely_home() if vendor == "homely" else wally_place()
    return bench.page


#: In OpenMetrics their type must be unknown.
HOMONYMS = {metric.name for metric in RENDERED if metric.is_homonym}

WHOLE = [
    pytest.param(vendor, openmetrics, id=f"{vendor}-{'openmetrics' if openmetrics else 'text'}")
    for vendor in ("homely", "wally")
    for openmetrics in (False, True)
]


@pytest.mark.parametrize(("vendor", "openmetrics"), WHOLE)
class TestTheWholePage:
    async def test_it_is_read_by_prometheus_client(
        self, serve: Serve, vendor: str, *, openmetrics: bool
    ) -> None:
        page = await scrape(serve, full_page(vendor), openmetrics=openmetrics)
        families = parse(page, openmetrics=openmetrics)
        assert {"home_up", "home_events", "process_open_fds"} <= set(families)
        for family in families.values():
            assert family.samples
            assert family.help
            assert family.kind not in ("unknown", "untyped") or family.name in HOMONYMS

    async def test_its_families_are_in_one_piece(
        self, serve: Serve, vendor: str, *, openmetrics: bool
    ) -> None:
        page = await scrape(serve, full_page(vendor), openmetrics=openmetrics)
        current, seen = "", set[str]()
        for line in page.split("\n")[:-1]:
            if line.startswith("# HELP "):
                current = line.split(" ")[2]
                assert current not in seen
                seen.add(current)
            elif line.startswith(("# TYPE ", "# UNIT ")):
                assert line.split(" ")[2] == current
            elif line != "# EOF":
                assert line.startswith(current)

    async def test_its_samples_have_no_timestamp_no_nan_and_no_created(
        self, serve: Serve, vendor: str, *, openmetrics: bool
    ) -> None:
        page = await scrape(serve, full_page(vendor), openmetrics=openmetrics)
        lines = [line for line in page.split("\n")[:-1] if not line.startswith("#")]
        series = Counter(line.rpartition(" ")[0] for line in lines)
        assert max(series.values()) == 1
        for line in lines:
            match = SAMPLE.fullmatch(line)
            assert match is not None, line
            assert not match["name"].endswith("_created")
            assert re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?", match["value"]), line
            assert float(match["value"]) == float(match["value"])

    async def test_it_ends_as_its_format_does(
        self, serve: Serve, vendor: str, *, openmetrics: bool
    ) -> None:
        page = await scrape(serve, full_page(vendor), openmetrics=openmetrics)
        assert page.count("# EOF") == int(openmetrics)
        assert page.endswith("\n# EOF\n" if openmetrics else "\n")
        assert "\n\n" not in page
        assert "\r" not in page

    async def test_it_has_nothing_of_the_interpreter(
        self, serve: Serve, vendor: str, *, openmetrics: bool
    ) -> None:
        page = await scrape(serve, full_page(vendor), openmetrics=openmetrics)
        assert "python_gc" not in page
        assert "python_info" not in page
        assert "process_resident_memory_bytes" in page


def own_family(families: dict[str, Family], name: str, kind: Kind) -> Family:
    suffix = {Kind.COUNTER: "_total", Kind.INFO: "_info"}.get(kind, "")
    return families[name.removesuffix(suffix)]


async def test_every_own_metric_is_on_the_page_as_the_catalogue_declares_it(serve: Serve) -> None:
    families = parse(await scrape(serve, homely_home().page, openmetrics=True), openmetrics=True)
    for metric in OWN:
        family = own_family(families, metric.name, metric.kind)
        assert (family.kind, family.help) == (metric.kind.value, metric.documentation)
        own = [dict(labels) for name, labels, _ in family.samples if not name.endswith("_bucket")]
        assert own
        for labels in own:
            assert set(labels) == set(metric.label_names)


async def test_there_is_no_own_metric_beside_the_catalogue(serve: Serve) -> None:
    page = await scrape(serve, homely_home().page, openmetrics=True)
    known = {metric.family for metric in (*OWN, *RENDERED)}
    found = {name for name in parse(page, openmetrics=True) if not name.startswith("process_")}
    assert found <= known
    assert {m.family for m in OWN if m.scope is Scope.EXPORTER} <= found


async def test_a_page_without_any_home_is_valid(serve: Serve) -> None:
    for openmetrics in (False, True):
        page = await scrape(serve, Exposition(), openmetrics=openmetrics)
        families = parse(page, openmetrics=openmetrics)
        assert not any(name.startswith("home_up") for name in families)
        assert "home_exporter_shards" in families


async def test_the_page_tells_how_many_series_the_homes_have(serve: Serve) -> None:
    exposition = homely_home().page
    page = await scrape(serve, exposition, openmetrics=False)
    assert f"\nhome_exporter_series {exposition.series}.0\n" in page
    homes = exposition.render(openmetrics=False).decode().split("\n")[:-1]
    assert exposition.series == sum(not line.startswith("#") for line in homes)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize("vendor", ["homely", "wally"])
async def test_promtool_has_nothing_to_say_about_the_page(serve: Serve, vendor: str) -> None:
    page = await scrape(serve, full_page(vendor), openmetrics=False)
    process = await asyncio.create_subprocess_exec(
        str(PROMTOOL), "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    said = await process.communicate(page.encode())
    assert (process.returncode, *said) == (0, b"", b"")


async def test_a_large_page_is_sent_whole_and_its_size_told_first(serve: Serve) -> None:
    page = Exposition()
    for number in range(4000):
        base = ("homely", f"home-{number}", "Home")
        page.put(base[:2], base, [Sample(UP, (), 1.0)])
    client = await serve(page, Telemetry(page))
    plain = {"Accept-Encoding": "identity"}
    answer = await client.get("/metrics", headers=plain)
    body = await answer.read()
    assert answer.content_length == len(body) > _LARGE
    assert body.startswith(page.render(openmetrics=False))
    told = await client.head("/metrics", headers=plain)
    assert told.content_length is not None
    assert told.content_length > _LARGE
    assert await told.read() == b""
    assert (await client.get("/-/unknown")).status == 404, "the connection goes on"
