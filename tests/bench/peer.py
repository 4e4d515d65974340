"""prometheus_client serving given series: `python -m tests.bench.peer gauges|collector PAGE`.

The series are those of the exporter's own page, all as gauges, and it is told when some change.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, Gauge, disable_created_metrics, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_LINE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_HELP = re.compile(r"# HELP (?P<name>\S+) (?P<text>.*)")
CHANGING = "home_temperature_celsius"

Labels = tuple[str, ...]
Series = tuple[Labels, Labels, float]


class Page:
    """The series of a page by name, with their help; label names may differ within a name."""

    def __init__(self, text: str) -> None:
        self.helps: dict[str, str] = {}
        self.series: dict[str, list[Series]] = defaultdict(list)
        for line in text.splitlines():
            if found := _HELP.fullmatch(line):
                self.helps[found["name"]] = found["text"]
            elif found := _LINE.fullmatch(line):
                pairs = _PAIR.findall(found["labels"] or "")
                names = tuple(name for name, _ in pairs)
                values = tuple(_ESCAPE.sub(_unescaped, text) for _, text in pairs)
                self.series[found["name"]].append((names, values, float(found["value"])))

    def changing(self) -> list[Labels]:
        """Return one series of each home: that which changes."""
        return list({values[1]: values for _, values, _ in self.series[CHANGING]}.values())


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]


class Serving(Protocol):
    """A way to serve the series."""

    def set(self, labels: Labels, value: float) -> None:
        """Take another value of a series of the name that changes."""
        ...


class Gauges:
    """Gauges of prometheus_client, as most exporters have them."""

    def __init__(self, page: Page, registry: CollectorRegistry) -> None:
        self._made: dict[str, Gauge] = {}
        for name, series in page.series.items():
            gauge = Gauge(name, page.helps.get(name, ""), series[0][0], registry=registry)
            for names, values, value in series:
                (gauge.labels(*values) if names else gauge).set(value)
            self._made[name] = gauge

    def set(self, labels: Labels, value: float) -> None:
        """Look the child up and set it."""
        self._made[CHANGING].labels(*labels).set(value)


class Custom(Collector):
    """A custom collector of prometheus_client, which makes all samples anew at each scrape."""

    def __init__(self, page: Page, registry: CollectorRegistry) -> None:
        self._helps: Mapping[str, str] = page.helps
        self._held = {
            name: (series[0][0], {values: value for _, values, value in series})
            for name, series in page.series.items()
        }
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """Say nothing beforehand."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return every family."""
        for name, (names, samples) in self._held.items():
            family = GaugeMetricFamily(name, self._helps.get(name, ""), labels=names)
            for values, value in samples.items():
                family.add_metric(values, value)
            yield family

    def set(self, labels: Labels, value: float) -> None:
        """Hold another value."""
        self._held[CHANGING][1][labels] = value


def main(kind: str, page: Page) -> None:
    """Serve until standard input ends."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # unannotated upstream
    registry = CollectorRegistry()
    made: Serving = Gauges(page, registry) if kind == "gauges" else Custom(page, registry)
    server, _ = start_http_server(0, "127.0.0.1", registry)
    changing, value = page.changing(), 0.0
    print(json.dumps({"port": server.server_port}), flush=True)
    for line in sys.stdin:
        homes = json.loads(line)["homes"]
        for labels in changing[:homes]:
            value += 0.001
            made.set(labels, round(value, 3))
        print(json.dumps({"value": value}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Page(Path(sys.argv[2]).read_text()))
