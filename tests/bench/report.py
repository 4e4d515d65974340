"""docs/performance.md and its chart, from what the parts have measured."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.bench.chart import Panel, draw
from tests.bench.fleet import EXPORTER
from tests.bench.goals import Parts, cpu, goals, mib, ms, percent, seconds, us
from tests.bench.scrape import COLLECTOR, FORMS, GAUGES, GOLANG, PERCENTS, SENT

CHART = "performance.svg"
_TARGETS = (EXPORTER, GAUGES, COLLECTOR, GOLANG, SENT)
_HEAD = """\
# What it costs

`make bench` wrote this page on the machine below; run it to have your own numbers. Exporter,
simulated cloud, peers and scrapers are processes of their own on loopback, and the exporter is
measured from outside, as `home-exporter` is run. Each home has a login of its own, which is the
dearest way to have many. CPU is that of a process with all its threads, by
the kernel's clock of it; nothing is subtracted. The numbers are medians where nothing else is said.
"""
_PARTS = """\
```sh long
make bench                              # all of it, a quarter of an hour on two cores
python -m tests.bench --results=DIR scrape latency footprint growth alert
python -m tests.bench --results=DIR     # the parts that DIR does not have yet, and this page
```
"""
_SCRAPE = """\
## A scrape

CPU of the process that is scraped, over HTTP on a connection that is kept. A change is one reading
of a home, pushed between two scrapes. The peers serve the series of the exporter's own page, its
own metrics too, all as gauges; {peers}. *The same bytes, only sent* is aiohttp with a page that was
made beforehand: the least that serving it can cost in this process. Everybody is scraped in turn.
"""
_LATENCY = """\
## From event to visible

From the moment at which the cloud gives an event to the socket. *In the page*: when a scrape that
begins would show it; noted inside the exporter, on every event, as the store's `push` returns (of
mqtt-exporter, as its `expose_metrics` does). *In hand*: when a scraper of plain text, asking a
millisecond after the event and again until it is there, has it; that takes a whole scrape, so with
2,000 homes the scrape would be the load, and it is left out. Two scrapers ask as Prometheus does,
every 15 s each. *While scraped* are the events under way while a scrape was. The bridge is
`tests/bench/mqtt/bridge.py` (python-socketio to paho-mqtt) with mosquitto and mqtt-exporter: CPU
and memory are the sum of the three.
"""
_UNMEASURED = """\
## What is not measured

- The internet and the vendors' clouds: the simulated one answers at once, on this machine.
- TLS, to the clouds and of `/metrics`.
- Polls amid events: each home is polled every 20 minutes, which is no part of the minutes here.
- WallyHome, which pushes a few callbacks a day.
- mqtt-exporter has fewer series of a home than the exporter: what the messages hold, no counters of
  events, no ids and names as labels, nothing that goes when it is old.
- A Raspberry Pi. Ratios carry over better than times do.
"""


def report(parts: Parts) -> str:
    """Return the page; a part that was not measured is said to be so."""
    sections = [_HEAD, _machine(parts), _PARTS, _goals(parts)]
    writers: tuple[tuple[str, Callable[[Any], str]], ...] = (
        ("scrape", _scrape),
        ("latency", _latency),
        ("footprint", _footprint),
        ("growth", _growth),
        ("alert", _alert),
    )
    for name, write in writers:
        sections.append(write(parts[name]) if name in parts else f"*{name}: not measured.*\n")
    return "\n".join([*sections, _UNMEASURED])


def chart(parts: Parts) -> str:
    """Return the chart of what grows with homes."""
    sizes = parts["growth"]["sizes"]

    def points(key: str, scale: float) -> list[tuple[float, float]]:
        return [(size["homes"], scale * size[key]) for size in sizes]

    panels = [
        Panel("Memory", "MiB", points("mebibytes", 1)),
        Panel("CPU of a scrape as Prometheus asks, all changed", "ms", points("scrape", 1000)),
        Panel("CPU of an event", "µs", points("event", 1e6)),
        Panel("Start until all homes are connected", "s", points("connected", 1)),
    ]
    return draw(panels, "How the exporter grows with the number of homes")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _machine(parts: Parts) -> str:
    return _table(("", ""), parts["machine"].items())


def _goals(parts: Parts) -> str:
    rows = [
        (
            goal.what,
            goal.show(goal.limit),
            "" if goal.measured is None else goal.show(goal.measured),
            goal.outcome,
        )
        for goal in goals(parts)
    ]
    return "## Goals\n\n" + _table(("", "goal", "measured", ""), rows)


def _scrape(part: Any) -> str:
    skipped = part["skipped"]
    peers = (
        "Go was not installed, so client_golang was skipped"
        if skipped
        else ("client_golang compresses as promhttp does")
    )
    return "\n".join([_SCRAPE.format(peers=peers), *map(_size, part["sizes"])])


def _size(size: Any) -> str:
    present = [name for name in _TARGETS if name in size["bytes"]["text"]]
    rows = []
    for form in FORMS:
        for changed in PERCENTS:
            if (ours := cpu(size, form, changed, EXPORTER)) is None:
                continue
            cells = [_cell(size, form, changed, name, ours) for name in present]
            rows.append([form, f"{changed} %", *cells])
    changes = ", ".join(f"{name} {us(size['change'][name])}" for name in present if name != SENT)
    pages = ", ".join(f"{form} {size['bytes'][form][EXPORTER]:,}" for form in FORMS)
    return "\n".join(
        [
            f"### {size['homes']:,} homes, {size['series']:,} series".replace("1 homes", "1 home"),
            "",
            _table(("form", "changed", *present), rows),
            "The range is that of all scrapes, `n` is how many; in brackets, the exporter's part",
            f"of it. To take one change, where all homes have one: {changes}. Bytes of the page:",
            f"{pages}.",
            "",
        ]
    )


def _cell(size: Any, form: str, changed: int, name: str, ours: float) -> str:
    cell = next(
        one
        for one in size["cells"]
        if (one["form"], one["percent"], one["target"]) == (form, changed, name)
    )
    spread = f"{1000 * cell['low']:.3g} to {1000 * cell['high']:.3g}, n={cell['scrapes']}"
    part = "" if name == EXPORTER else f" [{ours / cell['cpu']:.3f}]"
    return f"{ms(cell['cpu'])}{part} ({spread})"


def _latency(part: Any) -> str:
    said = [_LATENCY]
    if part["skipped"]:
        said.append(f"The bridge was skipped, not installed: {', '.join(part['skipped'])}.\n")
    head = ("homes", "", "events a second", "in the page p50", "p99", "worst")
    more = ("p99 while scraped", "in hand p50", "p99", "of a core", "memory at most", "lost")
    rows = [_latency_row(row) for row in part["rows"]]
    scrapes = ", ".join(
        f"{row['name']} with {row['homes']:,} homes {ms(row['scrape'])} ({row['scrapes']})"
        for row in part["rows"]
    )
    late = max((row["late"] for row in part["rows"]), default=0.0)
    return "\n".join(
        [
            *said,
            _table((*head, *more), rows),
            f"A scrape meanwhile took, from asking to the last byte: {scrapes}. The cloud was at",
            f"most {ms(late)} late with an event; that is no part of the times.",
            "",
        ]
    )


def _latency_row(row: Any) -> list[str]:
    def moment(which: str, part: str) -> str:
        return ms(row[which][part]) if row[which] else "-"

    return [
        f"{row['homes']:,}",
        row["name"],
        f"{row['per_second']:,.0f}",
        moment("in_page", "p50"),
        moment("in_page", "p99"),
        moment("in_page", "max"),
        moment("scraped", "p99"),
        moment("in_hand", "p50"),
        moment("in_hand", "p99"),
        percent(sum(row["cores"].values())),
        mib(sum(row["mebibytes"].values())),
        f"{row['lost']:,}",
    ]


def _footprint(part: Any) -> str:
    rows = [
        ("start to the first answer on /metrics", seconds(part["first_answer"])),
        ("start to connected and polled", seconds(part["connected"])),
        ("CPU of that", seconds(part["cpu"])),
        ("memory then", mib(part["mebibytes"])),
        (f"idle for {part['idle_seconds']:g} s, of a core", percent(part["idle"])),
        ("imports, Python's own start left out", seconds(part["imports"] - part["python"])),
        ("Python's own start", seconds(part["python"])),
    ]
    title = f"## One home\n\nOver {part['runs']} starts; of the imports the best.\n"
    return "\n".join([title, _table(("", ""), rows)])


def _growth(part: Any) -> str:
    sizes = part["sizes"]
    head = ("homes", "memory at start", "after scrapes", "at most", "start to all connected")
    more = ("CPU of the start", "CPU of an event", "CPU of a scrape")
    rows = [
        (
            f"{size['homes']:,}",
            mib(size["mebibytes_at_start"]),
            mib(size["mebibytes"]),
            mib(size["most_mebibytes"]),
            seconds(size["connected"]),
            seconds(size["start_cpu"]),
            us(size["event"]),
            ms(size["scrape"]),
        )
        for size in sizes
    ]
    first, last = sizes[0], sizes[-1]
    each = ""
    if last is not first:
        grown = 1024 * (last["mebibytes"] - first["mebibytes"]) / (last["homes"] - first["homes"])
        each = f" A home takes {grown:,.0f} KiB, its page in the form that was asked for included."
    return "\n".join(
        [
            "## With more homes",
            "",
            "Events come once a second from each home, 100 a second at least; the CPU of an event",
            "holds all that the process did meanwhile. A scrape is as Prometheus asks, after a",
            f"change in every home. Connects are spread: 100 a second.{each}",
            "",
            f"![How it grows]({CHART})",
            "",
            _table((*head, *more), rows),
        ]
    )


def _alert(part: Any) -> str:
    title = "## From a leak to the phone\n\n"
    if part["skipped"]:
        return f"{title}Skipped, not installed: {', '.join(part['skipped'])}.\n"
    took = part["seconds"]
    return (
        f"{title}Simulator, exporter, Prometheus, Alertmanager and a receiver, with the"
        f" configuration as shipped:\n{statistics.median(took):.1f} s over {len(took)} leaks,"
        f" {max(took):.1f} s at worst.\n"
    )
