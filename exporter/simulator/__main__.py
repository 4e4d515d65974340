"""Run the simulator alone: `python -m exporter.simulator`."""

import argparse
import asyncio
import gc
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from exporter.clock import SystemClock
from exporter.simulator.recorded import Recorded
from exporter.simulator.scenarios import SCENARIOS, Step
from exporter.simulator.server import Simulator
from exporter.simulator.worlds import demo_world, fleet_world


def fleet(text: str) -> tuple[int, int]:
    """Read `LOGINSxHOMES`."""
    try:
        logins, homes = (int(part) for part in text.split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected LOGINSxHOMES, as in 10x2") from None
    if min(logins, homes) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: both numbers must be at least 1")
    return logins, homes


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m exporter.simulator", description="Run both clouds on loopback."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port of the Homely cloud")
    parser.add_argument("--wally-port", type=int, default=0, help="port of the WallyHome cloud")
    parser.add_argument("--control-port", type=int, default=0, help="port of the control interface")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same world")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="calm")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the day goes by")
    parser.add_argument("--token-life", type=float, default=60, help="seconds a token is valid")
    parser.add_argument("--fleet", type=fleet, metavar="LOGINSxHOMES", help="many homes instead")
    parser.add_argument("--dump", type=Path, metavar="FILE", help="answer as a dump says instead")
    parser.add_argument("--tick", type=float, default=1.0, help="seconds between two looks")
    parser.add_argument(
        "--report-every", type=float, default=300, help="seconds between a fleet device's reports"
    )
    return parser.parse_args(argv)


def describe(simulator: Simulator, out: TextIO) -> None:
    """Print where the clouds listen, who may enter, and what will happen."""
    lines = [
        f"Homely   {simulator.homely_url}",
        f"Wally    {simulator.wally_url}",
        f"Control  {simulator.control_url}/control/world",
        *(f"Homely login  {user}  password {word}" for user, word in simulator.homely_logins),
        *(f"Wally token   {token}" for token in simulator.wally_tokens),
        f"Scenario {simulator.scenario.name}: {simulator.scenario.summary}",
        *(f"  at {step.at:5.0f} s  {step.sentence}" for step in simulator.scenario.steps),
    ]
    print(*lines, sep="\n", file=out, flush=True)


async def run(options: argparse.Namespace, out: TextIO) -> None:
    """Run until the process is told to end."""
    world = demo_world(options.seed)
    if options.fleet:
        logins, homes = options.fleet
        world = fleet_world(logins, homes, seed=options.seed, report_every=options.report_every)
        _allow_many_sockets()
    knobs = {"scenario": options.scenario, "tick": options.tick, "token_life": options.token_life}
    if options.dump:
        simulator = await Recorded.read(options.dump).simulator(SystemClock(), **knobs)
    else:
        simulator = Simulator(
            clock=SystemClock(), seed=options.seed, world=world, speed=options.speed, **knobs
        )
    simulator.on_step = lambda step: _tell(step, out)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await simulator.start(options.host, options.port, options.wally_port, options.control_port)
    # A large fleet is held for the whole run: looking through it again would stall every event.
    gc.collect()
    gc.freeze()
    try:
        describe(simulator, out)
        await ended.wait()
    finally:
        await simulator.stop()


def _tell(step: Step, out: TextIO) -> None:
    print(f"{step.at:5.0f} s  {step.sentence}", file=out, flush=True)


def _allow_many_sockets() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = arguments(argv)
    try:
        asyncio.run(run(options, sys.stdout))
    except ValueError as exc:
        sys.stderr.write(f"--dump: {exc}\n")
        return 2
    except OSError as exc:
        what = f"cannot read {exc.filename}" if exc.filename else "cannot listen"
        sys.stderr.write(f"{what}: {exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
