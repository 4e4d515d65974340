"""Write docs/scale.md: one shard measured at two sizes, times what is written beside it.

Usage: python -m tests.fleet.scale [HOMES HOMES SECONDS]
"""

import asyncio
import math
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from string import Template

from exporter.sources.homely.config import HomelyConfig
from exporter.sources.wally.config import WallyConfig
from scripts.generated import ROOT, settle
from scripts.stack import missing
from tests.fleet.measure import BINARIES, DEVICES, REPORT_EVERY, SCRAPE_EVERY, Figures, Shard

FLEET = 100_000
#: What one exporter holds; docs/performance.md has it at work.
MOST_HOMES = 2_000
_RULES_EVERY = 3.0
_DAY = 86_400
_MIB, _KIB, _GIB = 2**20, 2**10, 2**30
TEMPLATE = Path(__file__).with_name("scale.template.md")

Row = tuple[str, Callable[[Figures], float], float, str]

#: Title, what is read, what it is divided by, and its unit.
_ROWS: tuple[Row, ...] = (
    ("series", lambda f: f.series, 1, ""),
    ("page, as text", lambda f: f.page, _KIB, " KiB"),
    ("page, as Prometheus asks for it (gzip)", lambda f: f.page_packed, _KIB, " KiB"),
    ("sockets", lambda f: f.sockets, 1, ""),
    ("calls until all is known", lambda f: f.calls_to_start, 1, ""),
    ("exporter: memory", lambda f: f.exporter.memory, _MIB, " MiB"),
    ("exporter: CPU", lambda f: f.exporter.cpu, 0.01, " % of a core"),
    ("Prometheus: memory", lambda f: f.prometheus.memory, _MIB, " MiB"),
    ("Prometheus: CPU", lambda f: f.prometheus.cpu, 0.01, " % of a core"),
    ("the quickest evaluation of `home-held`", lambda f: f.held_seconds, 0.001, " ms"),
    ("samples a second", lambda f: f.samples_per_second, 1, ""),
)


class Line:
    """A straight line through the two sizes: what each home more costs, and what none does."""

    def __init__(self, small: Figures, large: Figures, read: Callable[[Figures], float]) -> None:
        grown = read(large) - read(small)
        self.each = max(grown / (large.homes - small.homes), 0.0)
        self.besides = max(read(large) - self.each * large.homes, 0.0)

    def at(self, homes: float) -> float:
        """Return the figure at so many homes."""
        return self.besides + self.each * homes


def number(value: float) -> str:
    """Return a number with three digits that count."""
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(digits, 0)}f}"


def _measured(small: Figures, large: Figures) -> str:
    rows = []
    for title, read, unit, name in _ROWS:
        line = Line(small, large, read)
        values = (read(small), read(large), line.each, line.besides)
        rows.append(f"| {title} | {' | '.join(number(v / unit) + name for v in values)} |")
    same: tuple[tuple[str, Callable[[Figures], float]], ...] = (
        ("bytes of a sample on the wire to the store", lambda f: f.sent_per_sample),
        ("bytes of a sample on disk", lambda f: f.stored_per_sample),
    )
    rows += [f"| {t} | {number(r(small))} | {number(r(large))} | | |" for t, r in same]
    return "\n".join(rows)


class Fleet:
    """The arithmetic: each figure of a fleet with the measurement and the factor it came from."""

    def __init__(self, small: Figures, large: Figures) -> None:
        self._small, self._large = small, large
        self.held = self._line(lambda f: f.held_seconds)
        # Half of their time for a machine that is busy; and never more than was ever measured.
        room = max(_RULES_EVERY / 2 - self.held.besides, 0.0)
        self.rules_homes = self._rounded(min(room / max(self.held.each, 1e-9), MOST_HOMES))
        self.per_shard = min(MOST_HOMES // 2, self.rules_homes)
        self.shards = math.ceil(FLEET / self.per_shard)

    def _line(self, read: Callable[[Figures], float]) -> Line:
        return Line(self._small, self._large, read)

    @staticmethod
    def _rounded(homes: float) -> int:
        """Return two digits of a number that promises no more."""
        step = 10 ** max(math.floor(math.log10(max(homes, 1))) - 1, 0)
        return max(int(homes // step * step), 1)

    def calls(self) -> float:
        """Return the calls a second by the default intervals, each with a token of its own."""
        fields = HomelyConfig.model_fields
        poll, listing = (fields[name].default for name in ("poll_interval", "locations_refresh"))
        return float(2 * (1 / poll + 1 / listing))

    def rows(self) -> str:
        """Return the table."""
        series, samples = self._line(lambda f: f.series), self._line(lambda f: f.samples_per_second)
        memory = self._line(lambda f: f.exporter.memory)
        cpu = self._line(lambda f: f.exporter.cpu)
        watching = self._line(lambda f: f.prometheus.memory)
        packed = self._line(lambda f: f.page_packed)
        rate = samples.each * FLEET
        poll = WallyConfig.model_fields["poll_interval"].default
        wally = 2 / poll  # the places, and the sensors of each
        sent, stored = self._large.sent_per_sample, self._large.stored_per_sample
        homes, shards = f"{FLEET:,} homes", f"{self.shards} shards"
        shard = f"a shard of {self.per_shard:,}"
        table = (
            ("shards", f"{self.per_shard:,} homes each", homes, f"{self.shards}"),
            ("sockets", "1 a home", homes, f"{FLEET:,}, {self.per_shard:,} a shard"),
            ("series", f"{number(series.each)} a home", homes, f"{number(series.at(FLEET))}"),
            (
                f"samples a second, scraped every {SCRAPE_EVERY} s",
                f"{number(samples.each)} a home, those of the rules among them",
                homes,
                f"{number(rate)}",
            ),
            (
                "scraped, compressed",
                f"{number(packed.each / _KIB)} KiB a home and scrape",
                f"{homes} / {SCRAPE_EVERY} s",
                f"{number(packed.each * FLEET / SCRAPE_EVERY / _MIB)} MiB/s",
            ),
            (
                "sent to the store",
                f"{number(sent)} bytes a sample",
                f"{number(rate)} samples/s",
                f"{number(sent * rate / _MIB)} MiB/s",
            ),
            (
                "on disk, one copy",
                f"{number(stored)} bytes a sample",
                f"{number(rate)} samples/s x {_DAY:,} s",
                f"{number(stored * rate * _DAY / _GIB)} GiB a day at most",
            ),
            (
                "exporters: memory",
                f"{number(memory.at(self.per_shard) / _MIB)} MiB {shard}",
                shards,
                f"{number(memory.at(self.per_shard) * self.shards / _GIB)} GiB",
            ),
            (
                "exporters: CPU",
                f"{number(cpu.at(self.per_shard))} cores {shard}",
                shards,
                f"{number(cpu.at(self.per_shard) * self.shards)} cores",
            ),
            (
                "Prometheis: memory",
                f"{number(watching.at(self.per_shard) / _MIB)} MiB {shard}, in its first minute",
                f"{shards} x 2, assumed, for the hours it keeps in memory",
                f"{number(2 * watching.at(self.per_shard) * self.shards / _GIB)} GiB",
            ),
            (
                "calls to Homely a second",
                f"{number(self.calls() * 3600)} an hour and home, by the default intervals",
                homes,
                f"{number(self.calls() * FLEET)}",
            ),
            (
                "calls to WallyHome a second, were all homes its own, an account each",
                f"{number(wally * 3600)} an hour and home, by the default intervals",
                homes,
                f"{number(wally * FLEET)}",
            ),
            (
                "calls to start all at once, without any state",
                f"{number(self._large.calls_to_start / self._large.homes)} a home",
                homes,
                f"{number(self._large.calls_to_start / self._large.homes * FLEET)}",
            ),
        )
        return "\n".join(f"| {' | '.join(row)} |" for row in table)

    def words(self, seconds: float) -> dict[str, object]:
        """Return what the template asks for."""
        more = math.ceil(self.shards * 1.25)
        cpu, memory = self._line(lambda f: f.exporter.cpu), self._line(lambda f: f.exporter.memory)
        watching_cpu = self._line(lambda f: f.prometheus.cpu)
        watching = self._line(lambda f: f.prometheus.memory)
        return {
            "machine": _machine(),
            "small": self._small.homes,
            "large": self._large.homes,
            "measured": _measured(self._small, self._large),
            "devices": DEVICES,
            "report": REPORT_EVERY,
            "scrape": SCRAPE_EVERY,
            "seconds": f"{seconds:.0f}",
            "fleet": self.rows(),
            "homes": f"{FLEET:,}",
            "per_shard": f"{self.per_shard:,}",
            "held_ms": number(1000 * self.held.each / 0.001),
            "held_all": number(self.held.at(FLEET)),
            "room": f"{100 * self.held.at(self.per_shard) / (_RULES_EVERY / 2):.0f} %",
            "most": f"{MOST_HOMES:,}",
            "one_core": f"{self._rounded(0.5 / (cpu.each + watching_cpu.each)):,}",
            "cpu_most": f"{number(100 * cpu.at(MOST_HOMES))} %",
            "memory_most": f"{number(memory.at(MOST_HOMES) / _MIB)} MiB",
            "watching_cpu": f"{number(100 * watching_cpu.at(MOST_HOMES))} %",
            "watching_memory": f"{number(watching.at(MOST_HOMES) / _MIB)} MiB",
            "calls": number(self.calls() * FLEET),
            "shards_now": self.shards,
            "shards_more": more,
            "moved": f"{100 * (1 - self.shards / more):.0f} % of them",
        }


def _machine() -> str:
    cpu = next(
        (line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        f": {platform.machine()}",
    )
    load, cores = os.getloadavg()[0], os.cpu_count()
    return (
        f"Measured on{cpu.partition(':')[2]}, {cores} cores, Python {platform.python_version()},"
        f" with a load of {load:.1f} before it began:\n\n```sh long\nmake scale\n```"
    )


async def main(small: int, large: int, seconds: float) -> int:
    """Measure both sizes and write the page."""
    if absent := missing(BINARIES):
        print(f"not measured, not installed: {', '.join(absent)} (Debian has packages so called)")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        figures = [
            await Shard(Path(folder, str(homes)), homes).measure(seconds)
            for homes in (small, large)
        ]
    text = Template(TEMPLATE.read_text()).substitute(Fleet(*figures).words(seconds))
    return settle({ROOT / "docs/scale.md": text})


if __name__ == "__main__":
    sizes = [int(one) for one in sys.argv[1:]] or [100, 400, 45]
    sys.exit(asyncio.run(main(*sizes)))
