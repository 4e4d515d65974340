"""A process under measure: what it answers, and what it takes of the machine."""

import asyncio
import json
import os
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

PATIENCE = 300.0
ROOT = Path(__file__).parents[2]
_NS = 1e9
_LOOK = 0.01
_CALM = 3


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, its ended threads included.

    The clock that clock_getcpuclockid(3) names: exact, where /proc/<pid>/stat counts ticks, and
    the schedstat of threads forgets those that ended, one for each request in some servers.
    """
    return time.clock_gettime_ns(~pid << 3 | 2) / _NS


def mebibytes(pid: int, field: str = "VmRSS") -> float:
    """Return resident memory, `VmHWM` for the most it ever was."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


def is_runnable(pid: int) -> bool:
    """Return whether a thread of a process runs, or would if it were given a core."""
    states = (path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat"))
    with suppress(FileNotFoundError, ProcessLookupError):
        return any(state.rpartition(")")[2].split()[0] == "R" for state in states)
    return True  # a thread has ended meanwhile


class Child:
    """A running process; those of ours answer a line of JSON with a line of JSON."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.hello: dict[str, Any] = {}

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def cpu(self) -> float:
        """The CPU seconds it used so far."""
        return cpu_seconds(self.pid)

    async def answer(self) -> dict[str, Any]:
        """Read one answer; raises RuntimeError where the process has ended."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        if not line:
            raise RuntimeError(f"process {self.pid} ended with {await self.process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def ask(self, wish: str, **details: Any) -> dict[str, Any]:
        """Have something done and return what is said about it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"wish": wish, **details}).encode() + b"\n")
        return await self.answer()

    async def settle(self, quiet: float = 0.001) -> None:
        """Wait until it neither uses CPU nor waits for some: until what it was given is done."""
        async with asyncio.timeout(PATIENCE):
            calm, before = 0, self.cpu
            while calm < _CALM:
                await asyncio.sleep(_LOOK)
                after = self.cpu
                is_calm = after - before < quiet and not is_runnable(self.pid)
                calm, before = calm + 1 if is_calm else 0, after


@asynccontextmanager
async def child(
    *command: str, talks: bool = True, environ: Mapping[str, str] | None = None
) -> AsyncIterator[Child]:
    """Run a command until the block ends; one that talks says hello first."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE if talks else DEVNULL,
        stdout=PIPE if talks else DEVNULL,
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
        limit=64 * 1024 * 1024,
    )
    running = Child(process)
    try:
        if talks:
            running.hello = await running.answer()
        yield running
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()
