"""What was promised of the numbers, and whether they keep it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench.fleet import EXPORTER
from tests.bench.scrape import AS_PROMETHEUS, GAUGES, GOLANG

Parts = dict[str, Any]

_HTTP = (
    "to send the same bytes through aiohttp is a third of it, which the table has beside it, and to"
    " ask the kernel about the process a tenth"
)
_PACKING = "gzip packs each page that differs"
_EVENTS = (
    "Engine.IO, Socket.IO and the tasks that asyncio makes for each message are more than half of"
    " an event"
)
_BUSY = "with the simulated cloud beside it both cores were busy, or a slice of work held the loop"
_MEMORY = (
    "each home has a login of its own here, the dearest case: session, gate and socket are more"
    " than half of what a home takes"
)


@dataclass(frozen=True, slots=True)
class Goal:
    """One promise: what is measured, its limit, and why it may be missed."""

    what: str
    limit: float
    show: Callable[[float], str]
    measured: float | None
    why: str

    @property
    def outcome(self) -> str:
        """Say whether it is kept."""
        if self.measured is None:
            return "not measured in this run"
        if self.measured <= self.limit:
            return "met"
        return f"**not met**, {self.measured / self.limit:.2f} times the limit: {self.why}"


def goals(parts: Parts) -> list[Goal]:
    """Return every goal with what the parts say of it."""
    return [*_scrape(parts), *_latency(parts), *_footprint(parts)]


def size_of(parts: Parts, homes: int) -> Any:
    """Return what was measured of scrapes at a number of homes, if it was."""
    found = (size for size in parts.get("scrape", {}).get("sizes", ()) if size["homes"] == homes)
    return next(found, None)


def cpu(size: Any, form: str, percent: int, target: str) -> float | None:
    """Return the CPU seconds of a scrape, None where it was not measured."""
    for cell in size["cells"] if size else ():
        if (cell["form"], cell["percent"], cell["target"]) == (form, percent, target):
            return float(cell["cpu"])
    return None


def _ratio(size: Any, form: str, peer: str) -> float | None:
    ours, theirs = cpu(size, form, 100, EXPORTER), cpu(size, form, 100, peer)
    return ours / theirs if ours is not None and theirs else None


def _scrape(parts: Parts) -> Iterator[Goal]:
    large, small = size_of(parts, 100), size_of(parts, 1)
    rows = (
        ("text", GAUGES, 1 / 25, large, _HTTP),
        ("text", GOLANG, 0.15, large, _HTTP),
        (AS_PROMETHEUS, GAUGES, 1 / 8, large, _PACKING),
        (AS_PROMETHEUS, GOLANG, 0.45, large, _PACKING),
        ("text", GOLANG, 1.0, small, _HTTP),
        (AS_PROMETHEUS, GOLANG, 1.0, small, _HTTP),
    )
    for form, peer, limit, size, why in rows:
        homes = "100 homes" if size is large else "one home"
        what = f"CPU of a scrape, {homes}, all changed, {form}, to that of {peer}"
        yield Goal(what, limit, "{:.3f}".format, _ratio(size, form, peer), why)


def _latency(parts: Parts) -> Iterator[Goal]:
    def row(homes: int) -> Any:
        rows = parts.get("latency", {}).get("rows", ())
        return next((one for one in rows if (one["name"], one["homes"]) == (EXPORTER, homes)), {})

    def moment(homes: int, which: str, part: str) -> float | None:
        found: float | None = row(homes).get(which, {}).get(part)
        return found

    def used(homes: int, which: str) -> float | None:
        found: float | None = row(homes).get(which, {}).get(EXPORTER)
        return found

    yield Goal("event to visible, one home, p50", 0.003, ms, moment(1, "in_page", "p50"), _BUSY)
    yield Goal("event to visible, 100 homes, p50", 0.010, ms, moment(100, "in_page", "p50"), _BUSY)
    fleet = "2,000 homes with an event a second each"
    yield Goal(f"{fleet}, p99", 0.050, ms, moment(2000, "unscraped", "p99"), _BUSY)
    during = f"{fleet}, p99 while a scrape renders"
    yield Goal(during, 0.100, ms, moment(2000, "scraped", "p99"), _BUSY)
    yield Goal(f"{fleet}, of a core", 0.45, percent, used(2000, "cores"), _EVENTS)
    yield Goal(f"{fleet}, memory at most", 300, mib, used(2000, "mebibytes"), _MEMORY)


def _footprint(parts: Parts) -> Iterator[Goal]:
    found = parts.get("footprint", {})
    imports = "imports are most of it"
    yield Goal("one home, memory", 70, mib, found.get("mebibytes"), imports)
    start = "one home, start to the first answer on /metrics"
    yield Goal(start, 1.0, seconds, found.get("first_answer"), imports)
    yield Goal("one home, idle, of a core", 0.005, percent, found.get("idle"), "regular looks")


def ms(value: float) -> str:
    """Write seconds as milliseconds."""
    return f"{1000 * value:,.2f} ms" if value < 0.1 else f"{1000 * value:,.0f} ms"


def us(value: float) -> str:
    """Write seconds as microseconds."""
    return f"{1e6 * value:,.1f} µs"


def seconds(value: float) -> str:
    """Write seconds."""
    return f"{value:.2f} s"


def mib(value: float) -> str:
    """Write mebibytes."""
    return f"{value:,.0f} MiB"


def percent(value: float) -> str:
    """Write a part of one as percent."""
    return f"{100 * value:.2f} %" if value < 0.1 else f"{100 * value:.0f} %"
