"""The benchmarks and their report: `python -m tests.bench [PART ...]`, as `make bench`.

Each part leaves what it measured in a folder; docs/performance.md and its chart are made of what
is there. Without parts, those that are not there yet are measured.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import alert, footprint, growth, latency, machine, scrape
from tests.bench.child import ROOT
from tests.bench.latency import Stage
from tests.bench.report import CHART, chart, report


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    scrape_seconds: dict[int, float]
    stages: tuple[Stage, ...]
    starts: int
    idle: float
    growth: tuple[int, ...]
    event_seconds: float
    leaks: int


PLANS = {
    "full": Plan(
        scrape_seconds={1: 12.0, 100: 45.0, 2000: 60.0},
        stages=(Stage(1, 600, 0.025, 100), Stage(100, 20, 1.0, 40), Stage(2000, 40, 1.0, 0)),
        starts=5,
        idle=20.0,
        growth=(1, 10, 100, 1000, 2000, 4000),
        event_seconds=4.0,
        leaks=6,
    ),
    "short": Plan(
        scrape_seconds={1: 0.0},
        stages=(Stage(1, 10, 0.02, 2),),
        starts=1,
        idle=0.1,
        growth=(1,),
        event_seconds=0.1,
        leaks=1,
    ),
}


def measures(plan: Plan, mqtt_python: Path) -> dict[str, Callable[[Path], Awaitable[Any]]]:
    """Return the parts by name, in the order in which they are measured."""
    return {
        "footprint": lambda folder: footprint.measure(plan.starts, plan.idle, folder),
        "scrape": lambda folder: scrape.measure(plan.scrape_seconds, folder),
        "latency": lambda folder: latency.measure(plan.stages, folder, mqtt_python),
        "growth": lambda folder: growth.measure(plan.growth, plan.event_seconds, folder),
        "alert": lambda folder: alert.measure(plan.leaks, folder),
    }


async def run(plan: Plan, asked: Sequence[str], results: Path, mqtt_python: Path) -> None:
    """Measure parts, those that are missing where none is asked for."""
    parts = measures(plan, mqtt_python)
    wanted = asked or [name for name in parts if not (results / f"{name}.json").exists()]
    results.mkdir(parents=True, exist_ok=True)
    (results / "machine.json").write_text(json.dumps(machine.describe(mqtt_python)))
    for name in wanted:
        began = time.monotonic()
        print(f"{name} ...", flush=True)
        with tempfile.TemporaryDirectory(prefix="home-exporter-bench-") as folder:
            found = await parts[name](Path(folder))
        (results / f"{name}.json").write_text(json.dumps(found))
        print(f"{name}: measured in {time.monotonic() - began:.0f} s", flush=True)


def write(results: Path, docs: Path) -> None:
    """Make the report of the parts that are there, and the chart where it can be made."""
    parts = {path.stem: json.loads(path.read_text()) for path in results.glob("*.json")}
    (docs / "performance.md").write_text(report(parts))
    if "growth" in parts:
        (docs / CHART).write_text(chart(parts))


def main(arguments: Sequence[str]) -> int:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    names = measures(PLANS["short"], Path())
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(names))
    parser.add_argument("--results", type=Path, help="where the parts are kept; else nowhere")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the report goes")
    parser.add_argument("--plan", choices=PLANS, default="full", help="how much is measured")
    parser.add_argument(
        "--mqtt-python",
        type=Path,
        default=ROOT / ".venv-mqtt" / "bin" / "python",
        help="a Python that has the dependency group `bench`",
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(names):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="home-exporter-bench-") as folder:
        results = options.results or Path(folder)
        asyncio.run(run(PLANS[options.plan], options.parts, results, options.mqtt_python))
        write(results, options.docs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
