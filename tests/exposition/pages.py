"""Pages to look at: the homes' part, the whole page as a scrape gets it, and the parsers."""

from collections.abc import Iterable
from typing import NamedTuple

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics_text,
)
from prometheus_client.parser import text_string_to_metric_families as parse_plain_text

from tests.mapping.full import full_home, full_places, full_sensors
from tests.store.bench import Bench, HomelyBench, WallyBench

END = "# EOF\n"


class Family(NamedTuple):
    """One metric family as a parser reads it."""

    name: str
    kind: str
    unit: str
    help: str
    samples: frozenset[tuple[str, frozenset[tuple[str, str]], float]]


def parse(page: str, *, openmetrics: bool) -> dict[str, Family]:
    """Return the families of a page by name; the parsers raise ValueError for a bad one."""
    if openmetrics:
        families: Iterable[Metric] = parse_openmetrics_text(page)  # type: ignore[no-untyped-call]  # unannotated upstream
    else:
        families = parse_plain_text(page)
    found: dict[str, Family] = {}
    for one in families:
        samples = [(s.name, frozenset(s.labels.items()), float(s.value)) for s in one.samples]
        assert len(samples) == len(set(samples)), f"{one.name} has a series twice"
        # The plain parser itself takes _total away, so a counter may meet the name of a gauge.
        key = one.name if openmetrics or one.name not in found else f"{one.name} {one.type}"
        assert key not in found, f"two families are called {key}"
        found[key] = Family(one.name, one.type, one.unit, one.documentation, frozenset(samples))
    return found


def homely_home() -> HomelyBench:
    """Return a full Homely home after a poll and a few events."""
    bench = HomelyBench()
    bench.poll(*full_home()["devices"])
    bench.store.set_stream(bench.key, connected=True)
    bench.store.set_next_poll(bench.key, bench.now + 1200)
    bench.clock.advance(30)
    bench.change("alarm.alarm", False, bench.now - 1, "dev-motion")
    bench.change("alarm.alarm", True, bench.now - 0.5, "dev-window")
    bench.change("lock.state", False, bench.now - 0.25, "dev-lock")
    bench.alarm("ARM_PENDING")
    bench.alarm("ARMED_AWAY")
    return bench


def wally_place() -> WallyBench:
    """Return a full Wally place after two polls, the second with alerts of the vendor."""
    bench = WallyBench()
    expected = len(full_places()[0]["sensorIds"])
    bench.poll(*full_sensors(activities=False), suspended=False, expected_devices=expected)
    bench.clock.advance(60)
    bench.poll(*full_sensors(activities=True), suspended=False, expected_devices=expected)
    bench.store.set_next_poll(bench.key, bench.now + 60)
    return bench


def homes_page(bench: Bench, *, openmetrics: bool) -> str:
    """Return the homes' part as a page of its own."""
    return bench.text(openmetrics=openmetrics) + (END if openmetrics else "")
