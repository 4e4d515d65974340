"""The simulator as a process of its own, and its command line."""

import argparse
import asyncio
import signal
import sys

import pytest

from exporter.simulator.__main__ import arguments, fleet, main
from tests.simulator.helpers import PATIENCE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_runs_until_told_to_end(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "exporter.simulator",
        "--scenario",
        "leak",
        "--fleet",
        "2x2",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or "resolved" not in lines[-1]:
        line = await asyncio.wait_for(process.stdout.readline(), 4 * PATIENCE)
        assert line, lines
        lines.append(line.decode())
    process.send_signal(number)
    _, errors = await asyncio.wait_for(process.communicate(), 4 * PATIENCE)
    assert (process.returncode, errors) == (0, b"")
    assert lines[0].startswith("Homely   http://127.0.0.1:")
    assert sum(line.startswith("Homely login") for line in lines) == 2


def test_a_taken_port_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "192.0.2.1"]) == 1
    assert capsys.readouterr().err.startswith("cannot listen:")


@pytest.mark.parametrize("text", ["", "3", "axb", "0x1", "1x2x3"])
def test_bad_fleets_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        fleet(text)


def test_defaults() -> None:
    options = arguments([])
    assert (options.port, options.scenario, options.fleet) == (0, "calm", None)
    assert arguments(["--fleet", "10x2"]).fleet == (10, 2)
